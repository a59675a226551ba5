import { setTimeout as sleep } from 'node:timers/promises'

import type { Cluster } from '../harness/cluster/index.js'
import { kubeOf } from '../harness/exec.js'
import { getJson } from '../harness/kubectl.js'
import type { RunnerPod } from '../harness/runner-pod.js'

interface Owned {
  readonly kind: string
  readonly metadata: { readonly name: string }
}

/** The pods, Jobs and Secrets that the hook made for a runner and that are still there, as `kind/name`. */
export async function ownedBy(cluster: Cluster, runner: RunnerPod): Promise<string[]> {
  const kube = await kubeOf(cluster, runner.namespace)
  if (kube !== undefined) {
    const labelSelector = `runner-pod=${runner.name}`
    const found = await Promise.all(
      (['pods', 'jobs', 'secrets'] as const).map(async kind => {
        const objects = await kube.list(kind, { labelSelector })
        return objects.map(({ metadata }) => `${kind.slice(0, -1)}/${metadata?.name ?? ''}`)
      })
    )
    return found.flat()
  }
  const { items } = await getJson<{ items: readonly Owned[] }>(cluster, [
    ...['-n', runner.namespace, 'pods,jobs,secrets', '-l', `runner-pod=${runner.name}`]
  ])
  return items.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`)
}

/** What of it is still there at a time, but for what was there before; nothing as soon as nothing is. */
export async function leftAt(
  cluster: Cluster,
  runner: RunnerPod,
  time: number,
  before: readonly string[] = []
): Promise<string[]> {
  for (;;) {
    const left = (await ownedBy(cluster, runner)).filter(name => !before.includes(name))
    if (left.length === 0 || Date.now() >= time) return left
    await sleep(200)
  }
}

/** The names of a runner's pods, but for its job pod: those of container steps. */
export async function stepPods(cluster: Cluster, runner: RunnerPod): Promise<string[]> {
  const owned = await ownedBy(cluster, runner)
  return owned.flatMap(name => (/^pod\/.*(?<!-workflow)$/.test(name) ? [name.slice('pod/'.length)] : []))
}
