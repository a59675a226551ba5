import { SPOOL_PATH } from '../pods/spool.js'

/**
 * The in-pod half of a script step, as POSIX shell (dash, bash, busybox ash).
 *
 * The step runs detached from any connection. Its output goes through a pipe into a spool of segment files, so that
 * `echo x >/dev/stderr` reopens a pipe and not a file (a file would be truncated). A follower copies the spool to the
 * exec's stdout; a lost connection costs only the follower, and the next one goes on at the byte where it ended.
 *
 * Files in `/__hook/<id>`: `step` the script (mode 0600, it removes itself), `lock` a directory that stands while the step is somebody's, `pid` the step's
 * process group, `supervisor` and `follower` process ids, `N` segment N and `N.at` its first byte's offset, `low` the
 * lowest segment still kept, `seen` that a follower spoke since the last look, `orphaned` that the step is being ended
 * because none did, `exit` the exit code, `whole` that nothing more will come, `fault` what broke the spool.
 *
 * The commands are constants: API audit logs record them. What varies comes by stdin.
 */

/**
 * Introduces the end mark in a step's output: record separator, our name, the step's id, its exit code (with `orphaned`
 * after it when the step was ended because nobody followed it) or `lost`.
 */
export const END_MARK = '\u001eKANIKO-HOOKS '

/** Exit code of the launch command when stdin did not carry what its header announced. */
export const EXIT_SHORT = 97

/**
 * A segment ends after so many reads of the pipe, each of so many bytes at most: 16 MiB. Each segment costs the start of five
 * programs, 5 ms of a processor; a program that prints line by line fills one with a thousand lines.
 */
const READS = 1024
const READ_BYTES = 16 * 1024

/** What the spool holds that was not delivered yet; beyond it the step waits, as it does when a pipe is full. */
const SPOOL_BYTES = 128 * 1024 * 1024
/** At this much no segment is begun: it may be filled. */
const FULL_BYTES = SPOOL_BYTES - READS * READ_BYTES

/** Between two of the signals that end a step whose follower is gone, in seconds. */
const ORPHAN_GRACE = 5

/**
 * $1 = spool directory, $2 = seconds. Runs the step and drains its output; lives in a session of its own.
 * `watch` counts its own sleeps, never a clock: a container that was paused with its node had no chance to be followed. It ends
 * with the step, except when it is ending the step itself: a child that outlives the step's shell gets the later signals.
 * `dd` copies each read of the pipe at once and never takes more than it writes, so that nothing is lost between two
 * segments. A step's child that outlives it may keep the pipe open: the end mark is written into the pipe when the step
 * itself ended, and ends the log as it does on Docker. The subshell keeps the shell's own "Killed" out of that pipe.
 */
const SUPERVISE = `
cd "$1" || exit 1
id=\${1##*/}
trap : HUP INT QUIT TERM
echo $$ >supervisor
watch() {
  trap 'kill $!; exit' TERM
  tick=$(($1 / 20 + 1))
  left=$1
  while [ "$left" -gt 0 ]; do
    sleep "$tick" &
    wait $! && left=$((left - tick))
    [ ! -e seen ] || { rm -f seen && left=$1; }
  done
  [ ! -e exit ] || exit
  trap : TERM
  echo >orphaned
  pid=$(cat pid)
  for signal in INT TERM KILL; do
    kill "-$signal" "-$pid" || kill "-$signal" "$pid" || exit
    sleep ${ORPHAN_GRACE}
  done
}
watch "$2" &
watcher=$!
{
  trap : HUP INT QUIT TERM
  if command -v setsid >/dev/null 2>&1; then alone=setsid; else alone=; fi
  (exec $alone sh "$1/step" </dev/null 2>&1)
  code=$?
  echo "$code" >exit.new && mv exit.new exit
  [ ! -e orphaned ] || code="$code orphaned"
  printf '\\036KANIKO-HOOKS %s %s\\n' "$id" "$code"
  kill "$watcher"
  kill -USR1 "$(cat follower)"
} | {
  trap : HUP INT QUIT TERM
  room() {
    read -r kept <low || kept=0
    read -r from <"$kept.at" && [ "$((at - from))" -le ${FULL_BYTES} ]
  }
  i=0
  at=0
  while :; do
    if ! {
      echo "$at" >"$i.at" &&
        until room || [ ! -e lock ]; do sleep 0.05 || sleep 1; done &&
        dd bs=${READ_BYTES} count=${READS} of="$i"
    }; then
      [ -d "$1" ] && {
        rm -f "$i"
        mv "$i.at" fault
        kill -TERM "-$(cat pid)"
      }
      exec cat >/dev/null
    fi
    n=$(wc -c <"$i")
    [ "$n" -gt 0 ] || break
    at=$((at + n))
    i=$((i + 1))
  done
  [ -e exit ] || [ ! -d lock ] || printf '\\036KANIKO-HOOKS %s lost\\n' "$id" >"$i"
  echo 1 >whole
}
`

/**
 * $1 = spool directory, $2 = offset in bytes. Copies the spool to stdout from there on; says `started`, `fault <text>`
 * or `gone` on stderr. Reads `ack <offset>` (segments before it are removed), `end` (everything is) and `here` from stdin;
 * each word shows that somebody follows. While nothing comes, a look costs the start of two programs, a few milliseconds of
 * a processor on some machines: whatever else it has to know comes by the shell itself.
 */
