import * as path from 'node:path/posix'
import type { CustomObject } from '@kaniko-hooks/kube'
import { BuildError } from '../errors.js'
import type { ConnectorName } from './destination.js'
import type { RegistrySettings, RepositoryAddress } from './registry.js'

/** The part of a Connector object that is read; everything in it may be missing. */
export interface ConnectorObject {
  readonly spec?: {
    /** The registry behind it, with its scheme. */
    readonly address?: string
    /** Further addresses to which its forward proxy adds the credential. */
    readonly addressExtensions?: readonly { readonly value?: string }[]
  }
  readonly status?: {
    readonly conditions?: readonly {
      readonly type?: string
      readonly status?: string
      readonly reason?: string
      readonly message?: string
    }[]
    readonly proxy?: { readonly httpAddress?: { readonly url?: string } }
  }
}

/**
 * Where a registry answers, or a connector's reverse proxy in its place. Registry clients put the path after `/v2/`,
 * before the repository.
 */
export interface ConnectorAddress {
  readonly host: string
  /** Without slashes at its ends; empty for connectors that differ by their host. */
  readonly path: string
  readonly plainHttp: boolean
}

/** The API group of Connectors, as roles name it. */
export const CONNECTORS_GROUP = 'connectors.alauda.io'

/**
 * A Connector as people name it: `namespace/name`, or a mere name.
 *
 * @param namespace for a mere name
 */
export function connectorName(text: string, namespace: string): ConnectorName {
  const [first = '', second] = text.split('/', 2)
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second }
}

/** Where the API server keeps a Connector. */
export function storedConnector(connector: ConnectorName): CustomObject {
  return { group: CONNECTORS_GROUP, version: 'v1alpha1', plural: 'connectors', ...connector }
}

const SCHEME = /^[a-z]+:\/\//i

/**
 * Reads a proxy's address as it stands in the Connector's status or in a setting: with or without scheme, port and path.
 * Without a scheme it is plain HTTP, as the reverse proxy is. The scheme's own port is left out, also where it is spelled
 * out, except of names without a dot: image names with such a host and no port are Docker Hub's.
 *
 * @throws BuildError `REGISTRY_UNREACHABLE` for a text that is no address
 */
export function connectorAddress(text: string): ConnectorAddress {
  const url = SCHEME.test(text) ? text : `http://${text}`
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new BuildError('REGISTRY_UNREACHABLE', `"${text.slice(0, 300)}" is not the address of a registry or a proxy`)
  }
  const { host: short, hostname, pathname, protocol } = new URL(url)
  const [, spelledOut] = /^[^/]+\/\/[^/]*:(\d+)(?:\/|$)/.exec(url) ?? []
  const host = spelledOut === undefined || hostname.includes('.') ? short : `${hostname}:${Number(spelledOut)}`
  return { host, path: pathname.replace(/^\/+|\/+$/g, ''), plainHttp: protocol === 'http:' }
}

/**
 * The proxy's address, from a Connector that is ready.
 *
 * @throws BuildError `REGISTRY_UNREACHABLE` with the condition's reason and message, or that it has no proxy
 */
export function addressOfConnector({ namespace, name }: ConnectorName, connector: ConnectorObject): ConnectorAddress {
  const conditions = connector.status?.conditions ?? []
  const failed = conditions.filter(({ status }) => status === 'False')
  const cause = failed.find(({ type }) => type !== 'Ready') ?? failed[0]
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (ready?.status !== 'True') {
    const said = [cause?.reason ?? ready?.reason, cause?.message ?? ready?.message].filter(Boolean).join(': ')
    const which = cause?.type === undefined ? '' : ` (${cause.type})`
    const why = said === '' ? 'it says nothing of itself; is the connectors operator running?' : `${said}${which}`
    throw new BuildError('REGISTRY_UNREACHABLE', `the connector ${namespace}/${name} is not ready: ${why}`)
  }
  const url = connector.status?.proxy?.httpAddress?.url
  if (url === undefined || url === '') {
    const why = 'its class has no proxy (status.proxy is empty)'
    throw new BuildError('REGISTRY_UNREACHABLE', `no image can go through the connector ${namespace}/${name}: ${why}`)
  }
  return connectorAddress(url)
}

