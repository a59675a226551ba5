import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WrittenRequest } from '@kaniko-hooks/broker'
import { parseReference, type Credential, type ImageReference } from '@kaniko-hooks/registry'
import type { Listener } from '../../backend.js'
import { findCredentials } from '../../credentials/find.js'
import { credentialSources } from '../../credentials/sources.js'
import type { ImageBuild } from '../../image-build.js'
import { baseRepositories, isPublic } from '../kubernetes/bases.js'
import type { BrokerSettings } from './settings.js'
import type { SharedContext } from './share-context.js'

/** A repository that a step has a credential for. */
export interface OpenRepository {
  readonly reference: ImageReference
  readonly credential: Credential
}

/** What the step has for the registries that the build pushes to. */
export async function pushCredentialsOf(
  { push, tags }: ImageBuild,
  settings: BrokerSettings,
  listener: Listener,
  signal: AbortSignal
): Promise<readonly OpenRepository[]> {
  return credentialsOf(push ? tags.map(tag => parseReference(tag)) : [], settings, listener, signal)
}

/**
 * What the step has for base images that a registry does not give to anybody. Each RUN line can read it, so nothing else goes.
 *
 * @returns nothing for a Dockerfile that cannot be read: the hook says what is wrong with that
 */
export async function baseCredentialsOf(
  { buildArgs }: ImageBuild,
  { context, dockerfile = join(context, 'Dockerfile') }: SharedContext,
  settings: BrokerSettings,
  listener: Listener,
  signal: AbortSignal
): Promise<readonly OpenRepository[]> {
  const dockerfileText = await readFile(dockerfile, 'utf8').catch(() => '')
  const known = await credentialsOf(baseRepositories({ dockerfileText }, buildArgs), settings, listener, signal)
  const closed = await Promise.all(known.map(async one => ((await isPublic(one.reference, {}, signal)) ? [] : [one])))
  return closed.flat()
}

/** In the words of the protocol: one for each registry. */
export function brokerCredentials(known: readonly OpenRepository[]): NonNullable<WrittenRequest['credentials']> {
  const byRegistry = new Map(known.map(({ reference: { domain }, credential }) => [domain, credential]))
  return [...byRegistry].map(([registry, credential]) => {
    if ('registryToken' in credential || 'password' in credential) return { registry, ...credential }
    return { registry, identityToken: credential.identityToken }
  })
}

async function credentialsOf(
  repositories: readonly ImageReference[],
  { env, credentials }: BrokerSettings,
  listener: Listener,
  signal: AbortSignal
): Promise<readonly OpenRepository[]> {
  const found = await findCredentials(repositories, credentialSources(env, credentials), env, signal)
  for (const warning of found.warnings) listener.line(`Warning: ${warning}`)
  return repositories.flatMap(reference => {
    const credential = found.for(reference)?.credential
    return credential === undefined ? [] : [{ reference, credential }]
  })
}
