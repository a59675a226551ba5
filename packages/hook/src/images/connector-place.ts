import {
  connectorAccess,
  connectorAddress,
  connectorRegistry,
  pullAddressOf,
  RegistryDestination
} from '@kaniko-hooks/build'

import type { Call } from '../call.js'
import { milliseconds } from '../settings/duration.js'
import type { ConnectorPlaceSettings } from '../settings/schema.js'
import { accountToken, TOKEN_USER, tokenEntry } from './account-token.js'
import { connectorName, shownConnector, statusAddress } from './connector-object.js'
import type { Place } from './places.js'
import { secretValue } from './registry-place.js'

/** A token for the hook's own requests, and one for the kubelet's pull: the shortest that Kubernetes gives. */
const TOKEN_SECONDS = 600

/**
 * A registry behind the reverse proxy of an OCI Connector. The build pod gets a token by the connector's CSI driver, in the
 * push container only; the kubelet and the hook get tokens of the same dedicated service account. Nobody here ever has
 * the registry's password, and the runner's own token is not used.
 */
export async function connectorPlace(call: Call, settings: ConnectorPlaceSettings): Promise<Place> {
  const connector = connectorName(call, settings.name)
  const push =
    settings.pushAddress === undefined
      ? await statusAddress(call, connector, 'The destination', 'pushAddress and pullAddress')
      : connectorAddress(settings.pushAddress)
  const pull = pullAddressOf(connector, push, settings.pullAddress)
  const { serviceAccount, ca } = settings
  const certificate = ca === undefined ? {} : { ca: await secretValue(call, ca) }
  const shown = shownConnector(connector)
  const token = async (): Promise<string> =>
    accountToken(call, serviceAccount, TOKEN_SECONDS, 'the connector destination', shown)
  const password = await token()
  return {
    destination: new RegistryDestination({
      ...connectorRegistry(connector, push, pull, settings.repository),
      ...(ca === undefined ? {} : { certificate: ca }),
      access: connectorAccess({
        ...connector,
        configuration: settings.configuration,
        attributes: settings.attributes,
        tokenSeconds: tokenSeconds(call, settings),
        serviceAccount
      }),
      client: { credential: { username: TOKEN_USER, password }, ...certificate }
    }),
    pullSecrets: [],
    // The kubelet looks for the host; the path would do as well, but hosts are what all runtimes understand.
    pullConfig: async () => JSON.stringify({ auths: { [pull.host]: tokenEntry(await token()) } })
  }
}

/** The files are written when the pod starts, and the push comes last: the token has to outlast the whole build. */
function tokenSeconds({ settings: { kaniko } }: Call, { tokenLifetime }: ConnectorPlaceSettings): number {
  return tokenLifetime === undefined ? kaniko.timeoutSeconds + 300 : milliseconds(tokenLifetime) / 1000
}
