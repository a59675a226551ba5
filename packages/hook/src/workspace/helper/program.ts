import { createHash } from 'node:crypto'

import { COPIED } from './words.js'

/** What waits for the hook in a container of ours, and the program that the hook brings along, compressed; the build puts them in. */
declare const HELPER_LISTENER: string
declare const HELPER_PROGRAM: string

/** Where the hook's half in a pod keeps its own things: a volume that no container of a job sees. */
export const OWN = '/transfer'

/** Where a job pod's container of ours has the volume of the runner's externals. */
export const EXTERNALS = '/mnt/externals'

/** Exit code when there is no node that runs. */
export const EXIT_NO_NODE = 96
/** Exit code of a listener to which nobody came. */
const EXIT_ALONE = 3

/**
 * Puts the runner's externals where the job's container sees them, while the pod's other containers start: an init container
 * would hold them up. Each node build is copied by itself, as thousands of files take long.
 */
const COPY = `
copy() {
  for build in /home/runner/externals/*; do
    cp -R "$build" ${EXTERNALS}/ &
    copies="$copies $!"
  done
  for copy in $copies; do wait "$copy" || failed=1; done
  [ -z "$failed" ] && echo ${COPIED} || echo "cp failed"
}
if [ -d ${EXTERNALS} ]; then
  (copy >${OWN}/copying 2>&1; mv ${OWN}/copying ${OWN}/${COPIED}) &
else
  echo ${COPIED} >${OWN}/${COPIED}
fi
`

/**
 * $1 = the listener, $2 = seconds after which it ends when nobody comes, or nothing. Starts it by the first node of the runner's
 * image that runs it, and again when it broke later. As process 1 it takes in whatever ends, and goes when it is told to. For one that
 * ends alone, 0 means that it went by itself, with all its files.
 */
const KEEP = `${COPY}
trap 'kill $! 2>/dev/null; [ -z "$2" ] && exit 0; exit 1' TERM
umask 077
rm -f ${OWN}/listens
[ -p ${OWN}/door ] || mkfifo ${OWN}/door
for node in /home/runner/externals/node*/bin/node; do
  [ -x "$node" ] || continue
  while :; do
    "$node" --expose-gc --max-semi-space-size=1 -e "$1" ${OWN} ${EXIT_ALONE} "$2" &
    wait $!
    case $? in
      0) exit 0 ;;
      ${EXIT_ALONE}) exit 1 ;;
    esac
    [ -e ${OWN}/listens ] || break
    sleep 0.2
  done
done
: >${OWN}/no-node
while :; do sleep 3600 & wait $!; done
`

/**
 * Calls at the door, and passes standard input and output on. The input's pipe is open at both ends (4) until the listener has
 * opened it too: else it would seem to have ended, or nobody to read it. Who passes the input on can only write (6), so that
 * he ends with the listener, and holds nothing of the exec's own output: a runtime waits until nobody does.
 */
const CALL = `
i=0
until [ -e ${OWN}/listens ]; do
  [ ! -e ${OWN}/no-node ] || exit ${EXIT_NO_NODE}
  i=$((i + 1))
  [ $i -lt 1200 ] || { echo "nothing listens in the container" >&2; exit 1; }
  sleep 0.05
done
umask 077
call=$(mktemp -d ${OWN}/call.XXXXXX) && mkfifo "$call/in" "$call/out" || exit 1
exec 3<&0 4<>"$call/in" 6>"$call/in"
cat <&3 >&6 3<&- 4<&- 6<&- 2>/dev/null &
echo "\${call##*/}" >${OWN}/door
exec 5<"$call/out"
exec cat <&5 3<&- 4<&- 5<&- 6<&-
`

/**
 * The command of a container in which the hook is waited for.
 *
 * @param aloneSeconds after which it fails when nobody comes
 */
export function keepCommand(aloneSeconds?: number): string[] {
  return ['sh', '-c', KEEP, 'work', HELPER_LISTENER, String(aloneSeconds ?? '')]
}

/** The exec command that begins a conversation there. Constant, as audit logs record it. */
export const CALL_COMMAND: readonly string[] = ['sh', '-c', CALL, 'work']

/** What goes to standard input before the first word. */
export function programBytes(): Buffer {
  const program = Buffer.from(HELPER_PROGRAM, 'base64')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(program.length)
  return Buffer.concat([length, createHash('sha256').update(program).digest(), program])
}
