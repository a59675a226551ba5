import { BuildError } from '@kaniko-hooks/builder'
import { formatReference, parseReference } from '@kaniko-hooks/registry'
import { findCredentials } from '../../credentials/find.js'
import { credentialSources } from '../../credentials/sources.js'
import { AddressError, daemonAddress } from './address.js'
import { pushFromDaemon } from './daemon-images.js'
import type { DockerSettings } from './docker.js'
import { EngineApi } from './engine-api.js'

/**
 * Lets a Docker daemon push an image that it has, with the credentials that are found here.
 *
 * @param name as `docker push` takes it; without a tag `latest`
 * @returns the digest, and the whole reference
 * @throws BuildError `NO_BACKEND` without a daemon, `PUSH_FAILED` with what the daemon said
 */
export async function pushByDaemon(
  name: string,
  { env, credentials: wishes }: DockerSettings,
  onLine: (line: string) => void,
  signal: AbortSignal
): Promise<{ readonly digest: string; readonly reference: string }> {
  const { tag = 'latest', ...rest } = parseReference(name)
  const reference = { ...rest, tag }
  const found = await findCredentials([reference], credentialSources(env, wishes), env, signal)
  found.warnings.forEach(warning => onLine(`Warning: ${warning}`))
  const credential = found.for(reference)?.credential
  const digest = await pushFromDaemon(open({ env }), reference, credential, onLine, signal)
  return { digest, reference: formatReference(reference) }
}

function open({ env }: Pick<DockerSettings, 'env'>): EngineApi {
  try {
    return new EngineApi(daemonAddress(env), { ...env })
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    const why = `an image that is no archive is pushed by a Docker daemon, and there is none: ${error.message}`
    throw new BuildError('NO_BACKEND', why)
  }
}
