import { randomBytes } from 'node:crypto'

import { isKubeError, type Kube, type V1PodSpec } from '@kaniko-hooks/kube'
import { isDigest } from '@kaniko-hooks/registry'

import { type Finding, quoted } from './finding.js'
import type { Place } from './place.js'
import { noArrival, tryPod } from './pod.js'
import { mendDelete, mendPull, mendPush } from './registry-advice.js'
import { type Answer, RegistryPod } from './registry-pod.js'
import type { Trace, Traces } from './traces.js'

/** What the tag of an image of a doctor looks like. */
export const DOCTOR_TAG = /^kbuild-doctor-[0-9a-f]{8}$/

export interface RegistryQuestion {
  /** The namespace of the pods. */
  readonly kube: Kube
  readonly place: Place
  readonly pushImage: string
  /** Which nodes pull; none for one that the scheduler chooses. */
  readonly nodes: readonly string[]
  readonly traces: Traces
  /** For each pod. */
  readonly limitMs: number
  /** Behind the names of the findings, where there are several places. */
  readonly suffix: string
}

/**
 * Pushes a tiny image from a pod, lets a node pull it by the name that nodes use, and removes it from the registry.
 *
 * @returns findings for `exec`, `push`, `pull by a node` and `delete`: as far as it came
 */
export async function checkRegistry(question: RegistryQuestion, signal: AbortSignal): Promise<readonly Finding[]> {
  const { kube, place, pushImage, traces, limitMs, suffix } = question
  const id = randomBytes(4).toString('hex')
  const tag = `kbuild-doctor-${id}`
  const pod = new RegistryPod(kube, tag, place)
  const podTrace = traces.addPod(kube, tag)
  try {
    const { notPulled } = await pod.start(pushImage, traces, limitMs, signal)
    if (notPulled !== undefined) {
      const says = `The registry was not asked: ${pushImage} cannot be pulled.`
      return [{ check: `push${suffix}`, state: 'unknown', says }]
    }
  } catch (error) {
    return [noArrival(`push${suffix}`, error, signal)]
  }
  const reference = `${place.push}:${tag}`
  const trace = traces.addImage(reference, async late => {
    const { code, said } = await pod.deleteTag(tag, late)
    if (code !== 0) throw new Error(said)
  })
  let pushed: Answer
  try {
    pushed = await pod.push(tag, id, signal)
  } catch (error) {
    if (!isKubeError(error) || signal.aborted) throw error
    // Without exec it was not pushed, and could not be removed.
    trace.forget()
    return [execFailed(error.message, suffix)]
  }
  const exec: Finding = { check: `exec${suffix}`, state: 'ok', says: 'A command ran in a pod and told its exit code.' }
  const digest = pushed.stdout.split('@').at(-1) ?? ''
  if (pushed.code !== 0 || !isDigest(digest)) {
    trace.forget()
    return [exec, notPushed(kube.namespace, place, pushed.said, suffix)]
  }
  const push: Finding = { check: `push${suffix}`, state: 'ok', says: `A pod pushed ${reference}.` }
  const { nodes } = question
  const pulls = nodes.length === 0 ? [undefined] : nodes
  const pulled = await Promise.all(
    pulls.map(async (node, index) => checkPull(question, { digest, id, node, index }, signal))
  )
  const removed = await checkDelete(pod, digest, reference, trace, suffix, signal)
  await podTrace.remove()
  return [exec, push, ...pulled, removed]
}

function execFailed(why: string, suffix: string): Finding {
  return {
    check: `exec${suffix}`,
    state: 'failed',
    says: `No command can be run in a pod, so that the registry was not asked. ${quoted(why)}`,
    mend: 'rights pods/exec above; a proxy before the API server has to let WebSockets through'
  }
}

function notPushed(namespace: string, place: Place, said: string, suffix: string): Finding {
  const says = `A pod could not push to ${place.push}: ${said}`
  return { check: `push${suffix}`, state: 'failed', says, mend: mendPush(namespace, place, said) }
}

interface Pull {
  readonly digest: string
  /** Of the doctor's image. */
  readonly id: string
  readonly node: string | undefined
  readonly index: number
}

/** Sends a pod to one node, whatever keeps other pods away from it. */
function onNode(name: string): Partial<V1PodSpec> {
  return { nodeSelector: { 'kubernetes.io/hostname': name }, tolerations: [{ operator: 'Exists' }] }
}

async function checkPull(
  { kube, place, traces, limitMs, suffix }: RegistryQuestion,
  { digest, id, node: wanted, index }: Pull,
  signal: AbortSignal
): Promise<Finding> {
  const check = `pull by ${wanted === undefined ? 'a node' : `node ${wanted}`}${suffix}`
  const pullSecrets = place.pullSecret === undefined ? [] : [place.pullSecret]
  // Passwords of ours are in the Secret that the pod which pushes owns.
  const own = place.config === undefined ? [] : [`kbuild-doctor-${id}`]
  const image = `${place.pull}@${digest}`
  const trial = { kube, traces, limitMs, name: `kbuild-doctor-${id}-pull-${index}` }
  const pod = wanted === undefined ? {} : onNode(wanted)
  const more = { pullAlways: true, pullSecrets: [...pullSecrets, ...own], pod }
  try {
    const { node, notPulled } = await tryPod(trial, image, more, signal)
    if (notPulled === undefined) return { check, state: 'ok', says: `Node ${node} pulled ${image}.` }
    const says = `Node ${node} could not pull ${image}: ${notPulled}`
    return { check, state: 'failed', says, mend: mendPull(kube.namespace, place, notPulled) }
  } catch (error) {
    return noArrival(check, error, signal)
  }
}

async function checkDelete(
  pod: RegistryPod,
  digest: string,
  reference: string,
  trace: Trace,
  suffix: string,
  signal: AbortSignal
): Promise<Finding> {
  const check = `delete${suffix}`
  const { code, said } = await pod.delete(digest, signal)
  if (code === 0) {
    trace.forget()
    return { check, state: 'ok', says: 'The registry removed the image.' }
  }
  // A second try would be refused too.
  trace.forget()
  const says = `The registry does not remove images, and ${reference} stays: ${said}`
  return { check, state: 'failed', says, mend: mendDelete(said) }
}
