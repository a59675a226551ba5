import { isKubeError, type Kube, type KubeError, type V1Pod } from '@kaniko-hooks/kube'
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
    if (isKubeError(error, 'ADMISSION', 'QUOTA', 'INVALID', 'NOT_FOUND', 'CONFLICT')) {
      return [{ check, state: 'failed', says: wordsOf(error), mend: mendAdmission(kube.namespace, error) }]
    }
    // Who may not create pods is told so in the row of that right.
    return [{ check, state: 'unknown', says: wordsOf(error) }]
  }
}

function mendAdmission(namespace: string, { code, message: said }: KubeError): string {
  if (/violates PodSecurity/i.test(said)) {
    return `kubectl label namespace ${namespace} pod-security.kubernetes.io/enforce=baseline --overwrite`
  }
  if (code === 'QUOTA') return `kubectl -n ${namespace} get resourcequota # raise it`
  if (code === 'NOT_FOUND') return `kubectl create namespace ${namespace}`
  if (/must specify|usage per|maximum|minimum/i.test(said)) {
    return `kubectl -n ${namespace} get limitrange,resourcequota # and resources of $job and $build in the hook template`
  }
  if (/serviceaccount/i.test(said)) {
    return `kubectl -n ${namespace} create serviceaccount NAME # the one that the hook template names`
  }
  if (/webhook/i.test(said)) {
    return 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations # ask whoever keeps the one that it names'
  }
  return 'docs/template.md # the fields that it names, in the hook template'
}
