import {
  addressOfConnector,
  connectorAccess,
  connectorAddress,
  connectorRegistry,
  pullAddressOf,
  RegistryDestination,
  type ConnectorAddress,
  type ConnectorName,
  type ConnectorStatus
} from '@kaniko-hooks/build'
import { isKubeError } from '@kaniko-hooks/kube'

import type { Call } from '../call.js'
import { HookError } from '../errors.js'
import { milliseconds } from '../settings/duration.js'
import type { ConnectorPlaceSettings } from '../settings/schema.js'
import type { Place } from './places.js'

const GROUP = 'connectors.alauda.io'

/** The proxy does not look at it, but a client without a user name sends no password either. */
const USERNAME = 'kaniko-hooks'

/** A token for the hook's own requests, and one for the kubelet's pull: the shortest that Kubernetes gives. */
const TOKEN_SECONDS = 600

/**
 * A registry behind the reverse proxy of an OCI Connector. The build pod gets a token by the connector's CSI driver, in the
 * push container only; the kubelet and the hook get tokens of the same dedicated service account. Nobody here ever has
 * the registry's password, and the runner's own token is not used.
 */
export async function connectorPlace(call: Call, settings: ConnectorPlaceSettings): Promise<Place> {
  const connector = nameOf(call, settings.name)
  const push =
    settings.pushAddress === undefined ? await statusAddress(call, connector) : connectorAddress(settings.pushAddress)
  const pull = pullAddressOf(connector, push, settings.pullAddress)
  const { serviceAccount } = settings
  const password = await token(call, serviceAccount, connector)
  return {
    destination: new RegistryDestination({
      ...connectorRegistry(connector, push, pull, settings.repository),
      access: connectorAccess({
        ...connector,
        configuration: settings.configuration,
        attributes: settings.attributes,
        tokenSeconds: tokenSeconds(call, settings),
        serviceAccount
      }),
      client: { credential: { username: USERNAME, password } }
    }),
    pullSecrets: [],
    pullConfig: async () => dockerConfig(pull, await token(call, serviceAccount, connector))
  }
}

function nameOf(call: Call, text: string): ConnectorName {
  const [first = '', second] = text.split('/', 2)
  return second === undefined ? { namespace: call.kube.namespace, name: first } : { namespace: first, name: second }
}

/** The files are written when the pod starts, and the push comes last: the token has to outlast the whole build. */
function tokenSeconds({ settings: { kaniko } }: Call, { tokenLifetime }: ConnectorPlaceSettings): number {
  return tokenLifetime === undefined ? kaniko.timeoutSeconds + 300 : milliseconds(tokenLifetime) / 1000
}

async function statusAddress(call: Call, connector: ConnectorName): Promise<ConnectorAddress> {
  const object = { group: GROUP, version: 'v1alpha1', plural: 'connectors', ...connector }
  try {
    const found = (await call.kube.getCustom(object, { signal: call.cancelled })) as ConnectorStatus
    return addressOfConnector(connector, found)
  } catch (error) {
    const named = `the connector ${connector.namespace}/${connector.name}`
    if (isKubeError(error, 'NOT_FOUND')) {
      const why = 'there is none of that name, or the connectors operator is not installed'
      throw setting(`The destination names ${named}: ${why} (${error.message}).`, error)
    }
    if (isKubeError(error, 'FORBIDDEN')) {
      throw setting(
        `${runnerIn(error)} may not read ${named}. ${grant(connector.namespace, GROUP, 'connectors', connector.name, 'get')}, ` +
          'or set pushAddress and pullAddress.',
        error
      )
    }
    throw error
  }
}

async function token(call: Call, serviceAccount: string, { namespace, name }: ConnectorName): Promise<string> {
  try {
    const given = await call.kube.requestToken(serviceAccount, TOKEN_SECONDS, { signal: call.cancelled })
    call.secrets.add(given).add(basic(given))
    return given
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) {
      const where = `in namespace ${call.kube.namespace}`
      throw setting(
        `The service account ${serviceAccount} of the connector destination does not exist ${where}.`,
        error
      )
    }
    if (!isKubeError(error, 'FORBIDDEN')) throw error
    throw setting(
      `${runnerIn(error)} may not ask for tokens of service account ${serviceAccount}, by which images are pulled through ` +
        `the connector ${namespace}/${name}. ` +
        `${grant(call.kube.namespace, '', 'serviceaccounts/token', serviceAccount, 'create')}.`,
      error
    )
  }
}

/** The kubelet looks for the host; the path would do as well, but hosts are what all runtimes understand. */
function dockerConfig({ host }: ConnectorAddress, password: string): string {
  return JSON.stringify({ auths: { [host]: { username: USERNAME, password, auth: basic(password) } } })
}

function basic(password: string): string {
  return Buffer.from(`${USERNAME}:${password}`).toString('base64')
}

function grant(namespace: string, group: string, resource: string, name: string, verb: string): string {
  const rule = `{apiGroups: ["${group}"], resources: [${resource}], resourceNames: [${name}], verbs: [${verb}]}`
  return `Grant it with a Role in ${namespace}: ${rule}, as in examples/connector-rbac.yaml`
}

/** Who was refused. The rest of the refusal advises a rule that is not limited to one name: too much for these rights. */
function runnerIn({ message }: Error): string {
  const user = /User "([^"]+)" cannot/.exec(message)?.[1]
  return user === undefined ? 'The runner' : `The runner (${user})`
}

function setting(message: string, cause: unknown): HookError {
  return new HookError('SETTING', 'configuration', message, { cause })
}
