import type { V1ObjectMeta } from '@kubernetes/client-node'

import { DUE_LABEL, dueLabel, ORPHAN_AGE_MS } from './due.js'
import { HOME_LABEL, labelValue, RUNNER_LABEL, runnerLabel, UID_LABEL } from './names.js'

/** The runner pod, to which everything that the hook makes belongs. */
export interface Owner {
  readonly runnerPod: string
  readonly uid: string
  /**
   * The runner pod's namespace, when our objects live in another one. An ownerReference cannot say so: the collector would
   * delete them within seconds.
   */
  readonly homeNamespace?: string
  readonly annotations: Readonly<Record<string, string>>
}

/**
 * Metadata of an object that goes when the runner pod goes: the label for ARC and for us, the ownerReference for the
 * garbage collector (without blockOwnerDeletion: that needs a right which the stock role lacks). In another namespace, labels
 * that tell a later clean-up whose it was.
 */
export function ownedBy(owner: Owner, name: string): V1ObjectMeta {
  return {
    name,
    labels: {
      [RUNNER_LABEL]: runnerLabel(owner.runnerPod),
      ...(owner.homeNamespace === undefined
        ? {}
        : {
            [HOME_LABEL]: owner.homeNamespace,
            [UID_LABEL]: owner.uid,
            [DUE_LABEL]: dueLabel(Date.now() + ORPHAN_AGE_MS)
          })
    },
    annotations: { ...owner.annotations },
    ...(owner.homeNamespace === undefined
      ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: owner.runnerPod, uid: owner.uid }] }
      : {})
  }
}

/**
 * What tells others to leave our pods alone, unless a template says otherwise. A job cannot be moved to another node: the first
 * two are for the autoscalers that make room. The others are those of the meshes that put a proxy into every pod of a
 * namespace: it takes the network away from a step until it is ready, and from an init container for ever.
 */
const CARE = {
  labels: { 'sidecar.istio.io/inject': 'false', 'kuma.io/sidecar-injection': 'disabled' },
  annotations: {
    'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
    'karpenter.sh/do-not-disrupt': 'true',
    'linkerd.io/inject': 'disabled',
    'consul.hashicorp.com/connect-inject': 'false'
  }
}

/**
 * Metadata of a pod: as `ownedBy`, what the owner's annotations say as labels too, by which tools can select and sum up, and
 * `CARE`. Labels hold what a workflow says of itself: nothing may be allowed because of them.
 *
 * @param more annotations that are no labels
 */
export function podMetadata(owner: Owner, name: string, more: Readonly<Record<string, string>> = {}): V1ObjectMeta {
  const { labels, annotations, ...metadata } = ownedBy(owner, name)
  const facts = Object.entries(owner.annotations).flatMap(([key, text]) => {
    const value = labelValue(text)
    return value === undefined ? [] : [[key, value] as const]
  })
  return {
    ...metadata,
    labels: { ...CARE.labels, ...Object.fromEntries(facts), ...labels },
    annotations: { ...CARE.annotations, ...annotations, ...more }
  }
}

/** Labels or annotations of ours with a template's, which wins but for the keys by which we, and security teams, find pods. */
export function withTheirs(
  ours: Readonly<Record<string, string>> | undefined,
  theirs: Readonly<Record<string, string>> | undefined
): Record<string, string> {
  const allowed = Object.entries(theirs ?? {}).filter(
    ([key]) => key !== RUNNER_LABEL && !key.startsWith('kaniko-hooks/')
  )
  return { ...ours, ...Object.fromEntries(allowed) }
}

/** The selector that finds everything of a runner. */
export function ownedSelector(runnerPod: string): string {
  return `${RUNNER_LABEL}=${runnerLabel(runnerPod)}`
}
