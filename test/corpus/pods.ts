import { createHash } from 'node:crypto'

import type { V1Pod } from '@kubernetes/client-node'

import { Api } from '../harness/cluster/api.js'
import type { Cluster } from '../harness/cluster/index.js'
import { until } from '../harness/cluster/wait.js'
import { execInPod, type ExecInPod } from '../harness/exec.js'
import { apply } from '../harness/kubectl.js'
import { readTar } from './tar.js'

/** A command that ends when it is told to. */
export const STAY = ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"] as const

/** A container that a pod starts with. */
const MADE_SECONDS = 120

/** Makes a pod and waits until one of its containers runs. */
export async function startPod(cluster: Cluster, pod: V1Pod, container: string): Promise<V1Pod> {
  await apply(cluster, pod)
  return untilRunning(cluster, pod, container, MADE_SECONDS)
}

/** Waits until a container of a pod runs, or has run. */
export async function untilRunning(cluster: Cluster, pod: V1Pod, container: string, seconds: number): Promise<V1Pod> {
  const api = new Api(cluster.kubeconfig)
  const path = pathOf(pod)
  let found: V1Pod | undefined
  await until(
    `container ${container} of ${path}`,
    seconds,
    async () => {
      found = await api.get<V1Pod>(path)
      const { initContainerStatuses = [], containerStatuses = [] } = found?.status ?? {}
      const states = [...initContainerStatuses, ...containerStatuses]
      const { running, terminated } = states.find(({ name }) => name === container)?.state ?? {}
      return running !== undefined || terminated !== undefined
    },
    () => {
      if (found?.status?.phase === 'Failed') throw new Error(`${path} has failed: ${JSON.stringify(found.status)}`)
    }
  )
  if (found === undefined) throw new Error(`${path} is gone`)
  return found
}

/** Deletes a pod without waiting for its end. */
export async function removePod(cluster: Cluster, pod: V1Pod): Promise<void> {
  await new Api(cluster.kubeconfig).delete(`${pathOf(pod)}?gracePeriodSeconds=0`)
}

function pathOf({ metadata: { namespace = '', name = '' } = {} }: V1Pod): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`
}

/** Runs a script in a container. */
export async function runIn(cluster: Cluster, target: Omit<ExecInPod, 'command'>, script: string): Promise<Buffer> {
  const { code, stdout, stderr } = await execInPod(cluster, { ...target, command: ['sh', '-c', script] })
  if (code !== 0) throw new Error(`${target.pod}, ${target.container}: exit code ${code}: ${stderr}`)
  return stdout
}

/** Writes a file in a container. */
export async function writeIn(
  cluster: Cluster,
  target: Omit<ExecInPod, 'command'>,
  path: string,
  content: Buffer
): Promise<void> {
  const sum = createHash('sha256').update(content).digest('hex')
  const command = ['sh', '-c', 'cat >"$0" && sha256sum <"$0"', path]
  // A stream was seen to arrive empty, see the runner pod.
  for (let tries = 1; ; tries += 1) {
    const { stdout, stderr } = await execInPod(cluster, { ...target, command }, { input: content })
    if (stdout.toString().startsWith(sum)) return
    if (tries === 5) throw new Error(`${path} did not arrive in ${target.pod}: ${stderr}`)
  }
}

/** What a script prints in a container, however much: a stream was seen to end early. */
export async function readFrom(cluster: Cluster, target: Omit<ExecInPod, 'command'>, script: string): Promise<Buffer> {
  const said = (await runIn(cluster, target, `(${script}) >/tmp/printed && sha256sum </tmp/printed`)).toString()
  for (let tries = 1; ; tries += 1) {
    const printed = await runIn(cluster, target, 'cat /tmp/printed')
    if (said.startsWith(createHash('sha256').update(printed).digest('hex'))) return printed
    if (tries === 5) throw new Error(`what \`${script}\` printed in ${target.pod} did not arrive`)
  }
}

/** Fetches the files below a directory of a container. */
export async function fetchFrom(
  cluster: Cluster,
  target: Omit<ExecInPod, 'command'>,
  directory: string
): Promise<ReadonlyMap<string, Buffer>> {
  const entries = readTar(await readFrom(cluster, target, `tar -C ${directory} -cf - .`))
  return new Map(entries.flatMap(({ type, path, content }) => (type === 'file' ? [[path, content] as const] : [])))
}
