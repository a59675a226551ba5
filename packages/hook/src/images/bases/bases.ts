import {
  addressOfConnector,
  baseDigests,
  isAsked,
  connectorAddress,
  connectorName,
  registryBehind,
  registryName,
  spelledRegistry,
  type BaseSources
} from '@kaniko-hooks/builder'
import type { Keychain } from '@kaniko-hooks/registry'

import type { Call, Cluster, Configuration } from '../../job/call.js'
import { HookError } from '../../report/errors.js'
import type { BaseConnectorSettings } from '../../settings/schema.js'
import { SHORTEST_TOKEN_SECONDS } from '../../settings/token-life.js'
import { baseTokens, type BaseProxy } from './base-tokens.js'
import { readConnector, shownConnector } from '../connector/connector-object.js'
import { BASE_IMAGES } from '../connector/connector-use.js'
import { credentialsOf } from '../engine.js'
import { dockerConfig, keychainOf } from '../destinations/registry-place.js'
import type { Scope } from '../records/scope.js'

/** From where a build's base images are fetched, besides what the settings say of mirrors, and with which credentials. */
export interface Bases {
  readonly proxies: readonly BaseProxy[]
  /** The Secret of the settings, and what it holds. */
  readonly credentials?: { readonly secret: string; readonly config: string; readonly keychain: Keychain }
}

/** In which registries images are. */
interface Needed {
  /** How images spell each of them, by `registryName`. */
  readonly spellings: ReadonlyMap<string, readonly string[]>
  /** The registry of some image is known to the builder only: it may be any. */
  readonly mayBeAny: boolean
}

/**
 * Looks up what is needed to fetch some images. A connector that none of them needs does not have to be ready; only where
 * the settings say its registries, it does not have to be there.
 *
 * @param references as `baseImages` lists them
 * @throws HookError SETTING that names the Secret or Connector that is missing or may not be read, or settings that
 *   contradict each other; BuildError from a Connector that is not ready
 */
export async function openBases(call: Call, scope: Scope | undefined, references: readonly string[]): Promise<Bases> {
  const secret = credentialsOf(call, scope)
  const needed = registriesOf(references)
  const [config, ...proxies] = await Promise.all([
    secret === undefined ? undefined : dockerConfig(call, secret),
    ...call.settings.build.connectors.map(async settings => proxiesOf(call, settings, needed))
  ])
  const all = proxies.flat()
  refuseSecondWay(call, all)
  return {
    proxies: all,
    ...(secret === undefined || config === undefined
      ? {}
      : { credentials: { secret, config, keychain: keychainOf(call, secret, config) } })
  }
}

/**
 * What the names of base images stand for: an image that is kept must not outlive what it was built on. Only registries that
 * the settings know are asked: a runner's pod often reaches hosts that a job's pod must not, and the names are the job's.
 *
 * @param destinations registries that images are pushed to, `host[:port]`
 * @returns undefined when a registry did not tell, or may not be asked; the log says so
 */
export async function digestsOf(
  call: Call,
  references: readonly string[],
  { proxies, credentials }: Bases,
  destinations: readonly string[]
): Promise<Record<string, string> | undefined> {
  const { spellings } = registriesOf(references.filter(reference => !reference.includes('@')))
  const asked = proxies.filter(({ registry }) => spellings.has(registry))
  const tokens = await baseTokens(call, asked, SHORTEST_TOKEN_SECONDS)
  const known = new Set([...namedRegistries(call), ...destinations, ...hostsOf(credentials)].map(registryName))
  const sources: BaseSources = {
    ...call.settings.build,
    proxies,
    mayAsk: registry => known.has(registryName(registry)),
    credentialFor: (host, repository) => tokens.get(host) ?? credentials?.keychain.credentialFor(host, repository)
  }
  const found = await baseDigests(references, sources, call.cancelled)
  const unknown = references.filter(reference => found[reference] === undefined)
  if (unknown.length === 0) return found
  const unasked = [
    ...new Set(unknown.flatMap(reference => (isAsked(reference, sources) ? [] : (spelledRegistry(reference) ?? []))))
  ]
  const why =
    unasked.length === 0
      ? ''
      : ` No setting names ${unasked.join(', ')}, and other registries are not asked: image.baseRegistries may list more.`
  call.print(`The image is not shared with other jobs: ${unknown.join(', ')} could not be looked up.${why}`)
  return undefined
}

