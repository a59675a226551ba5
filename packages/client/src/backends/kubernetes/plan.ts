import { openContext, type OpenContext } from '../../context/open.js'
import { findCredentials, type Credentials } from '../../credentials/find.js'
import { credentialSources } from '../../credentials/sources.js'
import type { ImageBuild } from '../../image-build.js'
import type { Listener } from '../../backend.js'
import { parseReference, type ImageReference, type RegistryOptions } from '@kaniko-hooks/registry'
import { BuildError, type Context } from '@kaniko-hooks/builder'
import type { Kube } from '@kaniko-hooks/kube'
import { baseRepositories, isPublic } from './bases.js'
import { openConnector, type ConnectorWay } from './connector.js'
import type { KubernetesSettings } from './settings.js'
import { placesOf, type Place } from './targets.js'

/** What a build needs to know before there is a pod. */
export interface Plan {
  readonly places: readonly Place[]
  readonly credentials: Credentials
  /** The `config.json` of the builder itself, which every RUN line can read; undefined for none. */
  readonly builderConfig: string | undefined
  readonly connector?: ConnectorWay
}

/** Opens the context, and says so. */
export async function readContextOf(
  request: ImageBuild,
  { env }: KubernetesSettings,
  listener: Listener,
  signal: AbortSignal
): Promise<OpenContext> {
  listener.phase('context')
  const open = await openContext(request, env, signal)
  const files = open.context.entries.filter(({ kind }) => kind === 'file').length
  listener.line(`Context: ${files} ${files === 1 ? 'file' : 'files'}`)
  return open
}

/** Finds what lets the build in where, and asks no registry for more than whether a base image is open to all. */
export async function planAccess(
  request: ImageBuild,
  context: Context,
  settings: KubernetesSettings,
  kube: Kube,
  listener: Listener,
  signal: AbortSignal
): Promise<Plan> {
  listener.phase('bases')
  const places = placesOf(request.push ? request.tags : [])
  const connector = await connectorFor(request, settings, kube, signal)
  if (connector !== undefined && !places.some(place => goesBy(place, connector))) {
    const why = `none of the tags is in ${connector.registry}, the registry behind it`
    throw new BuildError(
      'REQUEST_REFUSED',
      `the connector ${settings.connector?.name ?? ''} would push nothing: ${why}`
    )
  }
  const bases = baseRepositories(context, request.buildArgs)
  const always = [...mirrorsOf(request), ...cacheOf(request)]
  const own = places.filter(place => !goesBy(place, connector)).map(({ reference }) => reference)
  const wanted = [...own, ...bases, ...always]
  const credentials = await findCredentials(
    wanted,
    credentialSources(settings.env, settings.credentials),
    settings.env,
    signal
  )
  for (const warning of credentials.warnings) listener.line(`Warning: ${warning}`)
  const closed = await Promise.all(
    bases.map(async base => {
      const isNeeded =
        credentials.for(base) !== undefined && !(await isPublic(base, clientFor(base, request, settings), signal))
      return isNeeded ? [base] : []
    })
  )
  const builderConfig = credentials.configFor([...closed.flat(), ...always])
  return { places, credentials, builderConfig, ...(connector === undefined ? {} : { connector }) }
}

async function connectorFor(
  { push, timeoutMs }: ImageBuild,
  { connector }: KubernetesSettings,
  kube: Kube,
  signal: AbortSignal
): Promise<ConnectorWay | undefined> {
  return push && connector !== undefined ? openConnector(kube, connector, timeoutMs, signal) : undefined
}

/** Whether a place is reached by the connector. */
export function goesBy({ reference }: Place, connector: ConnectorWay | undefined): boolean {
  return reference.domain === connector?.registry
}

/** How a registry is asked from here, without a credential. */
export function clientFor(
  { domain }: ImageReference,
  { insecureRegistries }: ImageBuild,
  { authorities = {} }: KubernetesSettings
): RegistryOptions {
  const ca = authorities[domain]
  return { plainHttp: insecureRegistries.includes(domain), ...(ca === undefined ? {} : { ca }) }
}

function mirrorsOf({ registryMirrors }: ImageBuild): readonly ImageReference[] {
  return registryMirrors.map(mirror => ({ domain: mirror.split('/', 1)[0] ?? '', repository: '' }))
}

function cacheOf({ cache }: ImageBuild): readonly ImageReference[] {
  return cache === undefined ? [] : [parseReference(cache.repository)]
}
