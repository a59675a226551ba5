import { isKubeError, looksFrom, untilGone, type Resources, type V1Pod } from '@kaniko-hooks/kube'

import type { Cluster, Configuration } from './call.js'
import { HookError, messageOf } from '../report/errors.js'
import { ownedSelector } from '../pods/owner.js'

/** Pods get this long to end by themselves, in seconds; a step's processes were signalled before. */
const GRACE_SECONDS = 1
/** A kubelet that is alive ends a pod within seconds of its grace. */
const GONE_MS = 60_000
/** A first process that ends when it is asked to is gone after half a second, others after their grace and as much. */
const GONE = looksFrom(500)

type Kind = 'jobs' | 'pods' | 'secrets'

/** What a runner owns of some kinds, once it has been listed; why one could not be, in its place. */
export type Owned = Readonly<Partial<Record<Kind, Promise<Resources[Kind][]>>>>

/** Begins to list everything of this runner, all kinds at once. */
export function listOwned({ kube, settings }: Cluster & Configuration, kinds: readonly Kind[]): Owned {
  const labelSelector = ownedSelector(settings.runnerPod)
  const list = async (kind: Kind): Promise<Resources[Kind][]> => {
    const objects: Resources[Kind][] = await kube.list(kind, { labelSelector })
    return objects.filter(({ metadata }) => metadata?.name !== settings.runnerPod)
  }
  const lists = kinds.map(kind => [kind, list(kind)] as const)
  // Whoever waits for a list is told.
  for (const [, listed] of lists) listed.catch(() => undefined)
  return Object.fromEntries(lists)
}

/**
 * Deletes every pod and Job of this runner and, when asked, its Secrets, and waits until the pods are gone: the next
 * job pod has the same name, and an image must not be removed under a pod that may still pull or push it. A cancelled call
 * does not wait: it has seconds to be gone.
 *
 * @param endOf how a pod ends
 * @param owned what there is, when it is being listed already
 * @returns what could not be deleted, as sentences
 */
export async function deleteOwned(
  call: Cluster & Configuration,
  kinds: readonly Kind[],
  endOf: EndOf = () => ({ graceSeconds: GRACE_SECONDS, isAwaited: true }),
  owned: Owned = listOwned(call, kinds)
): Promise<string[]> {
  const problems: string[] = []
  for (const kind of kinds) problems.push(...(await deleteKind(call, kind, endOf, owned)))
  return problems
}

/** How many seconds a pod gets to end by itself, and whether it is waited for. */
export interface PodEnd {
  readonly graceSeconds: number
  readonly isAwaited: boolean
}

export type EndOf = (pod: V1Pod) => PodEnd | Promise<PodEnd>

async function deleteKind(call: Cluster & Configuration, kind: Kind, endOf: EndOf, owned: Owned): Promise<string[]> {
  const { kube } = call
  const problems: string[] = []
  try {
    const objects = (await owned[kind]) ?? []
    const results = await Promise.allSettled(
      objects.map(async object => {
        const name = object.metadata?.name ?? ''
        const end = kind === 'pods' ? await endOf(object as V1Pod) : undefined
        await kube.delete(kind, name, {
          propagationPolicy: 'Background',
          ...(end === undefined ? {} : { gracePeriodSeconds: end.graceSeconds })
        })
        if (end?.isAwaited === true) await waitUntilGone(call, name)
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
  const late = AbortSignal.timeout(GONE_MS)
  try {
    if (!cancelled.aborted) await untilGone(kube, pod, AbortSignal.any([cancelled, late]), GONE)
  } catch (error) {
    if (cancelled.aborted) return
    if (!late.aborted) throw error
    throw new HookError('POD_FAILED', `Pod ${pod} is still there ${GONE_MS / 1000} s after its deletion.`)
  }
}
