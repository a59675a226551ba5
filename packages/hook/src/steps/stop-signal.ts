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

/** Says by what it signals it, and does: when that ends the container, the command has no time to say it afterwards. */
export const SIGNAL_COMMAND: readonly string[] = [
  'sh',
  '-c',
  `${LOOK}case $int$term in
INT*) echo INT && kill -INT 1 || echo failed ;;
TERM) echo TERM && kill -TERM 1 || echo failed ;;
*) echo none ;;
esac`
]

interface Target {
  readonly pod: string
  readonly container: string
}

/**
 * Asks the first process of a container to end: by INT, as Docker passes on what the runner sends, or by TERM where INT
 * would be dropped.
 *
 * @returns what it was sent; `none` when it would notice neither; undefined when nobody knows, as in an image without a
 *   shell, or when it may not be signalled
 */
export async function signalContainer(
  kube: Kube,
  target: Target,
  signal: AbortSignal
): Promise<StopSignal | 'none' | undefined> {
  const { stdout } = await runInContainer(kube, target, SIGNAL_COMMAND, { signal })
  const word = stdout.trim()
  return word === 'INT' || word === 'TERM' || word === 'none' ? word : undefined
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
