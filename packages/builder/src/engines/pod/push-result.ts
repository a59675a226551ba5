import { containerResult, type ContainerResult, type V1ContainerStatus, type V1Pod } from '@kaniko-hooks/kube'
import { parseReference, withPlainHttpAdvice } from '@kaniko-hooks/registry'
import { BuildError } from '../../errors.js'
import { pushContainer } from './parts.js'

/** Where a registry says nothing. */
const SILENT = 'the registry did not take it within'

/** Sentences that are not a registry's: ours, the push script's, and what is said of a proxy. */
const NOT_ITS_OWN = new RegExp(`^(?:${SILENT}|the connector|the proxy)`)

/** The push script ends with 143 when it is told to. */
const OWN_END = { trapsTerm: false } as const

/** How a push to one target went: `why` is a sentence when the registry has not got the image. */
export interface PushOutcome {
  readonly pushRef: string
  readonly tags?: readonly string[]
  readonly why: string | undefined
}

/** Some registries have the image, others not; the cause of a `PUSH_FAILED`. */
export class PartlyPushed extends Error {
  override readonly name = 'PartlyPushed'
  /** References of an image that is there all the same. */
  readonly pushed: readonly string[]

  constructor(pushed: readonly string[]) {
    super(`only ${pushed.join(', ')} was pushed`)
    this.pushed = pushed
  }
}

/**
 * Whether all push containers of a build pod have ended, so that their exit codes count. When they were the pod's last, the
 * phase comes a moment later, and without it a 0 may be that of a container which was told to end. The phase waits for
 * every container though, and a mesh or an agent puts some into pods that never end by themselves: where another one goes on,
 * nothing has ended the pod. And the phase of a pod in which each of them said that it pushed what was built tells no more: that
 * is said after the push alone.
 *
 * @param digest what was built
 */
export function haveEnded(pod: V1Pod, count: number, digest: string): boolean {
  const pushers = Array.from({ length: count }, (_, index) => pushContainer(index))
  const { phase, initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const hasEnded = ({ state }: V1ContainerStatus): boolean => state?.terminated !== undefined
  if (!pushers.every(name => containerStatuses.some(status => status.name === name && hasEnded(status)))) return false
  if (phase === 'Succeeded' || phase === 'Failed') return true
  if (pushers.every(name => hasPushed(containerResult(pod, name, OWN_END), digest))) return true
  return [...initContainerStatuses, ...containerStatuses].some(status => !hasEnded(status))
}

/**
 * Why the target with this index has not got the image, if it has not. The container ended well and said which digest
 * it pushed, and this is the one that was built: anything less is no success.
 */
export function pushProblem(
  pod: V1Pod | undefined,
  index: number,
  digest: string,
  limitMs: number
): string | undefined {
  const name = pushContainer(index)
  const status = pod?.status?.containerStatuses?.find(container => container.name === name)
  if (pod === undefined || status?.state?.terminated === undefined) {
    return `${SILENT} ${Math.round(limitMs / 1000)} s`
  }
  const result = containerResult(pod, name, OWN_END)
  const said = result.message?.trim() ?? ''
  if (result.exitCode !== 0) {
    const why = result.why ?? `its container ended with exit code ${result.exitCode}`
    return said === '' ? why : lastWords(said)
  }
  if (!result.trustworthy) return result.why
  return hasPushed(result, digest) ? undefined : `another image was pushed (${said}) than was built (${digest})`
}

/** Whether a container ended by itself and said that it pushed an image. */
function hasPushed({ exitCode, trustworthy, message = '' }: ContainerResult, digest: string): boolean {
  return exitCode === 0 && trustworthy && message.trim().endsWith(`@${digest}`)
}

/**
 * @throws BuildError `PUSH_FAILED` that names what failed and what is there all the same
 */
export function throwUnlessPushed(outcomes: readonly PushOutcome[]): void {
  const failed = outcomes.filter(({ why }) => why !== undefined)
  if (failed.length === 0) return
  const sentences = failed.map(({ pushRef, why }) => {
    const { domain } = parseReference(pushRef)
    const words = why ?? ''
    return `${pushRef} could not be pushed; ${NOT_ITS_OWN.test(words) ? words : `the registry ${domain} said: ${words}`}`
  })
  const pushed = outcomes.flatMap(outcome => (outcome.why === undefined ? referencesOf(outcome) : []))
  const rest = pushed.length === 0 ? [] : [`It was pushed to ${pushed.join(', ')}.`]
  const cause = pushed.length === 0 ? {} : { cause: new PartlyPushed(pushed) }
  throw new BuildError('PUSH_FAILED', [sentences.join('; '), ...rest].join('. '), cause)
}

/** All names that an image has where it was pushed. */
export function referencesOf({ pushRef, tags = [] }: Pick<PushOutcome, 'pushRef' | 'tags'>): readonly string[] {
  return [pushRef, ...tags.map(tag => pushRef.replace(/:[^:/]+$/, `:${tag}`))]
}

/** Of what a push container printed, crane's own last line, without the time stamps of its log and the blobs that it counts up. */
export function lastWords(said: string): string {
  const lines = said.split('\n').map(line => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '').trim())
  const error = lines.filter(line => line.startsWith('Error: ')).at(-1) ?? lines.at(-1) ?? ''
  const why = error.replace(/^Error: (?:pushing image \S+: )?/, '')
  // crane shows no credential to a token service at another private address than the registry's.
  const advice = 'let the token service answer at the same host and port as the registry'
  return /realm host .* is a private or link-local address/.test(why) ? `${why}; ${advice}` : withPlainHttpAdvice(why)
}
