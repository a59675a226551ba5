import { isKubeError } from '@kaniko-hooks/kube'

import { type Finding, wordsOf } from './finding.js'
import { type Trial, tryPod } from './pod.js'
import type { WorkClaim } from './runner.js'

const CHECK = 'work volume'

/** Mounts a volume as ARC does it for each runner, and gives it back. */
export async function checkWorkVolume(
  trial: Trial,
  claim: WorkClaim,
  image: string,
  signal: AbortSignal
): Promise<readonly Finding[]> {
  const storage =
    claim.storageClassName === undefined ? 'the default storage class' : `storage class ${claim.storageClassName}`
  const more = {
    pod: { volumes: [{ name: 'work', ephemeral: { volumeClaimTemplate: { spec: claim } } }] },
    mounts: [{ name: 'work', mountPath: '/work' }]
  }
  try {
    const { node } = await tryPod(trial, image, more, signal)
    return [{ check: CHECK, state: 'ok', says: `Node ${node} mounted a volume of ${storage}.` }]
  } catch (error) {
    if (!isKubeError(error) || signal.aborted) throw error
    if (error.problem === undefined && !isKubeError(error, 'INVALID'))
      return [{ check: CHECK, state: 'unknown', says: wordsOf(error) }]
    const says = `No volume of ${storage}: ${wordsOf(error)}`
    const mend =
      'storageClassName: … # of kubernetesModeWorkVolumeClaim, one that `kubectl get storageclass` lists; or containerMode.type: kubernetes-novolume'
    return [{ check: CHECK, state: 'failed', says, mend }]
  }
}
