import {
  addressOfConnector,
  BuildError,
  connectorName,
  CONNECTORS_GROUP,
  connectorRegistry,
  registryBehind,
  storedConnector,
  type ConnectorObject,
  type Target
} from '@kaniko-hooks/builder'
import { isKubeError, type Kube } from '@kaniko-hooks/kube'
import type { Right } from './rights.js'
import type { Place } from './targets.js'

/** An OCI Connector by which a build pushes, so that nobody here needs the registry's password. */
export interface ConnectorSettings {
  /** `namespace/name`, or a name in the namespace of the build. */
  readonly name: string
  /** As whom the build pod runs: an account in its namespace that may `get` the connector. */
  readonly serviceAccount: string
  /** The configuration of the connector's class that makes a docker `config.json`. Default `registry-config`. */
  readonly configuration?: string
  /** How its driver is asked for the connector: `connectors` since 1.9. Default `connector.name`, in all versions. */
  readonly attributes?: 'connectors' | 'connector.name'
}

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/

/** Whether a text is `namespace/name` or `name`, in the letters of Kubernetes (RFC 1123). */
export function isConnectorName(text: string): boolean {
  const parts = text.split('/')
  return parts.length <= 2 && parts.every(part => NAME.test(part))
}

/** A token outlasts the build's limit by so much; the API server gives none for less than ten minutes. */
const MARGIN_SECONDS = 300
const SHORTEST_TOKEN_SECONDS = 600

/** A registry that is pushed to by way of its connector's reverse proxy. */
export interface ConnectorWay {
  /** `host[:port]` of the registry behind it, as in the names of images. */
  readonly registry: string
  readonly targetOf: (place: Place) => Target
}

/**
 * Reads a connector, which has to be ready.
 *
 * @throws BuildError `REGISTRY_UNREACHABLE` when it is not there, not ready, or may not be read
 */
export async function openConnector(
  kube: Kube,
  settings: ConnectorSettings,
  timeoutMs: number,
  signal: AbortSignal
): Promise<ConnectorWay> {
  const connector = connectorName(settings.name, kube.namespace)
  const { configuration = 'registry-config', attributes = 'connector.name', serviceAccount } = settings
  const object = await readConnector(kube, settings, signal)
  const push = addressOfConnector(connector, object)
  const { host: registry } = registryBehind(connector, object, undefined)
  const tokenSeconds = Math.max(Math.ceil(timeoutMs / 1000) + MARGIN_SECONDS, SHORTEST_TOKEN_SECONDS)
  return {
    registry,
    targetOf: ({ reference, written }) => {
      const [first = 'latest', ...tags] = written.keys()
      const { host, repository, plainHttp } = connectorRegistry(
        connector,
        { push, pull: push },
        reference.repository
      ).push
      return {
        pushRef: `${host}/${repository}:${first}`,
        insecureRegistries: plainHttp ? [host] : [],
        ...(tags.length === 0 ? {} : { tags }),
        access: {
          kind: 'connector',
          volume: { ...connector, attributes, tokenSeconds, serviceAccount },
          proxy: { reverse: configuration }
        }
      }
    }
  }
}

/** What whoever builds by a connector asks for besides. */
export function rightOfConnector({ name: text }: ConnectorSettings, namespace: string): Right {
  const { name, ...place } = connectorName(text, namespace)
  return { verb: 'get', resource: 'connectors', group: CONNECTORS_GROUP, name, namespace: place.namespace }
}

async function readConnector(kube: Kube, { name }: ConnectorSettings, signal: AbortSignal): Promise<ConnectorObject> {
  try {
    return (await kube.getCustom(storedConnector(connectorName(name, kube.namespace)), { signal })) as ConnectorObject
  } catch (error) {
    if (!isKubeError(error, 'NOT_FOUND', 'FORBIDDEN')) throw error
    const why =
      error.code === 'NOT_FOUND'
        ? 'there is none of that name, or the connectors operator is not installed'
        : `the account needs the right to get connectors in the API group ${CONNECTORS_GROUP}`
    throw new BuildError('REGISTRY_UNREACHABLE', `the connector ${name} cannot be read: ${why} (${error.message})`, {
      cause: error
    })
  }
}
