import type { Kube } from '@kaniko-hooks/kube'

import { runInContainer } from './run-in-container.js'

/** The signals that Docker and Kubernetes send to ask a container to end. */
export type StopSignal = 'INT' | 'TERM'

/**
 * Reads which of them the first process of the container would notice: those that it catches, or blocks to take them up
 * later, as an init does. The kernel drops any other signal for it, since a first process has no default actions.
 * Nothing but a shell's own words, since the image may have no other tool.
 */
const LOOK = `
int=
term=
while read -r name mask; do
  case $name in
  SigBlk: | SigCgt:)
    case $mask in *[2367abef]) int=INT ;; esac
    case $mask in *[4567cdef]???) term=TERM ;; esac
    ;;
  esac
done </proc/1/status || exit 1
`

/** Says what it would notice: one word or two. */
export const LOOK_COMMAND: readonly string[] = ['sh', '-c', `${LOOK}echo "$int $term"`]

/**
 * Says by what it signals it, and does: when that ends the container, the command has no time to say it afterwards. Then it
 * waits at its standard input to be killed with the container: nothing else tells at once that a container has ended, the
 * kubelet takes seconds.
 */
export const SIGNAL_COMMAND: readonly string[] = [
  'sh',
  '-c',
  `${LOOK}case $int$term in
INT*) kill -0 1 && echo INT && kill -INT 1 || echo failed ;;
TERM) kill -0 1 && echo TERM && kill -TERM 1 || echo failed ;;
*) echo none ;;
esac
read -r end`
]

interface Target {
  readonly pod: string
  readonly container: string
}

/** A process that was killed, as a shell tells it. */
const KILLED = 137

/** How a container was asked to end. */
export interface Asked {
  /** What its first process was sent; `none` when it would notice neither. */
  readonly sent: StopSignal | 'none'
  /** Aborted when the container was seen to end; never, when that could not be seen. */
  readonly ended: AbortSignal
}

/**
 * Asks the first process of a container to end: by INT, as Docker passes on what the runner sends, or by TERM where INT
 * would be dropped.
 *
 * @param signal ends the asking, and the look at the container's end
 * @returns undefined when nobody knows what it would notice, as in an image without a shell, or when it may not be signalled
 */
export async function signalContainer(kube: Kube, target: Target, signal: AbortSignal): Promise<Asked | undefined> {
  const stream = await kube.exec({ ...target, command: SIGNAL_COMMAND, stdin: true }, { repeatable: true, signal })
  stream.stderr.resume()
  const ended = new AbortController()
  stream.exit.then(
    code => (code === KILLED ? ended.abort() : undefined),
    () => undefined
  )
  let word = ''
  for await (const chunk of stream.stdout as AsyncIterable<Buffer>) {
    word += chunk.toString()
    if (word.includes('\n')) break
  }
  const [sent] = word.split('\n')
  if (sent === 'INT' || sent === 'TERM' || sent === 'none') return { sent, ended: ended.signal }
  stream.close()
  return undefined
}

/**
 * Whether a container would do anything when it is asked to end.
 *
 * @returns undefined when nobody knows, as in an image without a shell
 */
export async function noticesStop(kube: Kube, target: Target, signal: AbortSignal): Promise<boolean | undefined> {
  const { code, stdout } = await runInContainer(kube, target, LOOK_COMMAND, { signal })
  return code === 0 ? stdout.trim() !== '' : undefined
}
