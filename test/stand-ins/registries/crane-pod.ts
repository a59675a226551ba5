import type { Cluster } from '../../harness/cluster/index.js'
import { execInPod } from '../../harness/exec.js'
import { dockerConfig } from './docker-config.js'
import { create, NAME_LABEL, secretOf, waitUntilReady, type Undo } from './objects.js'
import type { Credentials } from './registry.js'

/** What a run of crane said. */
export interface CraneOutput {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CranePodOptions {
  /** Credentials by `host:port`, for each identity that crane may take. */
  readonly identities: Readonly<Record<string, Readonly<Record<string, Credentials>>>>
  /** Authorities that it trusts, as PEM. */
  readonly authorities?: readonly string[]
}

/** A pod with crane in it: it pushes, copies and deletes from within the cluster, as a build or a job would. */
export class CranePod {
  readonly #cluster: Cluster
  readonly #namespace: string
  readonly #undo: Undo

  private constructor(cluster: Cluster, namespace: string, undo: Undo) {
    this.#cluster = cluster
    this.#namespace = namespace
    this.#undo = undo
  }

  static async start(
    cluster: Cluster,
    namespace: string,
    { identities, authorities = [] }: CranePodOptions
  ): Promise<CranePod> {
    const undo = await create(cluster, [
      secretOf(namespace, 'crane-pod', {
        ...Object.fromEntries(Object.entries(identities).map(([name, entries]) => [name, dockerConfig(entries)])),
        authorities: authorities.join('')
      }),
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'crane-pod', namespace, labels: { [NAME_LABEL]: 'crane-pod' } },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 0,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            fsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' }
          },
          containers: [
            {
              name: 'crane',
              image: cluster.images.crane,
              command: ['sleep', '3600'],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              env: [{ name: 'SSL_CERT_FILE', value: '/files/authorities' }],
              volumeMounts: [{ name: 'files', mountPath: '/files', readOnly: true }]
            }
          ],
          volumes: [
            {
              name: 'files',
              secret: {
                secretName: 'crane-pod',
                items: [
                  { key: 'authorities', path: 'authorities' },
                  ...Object.keys(identities).map(name => ({ key: name, path: `${name}/config.json` }))
                ]
              }
            }
          ]
        }
      }
    ])
    await waitUntilReady(cluster, namespace, 'crane-pod')
    return new CranePod(cluster, namespace, undo)
  }

  /** Runs crane as one of the identities, or with another name as nobody; any exit code is a result. */
  async run(identity: string, ...args: readonly string[]): Promise<CraneOutput> {
    const command = ['env', `DOCKER_CONFIG=/files/${identity}`, 'crane', ...args]
    const target = { namespace: this.#namespace, pod: 'crane-pod', container: 'crane', command }
    const { code, stdout, stderr } = await execInPod(this.#cluster, target)
    return { code, stdout: stdout.toString().trim(), stderr }
  }

  async remove(): Promise<void> {
    await this.#undo()
  }
}
