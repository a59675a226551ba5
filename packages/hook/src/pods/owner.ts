import type { V1ObjectMeta } from '@kubernetes/client-node'

import { RUNNER_LABEL, runnerLabel } from './names.js'

/** The runner pod, to which everything that the hook makes belongs. */
export interface Owner {
  readonly runnerPod: string
  readonly uid: string
  /** False when our objects live in another namespace: the collector would delete them within seconds. */
  readonly sameNamespace: boolean
  readonly annotations: Readonly<Record<string, string>>
}

/**
 * Metadata of an object that goes when the runner pod goes: the label for ARC and for us, the ownerReference for the
 * garbage collector (without blockOwnerDeletion: that needs a right which the stock role lacks).
 */
export function ownedBy(owner: Owner, name: string): V1ObjectMeta {
  return {
    name,
    labels: { [RUNNER_LABEL]: runnerLabel(owner.runnerPod) },
    annotations: { ...owner.annotations },
    ...(owner.sameNamespace
      ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: owner.runnerPod, uid: owner.uid }] }
      : {})
  }
}

/** The selector that finds everything of a runner. */
export function ownedSelector(runnerPod: string): string {
  return `${RUNNER_LABEL}=${runnerLabel(runnerPod)}`
}
