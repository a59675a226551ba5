import { followLog, type Kube, type V1Pod, waitForPod } from '@kaniko-hooks/kube'
import { parseReference } from '@kaniko-hooks/registry'
import { BuildError } from '../../errors.js'
import { listenForSilence } from '../pod/silence.js'
import { Stopwatch } from '../pod/stopwatch.js'
import { cacheOf } from './args.js'
import { hasKanikoEnded } from './kaniko-end.js'
import { KANIKO_CONTAINER, pushesApart } from './pod.js'
import type { Run } from './run.js'
import type { KanikoSettings } from './settings.js'

/**
 * The first thing that Kaniko does is to ask the registry whether it may push, without a word. A registry that is
 * behind a silent firewall costs it several connect timeouts of half a minute; a job should hear of it earlier.
 */
const SILENCE_MS = 40_000

/** The pod's node, asked for a byte. */
const ANSWER_MS = 3_000

/**
 * Follows Kaniko's log to its end. From its last words on, the end is looked for: the log tells it last. RUN can print such words
 * too, and then the pod is looked at in vain.
 *
 * @returns when the push began, and the pod if its end was seen
 */
export async function followKaniko(
  kube: Kube,
  settings: KanikoSettings,
  pod: string,
  { request, kanikoLog, signal, stop }: Run
): Promise<{ readonly pushingAt: number | undefined; readonly seen: V1Pod | undefined }> {
  const watch = new Stopwatch()
  let pushingAt: number | undefined
  let seen: V1Pod | undefined
  let isLooking = false
  const ended = new AbortController()
  const over = new AbortController()
  const lookForEnd = (): void => {
    if (isLooking) return
    isLooking = true
    const options = { signal: AbortSignal.any([signal, over.signal]), timeoutMs: request.timeoutMs }
    waitForPod(kube, pod, hasKanikoEnded, options).then(
      found => {
        seen = found
        ended.abort()
      },
      // Whoever waits for the log finds out.
      () => undefined
    )
  }
  let hung: NodeJS.Timeout | undefined
  // The first thing that is asked whether it takes a push.
  const first = request.targets[0]?.pushRef
  const pushed = pushesApart(request) ? cacheOf(request, settings)?.repository : first
  const reference = pushed ?? first
  // Without a push and a cache, it is a base image's.
  const domain = reference === undefined ? 'of a base image' : parseReference(reference).domain
  const silence = listenForSilence({
    ms: SILENCE_MS,
    canHear: () => answers(kube, pod, signal),
    onSilence: () => stop.abort(silent(`the registry ${domain} did not answer the build pod`, SILENCE_MS))
  })
  try {
    await followLog(
      kube,
      { pod, container: KANIKO_CONTAINER },
      line => {
        silence.end()
        const { lines, event } = kanikoLog.read(line)
        if (event?.kind === 'pushing') {
          pushingAt = watch.now()
          const why = silent(`the registry ${domain} did not take the image`, request.pushTimeoutMs)
          hung = setTimeout(() => stop.abort(why), request.pushTimeoutMs)
        }
        if (event?.kind === 'pushed' || event?.kind === 'left') lookForEnd()
        lines.forEach(shown => request.log(shown))
      },
      { signal, ended: ended.signal, onGap: message => request.log(message) }
    )
  } finally {
    over.abort()
    silence.end()
    clearTimeout(hung)
  }
  return { pushingAt, seen }
}

/** Whether the pod's node answers, so that silence is the pod's own. */
async function answers(kube: Kube, pod: string, signal: AbortSignal): Promise<boolean> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
  return kube.awaitNode({ pod, container: KANIKO_CONTAINER }, { signal: soon }).then(
    () => true,
    () => false
  )
}

function silent(what: string, ms: number): BuildError {
  return new BuildError('REGISTRY_UNREACHABLE', `${what} within ${Math.round(ms / 1000)} s`)
}
