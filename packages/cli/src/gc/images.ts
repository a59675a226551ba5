import type { Kube } from '@kaniko-hooks/kube'

import type { Place } from '../doctor/place.js'
import { DOCTOR_TAG } from '../doctor/registry.js'
import { IMAGE_LABEL, RegistryPod } from '../doctor/registry-pod.js'
import type { Traces } from '../doctor/traces.js'

/** For the pod that asks. */
const START_MS = 60_000

export interface ImageQuestion {
  readonly kube: Kube
  readonly place: Place
  readonly pushImage: string
  readonly olderThanMs: number
  readonly dryRun: boolean
}

/**
 * Removes images that a doctor has left in a repository: its tag, with its label in the image, and old enough. Any other image is
 * left alone, those of the hook too: their records may lie in another namespace.
 *
 * @param tell each image that is removed, or would be
 * @returns sentences about what could not be done
 */
export async function removeImages(
  { kube, place, pushImage, olderThanMs, dryRun }: ImageQuestion,
  name: string,
  traces: Traces,
  tell: (line: string) => void,
  signal: AbortSignal
): Promise<readonly string[]> {
  const pod = new RegistryPod(kube, name, place)
  const trace = traces.addPod(kube, name)
  const { notPulled } = await pod.start(pushImage, traces, START_MS, signal)
  if (notPulled !== undefined) return [`${place.push} was not asked: ${pushImage} cannot be pulled: ${notPulled}`]
  const { code, stdout, said } = await pod.list(signal)
  if (code !== 0) return [`${place.push} does not tell its tags: ${said}`]
  const problems: string[] = []
  for (const tag of stdout.split('\n').filter(line => DOCTOR_TAG.test(line))) {
    const config = await pod.config(tag, signal)
    if (config.code !== 0 || !isOurs(config.stdout, tag, olderThanMs)) continue
    tell(`image ${place.push}:${tag}`)
    if (dryRun) continue
    const answer = await pod.deleteTag(tag, signal)
    if (answer.code !== 0) problems.push(`Image ${place.push}:${tag} stays: ${answer.said}`)
  }
  await trace.remove()
  return problems
}

/** The label has the end of the tag: an image that somebody named like ours has another. */
function isOurs(config: string, tag: string, olderThanMs: number): boolean {
  try {
    const { created, config: inner } = JSON.parse(config) as {
      readonly created?: string
      readonly config?: { readonly Labels?: Readonly<Record<string, unknown>> }
    }
    const ageMs = Date.now() - new Date(created ?? NaN).getTime()
    return inner?.Labels?.[IMAGE_LABEL] === tag.slice(-8) && ageMs >= olderThanMs
  } catch {
    return false
  }
}
