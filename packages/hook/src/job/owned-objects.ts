import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, type Resources, type V1Pod } from '@kaniko-hooks/kube'

import type { Cluster, Configuration } from './call.js'
import { HookError, messageOf } from '../report/errors.js'
import { ownedSelector } from '../pods/owner.js'

/** Pods get this long to end by themselves, in seconds; a step's processes were signalled before. */
const GRACE_SECONDS = 1
/** A kubelet that is alive ends a pod within seconds of its grace. */
const GONE_MS = 60_000

/**
 * Deletes every pod and Job of this runner and, when asked, its Secrets, and waits until the pods are gone: the next
 * job pod has the same name, and an image must not be removed under a pod that may still pull it. A cancelled call does
 * not wait: it has seconds to be gone.
 *
 * @param graceOf how many seconds a pod gets to end by itself
 * @returns what could not be deleted, as sentences
 */
export async function deleteOwned(
  call: Cluster & Configuration,
  kinds: readonly Kind[],
  graceOf: (pod: V1Pod) => number | Promise<number> = () => GRACE_SECONDS
): Promise<string[]> {
  const problems: string[] = []
  for (const kind of kinds) problems.push(...(await deleteKind(call, kind, graceOf)))
  return problems
}

type Kind = 'jobs' | 'pods' | 'secrets'

async function deleteKind(
  call: Cluster & Configuration,
  kind: Kind,
  graceOf: (pod: V1Pod) => number | Promise<number>
): Promise<string[]> {
  const { kube, settings } = call
  const problems: string[] = []
  try {
    const owned: readonly Resources[typeof kind][] = await kube.list(kind, {
      labelSelector: ownedSelector(settings.runnerPod)
    })
    const others = owned.filter(({ metadata }) => metadata?.name !== settings.runnerPod)
    const results = await Promise.allSettled(
      others.map(async object => {
        const name = object.metadata?.name ?? ''
        await kube.delete(kind, name, {
          propagationPolicy: 'Background',
          ...(kind === 'pods' ? { gracePeriodSeconds: await graceOf(object as V1Pod) } : {})
        })
        if (kind === 'pods') await waitUntilGone(call, name)
      })
    )
    for (const result of results) if (result.status === 'rejected') problems.push(messageOf(result.reason))
  } catch (error) {
    // The novolume role has no jobs, so there are none.
    if (!(kind === 'jobs' && isKubeError(error, 'FORBIDDEN'))) problems.push(messageOf(error))
  }
  return problems
}

async function waitUntilGone({ kube, cancelled }: Cluster, pod: string): Promise<void> {
  const until = Date.now() + GONE_MS
  while (Date.now() < until && !cancelled.aborted) {
    try {
      await kube.get('pods', pod)
    } catch (error) {
      if (isKubeError(error, 'NOT_FOUND')) return
      throw error
    }
    await sleep(100)
  }
  if (cancelled.aborted) return
  throw new HookError('POD_FAILED', `Pod ${pod} is still there ${GONE_MS / 1000} s after its deletion.`)
}