const FOLLOW = `
cd "$1" || exit 1
[ -s follower ] && kill -9 "$(cat follower)" 2>/dev/null
trap 'pause=0.01' USR1
echo $$ >follower
parent=$PPID
second=
supervisor=
exec 4<&0
echo >seen
{
  while read -r word n; do
    echo >seen
    case $word in
    ack)
      read -r j <low || j=0
      k=$j
      while read -r at <"$((j + 1)).at" && [ "$at" -le "$n" ]; do j=$((j + 1)); done
      echo "$j" >low.new && mv low.new low
      while [ "$k" -lt "$j" ]; do
        rm -f "$k" "$k.at"
        k=$((k + 1))
      done
      ;;
    end)
      kill -9 $$
      cd /
      rmdir "$1/lock"
      rm -rf "$1" || { sleep 1 && rm -rf "$1"; }
      kill -9 "$parent"
      exit
      ;;
    esac
  done
} <&4 2>/dev/null &
echo started >&2
seek() {
  { read -r i <low; } 2>/dev/null || i=0
  while { read -r at <"$((i + 1)).at"; } 2>/dev/null && [ "$at" -le "$1" ]; do i=$((i + 1)); done
}
broken() {
  [ -e fault ] || return 1
  echo "fault the spool volume at $1 is full or broken" >&2
  exit 98
}
seek "$2"
until [ -e "$i" ]; do
  broken "$1"
  sleep 0.01 2>/dev/null || sleep 1
  seek "$2"
done
exec 3<"$i"
skip=$(($2 - $(cat "$i.at")))
[ "$skip" -gt 0 ] && dd bs="$skip" count=1 of=/dev/null <&3 2>/dev/null
pause=0.01
idle=0
while :; do
  if [ -e "$((i + 1))" ]; then
    cat <&3
    i=$((i + 1))
    exec 3<"$i"
    pause=0.01
    continue
  fi
  cat <&3
  case $pause in
  0.01) next=0.02 ;;
  0.02) next=0.04 ;;
  0.04) next=0.08 ;;
  0.08) next=0.15 ;;
  *)
    next=0.3
    broken "$1"
    [ -n "$supervisor" ] || { read -r supervisor <supervisor; } 2>/dev/null
    if ! kill -0 "$supervisor" 2>/dev/null && [ ! -e "$((i + 1))" ]; then
      cat <&3
      # What was written last may still be on its way to a slow reader, who says when it came.
      [ -e whole ] || echo gone >&2
      [ -e whole ] && [ "$idle" -lt 1000 ] || exit 99
      idle=$((idle + 1))
    fi
    ;;
  esac
  now=\${second:-$pause}
  pause=$next
  sleep "$now" 2>/dev/null &
  # There are sleeps that know no fractions. What the signal of the step's end interrupted is above 128.
  wait $! || [ $? -gt 128 ] || second=1
done
`

/**
 * stdin: `<id> <offset> <bytes> <seconds>\\n`, then that many bytes of step script, then the follower's words. A step that nobody
 * follows for those seconds is ended; its log waits for who comes after all, until the next step starts.
 * Starts the step unless it was started already, and follows it: the same command serves the first try and every other.
 * The pipe keeps both sides out of the background: a shell lets background commands ignore SIGINT, for good.
 */
const LAUNCH = `
IFS=' ' read -r id offset bytes limit || exit ${EXIT_SHORT}
case $id in '' | *[!0-9a-f-]*) exit ${EXIT_SHORT} ;; esac
d=${SPOOL_PATH}/$id
mkdir -p "$d" || exit 1
(umask 077 && head -c "$bytes" >"$d/in.$$") || exit 1
if [ ! -d "$d/lock" ] && [ "$(wc -c <"$d/in.$$")" -ne "$bytes" ]; then
  rm -f "$d/in.$$"
  exit ${EXIT_SHORT}
fi
exec 4<&0
if mkdir "$d/lock" 2>/dev/null; then
  mv "$d/in.$$" "$d/step"
  for old in ${SPOOL_PATH}/*/orphaned ${SPOOL_PATH}/*/fault; do [ ! -e "$old" ] || rm -rf "\${old%/*}"; done
  if command -v setsid >/dev/null 2>&1; then alone=setsid; else alone=; fi
  $alone sh -c "$1" kaniko-hooks "$d" "$limit" </dev/null >/dev/null 2>&1 4<&- | sh -c "$2" kaniko-hooks "$d" "$offset" <&4
else
  rm -f "$d/in.$$"
  until [ -s "$d/supervisor" ]; do sleep 0.05 2>/dev/null || sleep 1; done
  sh -c "$2" kaniko-hooks "$d" "$offset" <&4
fi
`

/** stdin: `<id> <signal name>\\n`. Signals the step's process group; exit 0 when it was there. */
const SIGNAL = `
read -r id name || exit ${EXIT_SHORT}
case $id in '' | *[!0-9a-f-]*) exit ${EXIT_SHORT} ;; esac
pid=$(cat ${SPOOL_PATH}/$id/pid) || exit 1
kill "-$name" "-$pid" 2>/dev/null || kill "-$name" "$pid"
`

/** The exec command that starts or goes on following a step. */
export const LAUNCH_COMMAND: readonly string[] = ['sh', '-c', LAUNCH, 'kaniko-hooks', SUPERVISE, FOLLOW]

/** The exec command that signals a step. */
export const SIGNAL_COMMAND: readonly string[] = ['sh', '-c', SIGNAL]