/** Registries that somebody who writes the settings has named, for whatever reason. */
function namedRegistries({ settings: { image, build } }: Configuration): string[] {
  const mirrors = [...build.registryMirrors, ...Object.values(build.registryMaps).flat()]
  return [
    ...image.baseRegistries,
    ...mirrors.map(hostOf),
    ...Object.keys(build.registryMaps),
    ...build.insecureRegistries,
    ...build.certificates.map(({ registry }) => registry)
  ]
}

/** Of a docker configuration: its keys may have paths. */
function hostsOf(credentials: Bases['credentials']): string[] {
  return credentials?.keychain.registries.map(hostOf) ?? []
}

function hostOf(place: string): string {
  return place.split('/', 1)[0] ?? place
}

function registriesOf(references: readonly string[]): Needed {
  const spelled = references.map(spelledRegistry)
  const known = [...new Set(spelled)].filter(name => name !== undefined)
  const names = [...new Set(known.map(registryName))]
  return {
    spellings: new Map(names.map(name => [name, known.filter(spelling => registryName(spelling) === name)])),
    mayBeAny: spelled.includes(undefined)
  }
}

async function proxiesOf(
  cluster: Cluster,
  settings: BaseConnectorSettings,
  { spellings, mayBeAny }: Needed
): Promise<BaseProxy[]> {
  if (spellings.size === 0 && !mayBeAny) return []
  const { serviceAccount, address } = settings
  const connector = connectorName(settings.name, cluster.kube.namespace)
  const read = async (): ReturnType<typeof readConnector> =>
    readConnector(cluster, connector, BASE_IMAGES, 'its registries and address')
  const object = settings.registries === undefined ? await read() : undefined
  const registries = settings.registries ?? [registryBehind(connector, object, undefined).host]
  const used = [...new Set(registries.map(registryName))].filter(name => mayBeAny || spellings.has(name))
  if (used.length === 0) return []
  const place =
    address === undefined ? addressOfConnector(connector, object ?? (await read())) : connectorAddress(address)
  const shown = shownConnector(connector)
  return used.map(registry => ({
    registry,
    spellings: [
      ...new Set([...registries.filter(name => registryName(name) === registry), ...(spellings.get(registry) ?? [])])
    ],
    place,
    connector: shown,
    serviceAccount,
    name: `the connector ${shown}`,
    origin: `service account ${serviceAccount}, which needs get on the connector ${shown}`
  }))
}

/** Each image has one way, and each host of a docker configuration one credential. */
function refuseSecondWay({ settings: { build } }: Configuration, proxies: readonly BaseProxy[]): void {
  const mirrored = [...(build.registryMirrors.length === 0 ? [] : ['docker.io']), ...Object.keys(build.registryMaps)]
  const problems = proxies.flatMap(({ registry, name, place, serviceAccount }, index) => {
    const before = proxies.slice(0, index)
    const same = before.find(other => other.registry === registry)
    const host = before.find(other => other.place.host === place.host && other.serviceAccount !== serviceAccount)
    return [
      ...(mirrored.map(registryName).includes(registry)
        ? [`images of ${registry} have a mirror (build.registryMirrors, build.registryMaps) and ${name}`]
        : []),
      ...(same === undefined ? [] : [`images of ${registry} have ${same.name} and ${name}`]),
      ...(host === undefined
        ? []
        : [`${host.name} and ${name} answer at one host, ${place.host}, and need one service account`])
    ]
  })
  if (problems.length === 0) return
  const message = `The setting build.connectors contradicts itself or others: ${problems.join('; ')}.`
  throw new HookError('SETTING', message)
}
