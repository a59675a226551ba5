import { isKubeError } from '@kaniko-hooks/kube'

import type { Cluster, Report } from './call.js'
import { messageOf } from '../report/errors.js'
import { dueSelector, ORPHAN_AGE_MS } from '../pods/due.js'
import { HOME_LABEL, UID_LABEL } from '../pods/names.js'
import { isApart } from './runner-pod.js'

/** A clean-up ends a job that somebody waits for; what is left is swept by the next one. */
const SWEPT_AT_ONCE = 50
const SWEEP_MS = 15_000

const KINDS = ['pods', 'jobs', 'secrets'] as const
type Kind = (typeof KINDS)[number]

/**
 * Removes the pods, Jobs and Secrets of killed runners from a namespace that is not the runners' own, where no ownerReference
 * does it. A runner is gone when the runners' namespace has no pod of its UID. What runners of other namespaces made is
 * not looked at, nor what other programs made.
 */
export async function sweepRunners(call: Cluster & Report): Promise<void> {
  if (!isApart(call)) return
  const signal = AbortSignal.timeout(SWEEP_MS)
  try {
    const old = (await Promise.all(KINDS.map(async kind => oldObjects(call, kind, signal)))).flat()
    if (old.length === 0) return
    // After the objects: who was there when they were listed has a pod then.
    const pods = await call.runnerKube.list('pods', { signal })
    const alive = new Set(pods.map(({ metadata }) => metadata?.uid))
    const orphans = old.filter(({ runnerUid }) => !alive.has(runnerUid)).slice(0, SWEPT_AT_ONCE)
    await Promise.all(
      orphans.map(async ({ kind, name, uid }) =>
        call.kube.delete(kind, name, { uid, propagationPolicy: 'Background', signal })
      )
    )
  } catch (error) {
    // It is not this job's, nor its author's concern.
    call.note(`Sweeping what killed runners left: ${messageOf(error)}`)
  }
}

interface OldObject {
  readonly kind: Kind
  readonly name: string
  readonly uid: string
  readonly runnerUid: string
}

async function oldObjects({ kube, runnerKube }: Cluster, kind: Kind, signal: AbortSignal): Promise<OldObject[]> {
  try {
    const objects = await kube.list(kind, {
      labelSelector: `${HOME_LABEL}=${runnerKube.namespace},${dueSelector()}`,
      signal
    })
    return objects.flatMap(({ metadata: { name, uid, labels, creationTimestamp } = {} }) => {
      const runnerUid = labels?.[UID_LABEL] ?? ''
      const age = Date.now() - new Date(creationTimestamp ?? Date.now()).getTime()
      if (name === undefined || uid === undefined || runnerUid === '' || age < ORPHAN_AGE_MS) return []
      return [{ kind, name, uid, runnerUid }]
    })
  } catch (error) {
    // The novolume role has no jobs, so there are none.
    if (kind === 'jobs' && isKubeError(error, 'FORBIDDEN')) return []
    throw error
  }
}
