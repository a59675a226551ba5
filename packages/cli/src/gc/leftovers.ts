import { isKubeError, type Kube, type V1Pod } from '@kaniko-hooks/kube'

/** On everything that kbuild and the action make in a cluster. */
const SELECTOR = 'app.kubernetes.io/managed-by=kbuild'

/** The hook's objects have it: they are its own clean-up's business, whatever other labels a template gives them. */
const HOOK_LABEL = 'runner-pod'

/** A pod that its kubelet should have ended by then is on a node that is gone. */
const LATE_MS = 10 * 60_000

type Kind = 'pods' | 'jobs' | 'secrets'

/** An object of kbuild's that is old enough. */
export interface Leftover {
  readonly kind: Kind
  readonly name: string
  readonly uid: string
  readonly ageMs: number
  /** Why it stays, as the end of a sentence; undefined for what nobody needs any more. */
  readonly alive: string | undefined
}

interface Metadata {
  readonly name?: string
  readonly uid?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly creationTimestamp?: Date
  readonly deletionTimestamp?: Date
  readonly ownerReferences?: readonly { readonly uid: string }[]
}

/**
 * What kbuild and the action have made in a namespace and is older than so long.
 *
 * A pod is alive as long as it may run: until it has ended, or its own deadline is over. A Job is alive until it has ended. What
 * anything living owns is alive too, and so is a Secret with the name of a living pod.
 *
 * @returns what was found, and the kinds that the account may not list
 * @throws KubeError when pods cannot be listed
 */
export async function findLeftovers(
  kube: Kube,
  olderThanMs: number,
  signal: AbortSignal,
  nowMs = Date.now()
): Promise<{ readonly found: readonly Leftover[]; readonly notListed: readonly Kind[] }> {
  const options = { labelSelector: SELECTOR, signal }
  const pods = await kube.list('pods', options)
  const [jobs, secrets] = await Promise.all([
    ifAllowed(kube.list('jobs', options)),
    ifAllowed(kube.list('secrets', options))
  ])
  const notListed = (['jobs', 'secrets'] as const).filter(kind => ({ jobs, secrets })[kind] === undefined)
  /** Of ours. The cluster removes what belonged to an object that is gone: any other owner lives. */
  const dead = new Set<string>()
  const owned = (metadata: Metadata = {}): string | undefined =>
    metadata.ownerReferences?.every(({ uid }) => dead.has(uid)) === false ? 'its owner is alive' : undefined
  const found: Leftover[] = []
  const add = (kind: Leftover['kind'], metadata: Metadata = {}, alive: string | undefined): void => {
    const { name, uid, labels = {}, creationTimestamp, deletionTimestamp } = metadata
    if (name === undefined || uid === undefined || HOOK_LABEL in labels) return
    if (alive === undefined) dead.add(uid)
    const ageMs = nowMs - new Date(creationTimestamp ?? nowMs).getTime()
    if (ageMs < olderThanMs || deletionTimestamp !== undefined) return
    found.push({ kind, name, uid, ageMs, alive })
  }
  for (const { metadata, status } of jobs ?? []) {
    const hasEnded = status?.conditions?.some(
      ({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed')
    )
    add('jobs', metadata, hasEnded === true ? undefined : 'it has not ended')
  }
  /** Names of pods whose context may lie in a Secret of that name, which is made first and so has no owner. */
  const living = new Set<string | undefined>()
  for (const pod of pods) {
    const alive = owned(pod.metadata) ?? aliveBecause(pod, nowMs)
    if (alive !== undefined) living.add(pod.metadata?.name)
    add('pods', pod.metadata, alive)
  }
  for (const { metadata } of secrets ?? []) {
    add('secrets', metadata, owned(metadata) ?? (living.has(metadata?.name) ? 'its pod is alive' : undefined))
  }
  return { found, notListed }
}

function aliveBecause({ metadata, spec, status }: V1Pod, nowMs: number): string | undefined {
  const { phase = 'Pending' } = status ?? {}
  if (phase === 'Succeeded' || phase === 'Failed') return undefined
  const { activeDeadlineSeconds: seconds } = spec ?? {}
  if (seconds === undefined) return `it is ${phase} and has no deadline`
  // A pod that never came to a node is ended by nobody.
  const startMs = new Date(status?.startTime ?? metadata?.creationTimestamp ?? nowMs).getTime()
  return nowMs > startMs + seconds * 1000 + LATE_MS ? undefined : `it is ${phase}, and its time is not over`
}

async function ifAllowed<T>(listing: Promise<readonly T[]>): Promise<readonly T[] | undefined> {
  try {
    return await listing
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return undefined
    throw error
  }
}
