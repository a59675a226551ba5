import {
  addressOfConnector,
  connectorAddress,
  connectorName,
  connectorRegistry,
  pullAddressOf,
  registryBehind,
  RegistryDestination,
  type ConnectorAddress,
  type ConnectorName,
  type ConnectorVolume,
  type ConnectorWays,
  type PushAccess
} from '@kaniko-hooks/builder'

import type { Call, Cluster, Configuration } from '../../job/call.js'
import { milliseconds } from '../../settings/duration.js'
import type { ConnectorPlaceSettings } from '../../settings/schema.js'
import { buildTokenSeconds, SHORTEST_TOKEN_SECONDS } from '../../settings/token-life.js'
import { accountToken, TOKEN_USER, tokenEntry } from '../connector/account-token.js'
import { readConnector, shownConnector } from '../connector/connector-object.js'
import { DESTINATION, type ConnectorUse } from '../connector/connector-use.js'
import type { Place } from './place.js'
import { keychain, secretValue } from './registry-place.js'

/**
 * A registry behind an OCI Connector. The build pod gets a token by the connector's CSI driver, in the push container only;
 * the kubelet and the hook get tokens of the same dedicated service account. Nobody here ever has the registry's
 * password, and the runner's own token is not used. Whichever proxy takes the push, the hook itself goes by the reverse
 * one, and so does the kubelet unless it is to pull from the registry.
 *
 * @param use what in the settings names the connector
 */
export async function connectorPlace(
  call: Call,
  settings: ConnectorPlaceSettings,
  use: ConnectorUse = DESTINATION
): Promise<Place> {
  const { serviceAccount, ca, pullSecret } = settings
  const connector = connectorName(settings.name, call.kube.namespace)
  const volume = {
    ...connector,
    attributes: settings.attributes,
    tokenSeconds: tokenSeconds(call, settings),
    serviceAccount
  }
  const shown = shownConnector(connector)
  const token = async (): Promise<string> => accountToken(call, serviceAccount, SHORTEST_TOKEN_SECONDS, use, shown)
  // None of these needs another one.
  const asked = [
    (settings.proxy === 'forward' ? forward : reverse)(call, connector, volume, settings, use),
    ca === undefined ? Promise.resolve(undefined) : secretValue(call, ca),
    token()
  ] as const
  // The first error of the list is thrown, not that of the first answer.
  await Promise.allSettled(asked)
  const [{ access, ...ways }, authority, password] = await Promise.all(asked)
  const { pull } = ways
  if (pullSecret !== undefined) await keychain(call, pullSecret, pull.host, 'kubelet')
  const pullsByProxy = settings.proxy === 'reverse' || settings.pullAddress !== undefined
  // The kubelet looks for the host; the path would do as well, but hosts are what all runtimes understand.
  const pullConfig = async (): Promise<string> => JSON.stringify({ auths: { [pull.host]: tokenEntry(await token()) } })
  return {
    destination: new RegistryDestination({
      ...connectorRegistry(connector, ways, settings.repository),
      // The authority is that of the reverse proxy, whether or not the push goes through that proxy.
      ...(ca === undefined || settings.proxy === 'forward' ? {} : { certificate: ca }),
      access,
      client: {
        credential: { username: TOKEN_USER, password },
        ...(authority === undefined ? {} : { ca: authority })
      }
    }),
    pullSecrets: pullSecret === undefined ? [] : [pullSecret],
    ...(pullsByProxy ? { pullConfig } : {})
  }
}

interface Ways extends ConnectorWays {
  readonly access: PushAccess
}

/** All go by the reverse proxy, to which nodes may have an address of their own. */
async function reverse(
  cluster: Cluster,
  connector: ConnectorName,
  volume: ConnectorVolume,
  { pushAddress, pullAddress, configuration }: ConnectorPlaceSettings,
  use: ConnectorUse
): Promise<Ways> {
  const push =
    pushAddress === undefined
      ? addressOfConnector(connector, await readConnector(cluster, connector, use, 'pushAddress and pullAddress'))
      : connectorAddress(pushAddress)
  const pull = pullAddressOf(connector, 'reverse', push, pullAddress)
  return { push, pull, access: { kind: 'connector', volume, proxy: { reverse: configuration } } }
}

/** The registry keeps its name for builder and node; the forward proxy's address is known to the volume alone. */
async function forward(
  cluster: Cluster,
  connector: ConnectorName,
  volume: ConnectorVolume,
  settings: ConnectorPlaceSettings,
  use: ConnectorUse
): Promise<Ways> {
  const { pushAddress, pullAddress, registry } = settings
  const found =
    pushAddress === undefined || registry === undefined
      ? await readConnector(cluster, connector, use, 'pushAddress and registry')
      : undefined
  const api: ConnectorAddress =
    pushAddress === undefined ? addressOfConnector(connector, found ?? {}) : connectorAddress(pushAddress)
  const push = registryBehind(connector, found, registry)
  const pull = pullAddressOf(connector, 'forward', push, pullAddress)
  // Unread, it may not know the registry at all.
  const lent =
    found === undefined
      ? `its spec.address only, or one of its spec.addressExtensions, and the setting registry is ${registry ?? ''}`
      : `${registry ?? found.spec?.address ?? push.host} only`
  return { push, pull, api, access: { kind: 'connector', volume, proxy: { forward: lent } } }
}

/** The files are written when the pod starts, and the push comes last: the token has to outlast the whole build. */
function tokenSeconds({ settings }: Configuration, { tokenLifetime }: ConnectorPlaceSettings): number {
  return tokenLifetime === undefined ? buildTokenSeconds(settings) : milliseconds(tokenLifetime) / 1000
}
