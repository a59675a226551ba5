import { randomBytes } from 'node:crypto'

import { isKubeError, type Kube } from '@kaniko-hooks/kube'
import { isDigest } from '@kaniko-hooks/registry'

import { type Finding, quoted } from './finding.js'
import type { Place } from './place.js'
import { noArrival, tryPod } from './pod.js'
import { type Answer, RegistryPod } from './registry-pod.js'
import type { Trace, Traces } from './traces.js'

/** What the tag of an image of a doctor looks like. */
export const DOCTOR_TAG = /^kbuild-doctor-[0-9a-f]{8}$/

export interface RegistryQuestion {
  /** The namespace of the pods. */
  readonly kube: Kube
  readonly place: Place
  readonly pushImage: string
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
  const pulled = await checkPull(question, digest, id, signal)
  const removed = await checkDelete(pod, digest, reference, trace, suffix, signal)
  await podTrace.remove()
  return [exec, push, pulled, removed]
}

function execFailed(why: string, suffix: string): Finding {
  return {
    check: `exec${suffix}`,
    state: 'failed',
    says: `No command can be run in a pod, so that the registry was not asked. ${quoted(why)}`,
    mend: 'rights pods/exec above; a proxy before the API server has to let WebSockets through'
  }
}

function notPushed(
  namespace: string,
  { push, pushSecret, plainHttp, ca }: Place,
  said: string,
  suffix: string
): Finding {
  const host = push.split('/', 1)[0] ?? push
  const says = `A pod could not push to ${push}: ${said}`
  const make = (mend: string): Finding => ({ check: `push${suffix}`, state: 'failed', says, mend })
  if (/UNAUTHORIZED|DENIED|401|403/i.test(said)) {
    return make(
      pushSecret === undefined
        ? `name a Secret as pushSecret of the destination: kubectl -n ${namespace} create secret docker-registry registry-push --docker-server=${host} --docker-username=… --docker-password=…`
        : `kubectl -n ${namespace} create secret docker-registry ${pushSecret} --docker-server=${host} --docker-username=… --docker-password=…`
    )
  }
  if (/x509|certificate/i.test(said)) {
    return make(`ca: { secret: ${ca?.secret ?? 'registry-ca'}, key: ${ca?.key ?? 'ca.crt'} } # of the destination`)
  }
  if (/server gave HTTP response/i.test(said)) {
    return make('plainHttp: true # of the destination remote; with --destination: --insecure-registry')
  }
  const why = plainHttp ? '' : ' It was asked over TLS.'
  return make(`docs/destinations: the address has to answer in pods of this namespace; look for a NetworkPolicy.${why}`)
}

async function checkPull(
  { kube, place, traces, limitMs, suffix }: RegistryQuestion,
  digest: string,
  id: string,
  signal: AbortSignal
): Promise<Finding> {
  const check = `pull by a node${suffix}`
  const pullSecrets = place.pullSecret === undefined ? [] : [place.pullSecret]
  // Passwords of ours are in the Secret that the pod which pushes owns.
  const own = place.config === undefined ? [] : [`kbuild-doctor-${id}`]
  const image = `${place.pull}@${digest}`
  const trial = { kube, traces, limitMs, name: `kbuild-doctor-${id}-pull` }
  const more = { pullAlways: true, pullSecrets: [...pullSecrets, ...own] }
  try {
    const { node, notPulled } = await tryPod(trial, image, more, signal)
    if (notPulled === undefined) return { check, state: 'ok', says: `Node ${node} pulled ${image}.` }
    const says = `Node ${node} could not pull ${image}: ${notPulled}`
    return { check, state: 'failed', says, mend: mendPull(kube.namespace, place, notPulled) }
  } catch (error) {
    return noArrival(check, error, signal)
  }
}

function mendPull(namespace: string, { pull, pullSecret }: Place, said: string): string {
  const host = pull.split('/', 1)[0] ?? pull
  if (/unauthorized|denied|forbidden|401|403|no basic auth/i.test(said)) {
    return `kubectl -n ${namespace} create secret docker-registry ${pullSecret ?? 'registry-pull'} --docker-server=${host} --docker-username=… --docker-password=… # and pullSecret of the destination`
  }
  if (/x509|certificate/i.test(said)) {
    return `on each node: the authority's certificate at /etc/containerd/certs.d/${host}/ca.crt (containerd) or /etc/containers/certs.d/${host}/ca.crt (CRI-O)`
  }
  if (/HTTP response to HTTPS/i.test(said)) {
    return `on each node: /etc/containerd/certs.d/${host}/hosts.toml with server = "http://${host}"; or give the registry TLS`
  }
  if (/no such host|lookup .* on /i.test(said)) {
    return 'destinations: [{ nodePort: { host: …, port: 5000, nodePort: 31500 } }] # nodes do not know names of Services'
  }
  return host.startsWith('localhost')
    ? "docs/destinations/nodeport.md: the nodePort has to answer on the node's localhost, and a NetworkPolicy has to let nodes in"
    : 'docs/destinations/remote.md: the registry has to answer on the network of the nodes'
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

function mendDelete(said: string): string {
  if (/UNSUPPORTED|405|Method Not Allowed/i.test(said)) {
    return 'REGISTRY_STORAGE_DELETE_ENABLED=true in the environment of the registry (distribution); other registries: docs/destinations/remote.md'
  }
  return 'give the user of pushSecret the right to delete in this repository: docs/destinations/remote.md'
}
