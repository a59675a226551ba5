import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Api } from '../../harness/cluster/api.js'
import type { Cluster } from '../../harness/cluster/index.js'
import { take } from '../../harness/cluster/lock.js'
import { attempt, PATH } from '../../harness/cluster/run.js'
import { until } from '../../harness/cluster/wait.js'
import { CGROUP, clear } from './leftovers.js'
import { makeNetwork, NETWORK_NAMESPACE } from './network.js'
import { dockerPrograms } from './programs.js'

const STATE = '/var/lib/kaniko-hooks-docker'
const START_SECONDS = 60

/** The group of the runner's user, who may use Docker. */
const GROUP = 1001

/** A Docker daemon beside the cluster. */
export interface Docker {
  readonly client: string
  readonly socket: string
  /** The network that its ports are in. */
  readonly network: string
  /** A directory that goes with the daemon, below which it can mount. */
  readonly directory: string
  /** Ends the daemon and all containers; nothing stays on the machine. */
  stop(): Promise<void>
}

/**
 * Starts a Docker daemon with a containerd, a network and control groups of its own. It pulls docker.io's images from the
 * cluster's mirror, and `localhost:<node port>` is the cluster's registry. What an earlier one left is removed first.
 *
 * @throws Error while another process has one
 */
export async function startDocker(cluster: Cluster): Promise<Docker> {
  const lock = await take(STATE)
  if (lock === undefined) throw new Error(`Another process has the Docker daemon of ${STATE}.`)
  try {
    await clear(STATE)
    const at = (name: string): string => join(STATE, name)
    mkdirSync(at('runner'), { recursive: true })
    const { daemon, client, proxy, init } = await dockerPrograms()
    const { registry } = cluster
    const [mirror, address] = await Promise.all([addressOf(cluster, 'mirror'), addressOf(cluster, 'registry')])
    await makeNetwork({ port: registry.nodePort, address, addressPort: registry.port })
    const socket = at('docker.sock')
    start(at('log'), [
      ...[`--net=${NETWORK_NAMESPACE}`, daemon],
      ...['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('dockerd.pid')],
      ...['--host', `unix://${socket}`, '--group', String(GROUP)],
      ...['--cgroup-parent', CGROUP, '--exec-opt', 'native.cgroupdriver=cgroupfs'],
      ...['--userland-proxy-path', proxy, '--init-path', init],
      ...['--registry-mirror', `http://${mirror}:${registry.port}`]
    ])
    await until('Docker', START_SECONDS, async () => {
      return (await attempt(client, ['--host', `unix://${socket}`, 'version'])) !== ''
    }).catch((error: unknown) => {
      throw new Error(`Docker does not start: ${lastLine(at('log'))}`, { cause: error })
    })
    return {
      client,
      socket,
      network: NETWORK_NAMESPACE,
      directory: at('runner'),
      stop: async () => {
        await clear(STATE)
        lock.close()
      }
    }
  } catch (error) {
    await clear(STATE)
    lock.close()
    throw error
  }
}

function start(logFile: string, args: readonly string[]): void {
  const log = openSync(logFile, 'a')
  const { HOME = '/root' } = process.env
  const child = spawn('nsenter', args, { detached: true, stdio: ['ignore', log, log], env: { PATH, HOME } })
  child.on('error', () => undefined)
  child.unref()
  closeSync(log)
}

async function addressOf(cluster: Cluster, service: string): Promise<string> {
  const found = await new Api(cluster.kubeconfig).get<{ readonly spec: { readonly clusterIP: string } }>(
    `/api/v1/namespaces/kaniko-hooks/services/${service}`
  )
  if (found === undefined) throw new Error(`The cluster has no service ${service} in kaniko-hooks.`)
  return found.spec.clusterIP
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''
}
