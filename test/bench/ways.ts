import type { Cluster } from '../harness/cluster/index.js'
import { connectorUser, createConnector, installConnectors } from '../stand-ins/connector/index.js'
import { createAuthority, dockerConfigSecret, tokenRegistry } from '../stand-ins/registries/index.js'
import { create, secretOf, undoAll, type Undo } from '../stand-ins/registries/objects.js'
import { createNamespace } from '../harness/namespace.js'
import type { Rule } from '../harness/roles.js'
import type { Way } from './rows.js'

/** What every Secret's name of this begins with. */
export const PREFIX = 'bench-'

const REPOSITORY = 'builds/bench'
const CONNECTOR = `${PREFIX}connector`
const SECRETS = { push: `${PREFIX}push`, pull: `${PREFIX}pull`, ca: `${PREFIX}authority` } as const
/** As which images go through the connector. */
const USER = `${PREFIX}images`

/** One registry with token authorisation, and the ways to it that are compared. */
export interface Ways {
  /** What a runner needs besides its stock role. */
  readonly rules: readonly Rule[]
  /** What the settings say of each. */
  readonly destinations: Readonly<Record<Way, object>>
  /** Removes all that does not go with the namespace of runners; the kinds and the driver of connectors stay. */
  readonly remove: () => Promise<void>
}

/** Starts the registry in a namespace of its own, and a connector before it. */
export async function openWays(cluster: Cluster, runners: string): Promise<Ways> {
  const namespace = await createNamespace(cluster, 'bench-at', 'restricted')
  const undo: Undo[] = [namespace.delete]
  try {
    const authority = await createAuthority()
    const [registry] = await Promise.all([
      tokenRegistry(cluster, namespace.name, { authority }),
      installConnectors(cluster)
    ])
    undo.push(() => registry.remove())
    const { pushHost, users } = registry
    const upstream = { address: `https://${pushHost}`, ca: authority.certificate, credentials: users.delete }
    const connector = await createConnector(cluster, runners, { name: CONNECTOR, upstream })
    undo.push(() => connector.remove())
    await Promise.all([
      dockerConfigSecret(cluster, runners, SECRETS.push, { [pushHost]: users.delete }),
      dockerConfigSecret(cluster, runners, SECRETS.pull, { [pushHost]: users.pull }),
      create(cluster, [secretOf(runners, SECRETS.ca, { 'ca.crt': authority.certificate })]),
      connectorUser(cluster, runners, USER, connector)
    ])
    const resources = { apiGroups: ['connectors.alauda.io'], resources: ['connectors'], resourceNames: [CONNECTOR] }
    const through = { name: `${runners}/${CONNECTOR}`, repository: REPOSITORY, serviceAccount: USER }
    return {
      rules: [
        { ...resources, verbs: ['get'] },
        { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: [USER], verbs: ['create'] }
      ],
      destinations: {
        remote: {
          remote: {
            repository: `${pushHost}/${REPOSITORY}`,
            ca: { secret: SECRETS.ca },
            pushSecret: SECRETS.push,
            pullSecret: SECRETS.pull
          }
        },
        connector: {
          // Nodes trust plain HTTP there without being told to.
          connector: { ...through, pullAddress: `${connector.pullHost}/${connector.prefix}` }
        },
        forward: { connector: { ...through, proxy: 'forward', pullSecret: SECRETS.pull } }
      },
      remove: () => undoAll(undo)
    }
  } catch (error) {
    await undoAll(undo)
    throw error
  }
}
