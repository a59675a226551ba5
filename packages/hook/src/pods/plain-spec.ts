import type { V1PodSpec } from '@kubernetes/client-node'

import type { Owner } from './owner.js'

/** How long a job on a runner of one's own may take at GitHub, and an hour more. */
const LONGEST_JOB_SECONDS = (5 * 24 + 1) * 3600

/**
 * What every pod has in which programs of a job run. Where nothing deletes it when its runner is gone, it ends after the
 * longest job.
 */
export function plainSpec({ homeNamespace }: Owner): Omit<V1PodSpec, 'containers'> {
  return {
    restartPolicy: 'Never',
    ...(homeNamespace === undefined ? {} : { activeDeadlineSeconds: LONGEST_JOB_SECONDS }),
    // A step must not reach the API server with anybody's rights.
    automountServiceAccountToken: false,
    // Else every Service of the namespace is in each container's environment; thousands keep a container from starting.
    enableServiceLinks: false,
    // As Docker has it; Kubernetes has none unless a pod asks.
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } }
  }
}
