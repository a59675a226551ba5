import { isKubeError, type Kube, type V1Pod } from '@kaniko-hooks/kube'
import { kanikoPod } from '@kaniko-hooks/builder/build-pod'
import { buildTemplate, exampleJobPod, type Template } from '@kaniko-hooks/hook/pods'

import { type Finding, wordsOf } from './finding.js'
import type { Images } from './images.js'
import type { Place } from './place.js'

/** A pod that a job would make. */
export interface AdmissionQuestion {
  /** `job pod`, `build pod` */
  readonly check: string
  readonly pod: V1Pod
}

/** The pods of a job, as the hook would make them. */
export function podsOfJob(
  name: string,
  images: Images,
  template: Template | undefined,
  place: Place | undefined
): readonly AdmissionQuestion[] {
  const target = {
    pushRef: `${place?.push ?? 'registry.invalid/kaniko-hooks'}:${name}`,
    insecureRegistries: [],
    ...(place?.pushSecret === undefined ? {} : { access: { kind: 'docker-config' as const, secret: place.pushSecret } })
  }
  const { kaniko, pushImage } = images
  const settings = { ...kaniko, pushImage, contextImage: pushImage, pod: buildTemplate(template) }
  return [
    { check: 'job pod', pod: exampleJobPod(`${name}-job`, pushImage, template) },
    {
      check: 'build pod',
      pod: kanikoPod({ targets: [target] }, settings, { name: `${name}-build`, timeoutMs: 60_000 })
    }
  ]
}

/**
 * Asks whether the namespace takes a pod (a dry run): PodSecurity, quotas, limits, webhooks. Nothing is made.
 */
export async function checkAdmission(
  kube: Kube,
  { check, pod }: AdmissionQuestion,
  signal: AbortSignal
): Promise<readonly Finding[]> {
  try {
    await kube.create('pods', pod, { dryRun: true, signal })
    return [{ check, state: 'ok', says: `Namespace ${kube.namespace} takes such a pod.` }]
  } catch (error) {
    if (!isKubeError(error) || signal.aborted) throw error
    if (!isKubeError(error, 'FORBIDDEN', 'INVALID', 'NOT_FOUND', 'CONFLICT')) {
      return [{ check, state: 'unknown', says: wordsOf(error) }]
    }
    // The authorizer's words: the row of that right says it, with what mends it.
    if (/cannot create resource "pods"/.test(error.message)) {
      return [
        { check, state: 'unknown', says: `Whether it is taken is told only to who may create it: ${wordsOf(error)}` }
      ]
    }
    return [{ check, state: 'failed', says: wordsOf(error), mend: mendAdmission(kube.namespace, error.message) }]
  }
}

function mendAdmission(namespace: string, said: string): string {
  if (/violates PodSecurity/i.test(said)) {
    return `kubectl label namespace ${namespace} pod-security.kubernetes.io/enforce=baseline --overwrite`
  }
  if (/exceeded quota/i.test(said))
    return `kubectl -n ${namespace} get resourcequota # raise it, or ask for less in the hook template`
  if (/must specify|maximum|minimum/i.test(said)) {
    return `kubectl -n ${namespace} get limitrange,resourcequota # and resources in the hook template: entries $job and $build`
  }
  if (/serviceaccount/i.test(said))
    return `kubectl -n ${namespace} create serviceaccount NAME # the one that the hook template names`
  if (/webhook/i.test(said))
    return 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations # the one that it names'
  return `kubectl -n ${namespace} get events --sort-by=.lastTimestamp`
}
