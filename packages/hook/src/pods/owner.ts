import type { V1ObjectMeta } from '@kubernetes/client-node'

import { HOME_LABEL, RUNNER_LABEL, runnerLabel, UID_LABEL } from './names.js'

/** How long a job on a runner of one's own may take at GitHub, and an hour more. */
const LONGEST_JOB_SECONDS = (5 * 24 + 1) * 3600

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
      ...(owner.homeNamespace === undefined ? {} : { [HOME_LABEL]: owner.homeNamespace, [UID_LABEL]: owner.uid })
    },
    annotations: { ...owner.annotations },
    ...(owner.homeNamespace === undefined
      ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: owner.runnerPod, uid: owner.uid }] }
      : {})
  }
}

/** The life of a pod that may run until its job ends, where nothing deletes it when its runner is gone. */
export function lifeOf({ homeNamespace }: Owner): { activeDeadlineSeconds?: number } {
  return homeNamespace === undefined ? {} : { activeDeadlineSeconds: LONGEST_JOB_SECONDS }
}

/** The selector that finds everything of a runner. */
export function ownedSelector(runnerPod: string): string {
  return `${RUNNER_LABEL}=${runnerLabel(runnerPod)}`
}