/**
 * The address that the kubelet pulls from.
 *
 * @param push the address that builds push to: the proxy's, or with the forward proxy the registry's
 * @param pullAddress a setting, which wins
 * @throws BuildError `REGISTRY_UNREACHABLE` when there is only a name that nodes do not know
 */
export function pullAddressOf(
  { namespace, name }: ConnectorName,
  proxy: 'reverse' | 'forward',
  push: ConnectorAddress,
  pullAddress: string | undefined
): ConnectorAddress {
  if (pullAddress !== undefined) return connectorAddress(pullAddress)
  const hostname = push.host.replace(/:\d+$/, '')
  if (!/\.svc(\.|$)|\.cluster\.local$/.test(hostname)) return push
  const expose = `expose the connector ${namespace}/${name} (spec.expose of the connectors operator: NodePort or Ingress)`
  throw new BuildError(
    'REGISTRY_UNREACHABLE',
    `the nodes cannot pull from ${push.host}, a name that only pods know: ${expose}` +
      (proxy === 'reverse' ? ', or set pullAddress' : ', and set pullAddress to its address')
  )
}

/**
 * The registry behind a connector, under the name that images in it have for those who do not go by the connector: the
 * forward proxy's clients use this name.
 *
 * @param connector undefined when it is not read, since the settings say all
 * @param registry `host[:port]`, with or without a scheme, a setting: one of the connector's addresses, by default the first
 * @throws BuildError `REGISTRY_UNREACHABLE` when the connector would not give its credential for that registry
 */
export function registryBehind(
  { namespace, name }: ConnectorName,
  connector: ConnectorObject | undefined,
  registry: string | undefined
): ConnectorAddress {
  const wanted = registry === undefined ? undefined : originalAddress(registry)
  if (connector === undefined && wanted !== undefined) return wanted
  const { address, addressExtensions = [] } = connector?.spec ?? {}
  if (address === undefined) {
    throw new BuildError('REGISTRY_UNREACHABLE', `the connector ${namespace}/${name} has no spec.address`)
  }
  const first = originalAddress(address)
  if (registry === undefined || wanted === undefined) return first
  const extensions = addressExtensions.flatMap(({ value }) => value ?? [])
  const isSame = (one: ConnectorAddress): boolean => {
    return withPort(one) === withPort(wanted) || (!SCHEME.test(registry) && one.host === wanted.host)
  }
  const found = [first, ...extensions.flatMap(readableAddress)].find(isSame)
  if (found !== undefined) return SCHEME.test(registry) ? wanted : { ...found, host: wanted.host }
  throw new BuildError(
    'REGISTRY_UNREACHABLE',
    `the connector ${namespace}/${name} gives its credential for ${[address, ...extensions].join(', ')} only ` +
      `(spec.address and spec.addressExtensions), and the setting registry is ${registry}`
  )
}

/** The connector takes extensions of any form; those that are no address of a registry are somebody else's. */
function readableAddress(text: string): ConnectorAddress[] {
  try {
    return [originalAddress(text)]
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    return []
  }
}

/** An address of a registry, which is TLS unless it says otherwise; its path is no part of image names. */
function originalAddress(text: string): ConnectorAddress {
  return { ...connectorAddress(SCHEME.test(text) ? text : `https://${text}`), path: '' }
}

/** A port is the same one whether it is spelled out or not. */
function withPort({ host, plainHttp }: ConnectorAddress): string {
  return /:\d+$/.test(host) ? host : `${host}:${plainHttp ? 80 : 443}`
}

/** The addresses at which the builder, the kubelet and the hook reach a registry with a connector. */
export interface ConnectorWays {
  readonly push: ConnectorAddress
  readonly pull: ConnectorAddress
  /** Default: `push`. */
  readonly api?: ConnectorAddress
}

/**
 * The registry behind a connector.
 *
 * @param repository as it is called in the registry behind it: `team/actions`
 */
export function connectorRegistry(
  { namespace, name }: ConnectorName,
  { push, pull, api = push }: ConnectorWays,
  repository: string
): RegistrySettings {
  const by = ({ host, path: below, plainHttp }: ConnectorAddress): RepositoryAddress => ({
    host,
    repository: path.join(below, repository),
    plainHttp
  })
  return { push: by(push), pull: by(pull), api: by(api), proxy: `the connector ${namespace}/${name}` }
}
