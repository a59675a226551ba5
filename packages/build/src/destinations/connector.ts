import * as path from 'node:path/posix'
import { BuildError } from '../errors.js'
import type { PushAccess } from './destination.js'
import { CREDENTIALS_MOUNT } from './docker-config.js'
import type { RegistrySettings } from './registry.js'

/** An OCI Connector (`connectors.alauda.io/v1alpha1`): a proxy that knows the registry's password, so that nobody else has to. */
export interface ConnectorName {
  readonly namespace: string
  readonly name: string
}

/** The part of a Connector object that is read; everything in it may be missing. */
export interface ConnectorStatus {
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

/** Where a connector's reverse proxy answers. Registry clients put the path after `/v2/`, before the repository. */
export interface ConnectorAddress {
  readonly host: string
  /** Without slashes at its ends; empty for connectors that are told apart by their host. */
  readonly path: string
  readonly plainHttp: boolean
}

/**
 * Reads a proxy's address as it stands in the Connector's status or in a setting: with or without scheme, port and path.
 * Without a scheme it is plain HTTP, as the reverse proxy is.
 *
 * @throws BuildError `REGISTRY_UNREACHABLE` for a text that is no address
 */
export function connectorAddress(text: string): ConnectorAddress {
  const url = /^[a-z]+:\/\//.test(text) ? text : `http://${text}`
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new BuildError('REGISTRY_UNREACHABLE', `"${text.slice(0, 300)}" is not the address of a connector's proxy`)
  }
  const { host, pathname, protocol } = new URL(url)
  return { host, path: pathname.replace(/^\/+|\/+$/g, ''), plainHttp: protocol === 'http:' }
}

/**
 * The proxy's address, from a Connector that is ready.
 *
 * @throws BuildError `REGISTRY_UNREACHABLE` with the condition's reason and message, or that it has no proxy
 */
export function addressOfConnector({ namespace, name }: ConnectorName, connector: ConnectorStatus): ConnectorAddress {
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
    throw new BuildError(
      'REGISTRY_UNREACHABLE',
      `images cannot be pushed through the connector ${namespace}/${name}: ${why}`
    )
  }
  return connectorAddress(url)
}

/**
 * The address by which the kubelet pulls.
 *
 * @param pullAddress a setting, which wins
 * @throws BuildError `REGISTRY_UNREACHABLE` when the proxy has only a name that nodes do not know
 */
export function pullAddressOf(
  { namespace, name }: ConnectorName,
  push: ConnectorAddress,
  pullAddress: string | undefined
): ConnectorAddress {
  if (pullAddress !== undefined) return connectorAddress(pullAddress)
  const hostname = push.host.replace(/:\d+$/, '')
  if (!/\.svc(\.|$)|\.local$/.test(hostname)) return push
  throw new BuildError(
    'REGISTRY_UNREACHABLE',
    `the nodes cannot pull from ${push.host}, a name that only pods know: expose the connector ${namespace}/${name} ` +
      '(spec.expose of the connectors operator: NodePort or Ingress), or set pullAddress'
  )
}

/**
 * The registry behind a connector's reverse proxy.
 *
 * @param repository as it is called in the registry behind it: `team/actions`
 */
export function connectorRegistry(
  connector: ConnectorName,
  push: ConnectorAddress,
  pull: ConnectorAddress,
  repository: string
): RegistrySettings {
  return {
    pushHost: push.host,
    pullHost: pull.host,
    repository: path.join(push.path, repository),
    pullRepository: path.join(pull.path, repository),
    plainHttp: push.plainHttp,
    proxy: `the connector ${connector.namespace}/${connector.name}`
  }
}

export interface ConnectorVolume extends ConnectorName {
  /** The configuration of the connector's class that makes a `config.json`. */
  readonly configuration: string
  /** How the connector is named: `connectors` since 1.9, `connector.name` in all versions. */
  readonly attributes: 'connectors' | 'connector.name'
  /** How long the token in the files is good; it must outlast the build, since it is made when the pod starts. */
  readonly tokenSeconds: number
  /** Whose right to the connector counts. */
  readonly serviceAccount: string
}

/** Mounts the connector's files, with a short-lived token in place of the registry's password. */
export function connectorAccess(volume: ConnectorVolume): PushAccess {
  const { namespace, name, configuration, attributes, tokenSeconds, serviceAccount } = volume
  const named =
    attributes === 'connectors'
      ? { connectors: `${namespace}/${name}` }
      : { 'connector.name': name, 'connector.namespace': namespace }
  const minutes = Math.ceil(tokenSeconds / 60)
  const volumeAttributes = {
    ...named,
    'configuration.names': configuration,
    'token.expiration': `${minutes}m`
  }
  return {
    origin:
      `service account ${serviceAccount}, which needs get on the connector ${namespace}/${name}; a token for the push is good for ${minutes} minutes ` +
      'from the start of the build pod',
    volumes: [{ name: 'connector', csi: { driver: 'connectors-csi', readOnly: true, volumeAttributes } }],
    mounts: [{ name: 'connector', mountPath: CREDENTIALS_MOUNT, readOnly: true }],
    env: [{ name: 'DOCKER_CONFIG', value: CREDENTIALS_MOUNT }],
    serviceAccount
  }
}
