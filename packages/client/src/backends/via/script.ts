import { placesBelow } from '../elsewhere.js'

/** The whole remote command: a word that ssh, cf ssh, kubectl and docker pass on alike, whoever reads it again. */
export const REMOTE_COMMAND = 'sh'

/** What the other side says, after the mark. */
export const SAID = {
  /** `READY <machine> <what the executor says its version is>` */
  ready: 'READY',
  /** `RECEIVED <sha256>` of the context */
  received: 'RECEIVED',
  /** `FILE <kind>`, then the file as base64, then `SENT <sha256>` */
  file: 'FILE',
  sent: 'SENT',
  /** `END <exit code> <digest or nothing>` */
  end: 'END',
  /** `REFUSED <why>` */
  refused: 'REFUSED'
} as const

/** The words that the other side is told, a line each. */
export const TOLD = { accept: 'accept', go: 'go', cancel: 'cancel' } as const

/**
 * The program of the other side, for any POSIX shell with `dd`, `head`, `mkfifo`, `sha256sum`, `tar` and `tee`, and `base64` for files. The shell reads
 * it from its standard input, where all else follows, but only after the shell has answered: shells read ahead. So does busybox'
 * `head`, after which nothing is sent without an answer either; `dd` byte by byte does not.
 *
 * 1. It takes `<home>/.kbuild` for this build alone and says READY.
 * 2. It reads a line with a number of bytes and as many bytes of tar, and says RECEIVED with their sum.
 * 3. It is told `accept`, then reads texts, each with a line before that has its length: `config.json` of docker, the secrets (a
 *    line with their number before), variables, arguments likewise. Nothing runs before it is told `go`: a stream that broke
 *    is no build.
 * 4. The executor's output follows, after a good end the files that were asked for (a line with their kinds before `go`), and END. Another line, or the end of the stream, ends the executor.
 *
 * Kaniko replaces the file system while the shell waits: from then on it uses what is built into it, besides a last `rm`, for
 * which credentials are emptied first. What a failed build leaves is removed by a build of nothing. The shell and the working
 * directory, without which no command could be started there again, are made anew.
 *
 * @param mark begins each line that is the program's own; only letters and digits
 * @param home the directory of the executor
 */
export function remoteScript(mark: string, home = '/kaniko'): string {
  if (!/^[A-Za-z0-9]+$/.test(mark) || !/^[A-Za-z0-9/._-]+$/.test(home)) throw new Error('not for a script')
  const { executor, work, layout, tar, tree } = placesBelow(home)
  return `${SCRIPT.trim()
    .replaceAll('MARK', mark)
    .replaceAll('HOME_DIRECTORY', home)
    .replaceAll('EXECUTOR', executor)
    .replaceAll('LEFT_LAYOUT', layout)
    .replaceAll('LEFT_TAR', tar)
    .replaceAll('WORK', work)
    .replaceAll('TREE', tree)}\nkbuild; exit 0\n`
}

const SCRIPT = String.raw`
say() { echo "MARK $*"; }
empty() {
  for file in WORK/docker/config.json WORK/secrets/*; do
    if [ -f "$file" ]; then : > "$file"; fi
  done
}
clean() {
  empty
  if [ -x /busybox/sh ] && [ ! -e /bin/sh ]; then mkdir -p /bin && ln -s /busybox/sh /bin/sh; fi
  if [ ! -d "$start" ]; then mkdir -p -m 755 "$start"; fi
  drop
}
look() {
  had=/
  for path in HOME_DIRECTORY/* HOME_DIRECTORY/.[!.]*; do had=$had${'$'}{path##*/}/; done
}
drop() {
  for path in HOME_DIRECTORY/* HOME_DIRECTORY/.[!.]*; do
    name=${'$'}{path##*/}
    case $had in
      */"$name"/*) ;;
      *) rm -rf "$path" ;;
    esac
  done
}
copy() { dd bs=1 "count=$1" 2> /dev/null; }
take() {
  IFS= read -r bytes || return 1
  text=$(copy "$bytes"; echo .)
  text=${'$'}{text%.}
}
end_build() {
  for stat in /proc/[0-9]*/stat; do
    IFS= read -r line < "$stat" || continue
    set -- ${'$'}{line##*) }
    pid=${'$'}{stat#/proc/}
    pid=${'$'}{pid%/stat}
    if [ "$2" != "$child" ]; then continue; fi
    if [ "$3" = "$pid" ]; then kill -KILL "-$pid"; else kill -KILL "$pid"; fi
  done
  kill -KILL "$child"
}
stop() {
  if [ -n "$child" ]; then end_build; fi
  exit "$1"
}
kbuild() {
  start=$PWD
  PATH=$PATH:/busybox:HOME_DIRECTORY
  export PATH
  umask 077
  if [ ! -x EXECUTOR ]; then say REFUSED there is no EXECUTOR; return; fi
  look
  if ! mkdir WORK 2> /dev/null; then
    other=
    read -r other 2> /dev/null < WORK/pid
    if [ -n "$other" ] && kill -0 "$other" 2> /dev/null; then say REFUSED another build runs there; return; fi
    empty
    if [ -f WORK/had ]; then IFS= read -r had < WORK/had; fi
    drop
    rm -rf WORK
    look
    if ! mkdir WORK; then say REFUSED WORK cannot be made; return; fi
  fi
  trap clean EXIT
  child=
  trap 'stop 129' HUP
  trap 'stop 130' INT
  trap 'stop 143' TERM
  echo "$$" > WORK/pid
  echo "$had" > WORK/had
  rm -rf TREE
  mkdir -p -m 755 HOME_DIRECTORY/context
  mkdir WORK/docker WORK/secrets WORK/tree && mkfifo WORK/pipe || { say REFUSED WORK cannot be written; return; }
  say READY "$(uname -m)" "$(EXECUTOR version 2>&1 | tr '\n' ' ')"

  IFS= read -r bytes || return
  sha256sum < WORK/pipe > WORK/sum &
  head -c "$bytes" | tee WORK/pipe | tar -xpf - -C WORK/tree || { say REFUSED the context cannot be unpacked; return; }
  wait
  read -r sum rest < WORK/sum
  chmod 755 WORK/tree && mv WORK/tree TREE || { say REFUSED TREE cannot be made; return; }
  say RECEIVED "$sum"
  IFS= read -r answer && [ "$answer" = accept ] || return

  IFS= read -r bytes && copy "$bytes" > WORK/docker/config.json || return
  IFS= read -r count || return
  index=0
  while [ "$index" -lt "$count" ]; do
    IFS= read -r bytes && copy "$bytes" > "WORK/secrets/$index" || return
    index=$((index + 1))
  done
  IFS= read -r count || return
  while [ "$count" -gt 0 ]; do
    take && export "$text" || return
    count=$((count - 1))
  done
  IFS= read -r count || return
  set --
  while [ "$count" -gt 0 ]; do
    take || return
    set -- "$@" "$text"
    count=$((count - 1))
  done
  IFS= read -r wanted || return
  IFS= read -r answer && [ "$answer" = go ] || return

  DOCKER_CONFIG=WORK/docker
  export DOCKER_CONFIG
  umask 022
  exec 3<&0
  EXECUTOR "$@" < /dev/null 2>&1 &
  child=$!
  { IFS= read -r answer; end_build; } <&3 > /dev/null 2>&1 &
  watcher=$!
  { wait "$child"; } 2> /dev/null
  code=$?
  { kill -KILL "$watcher"; wait "$watcher"; } 2> /dev/null
  digest=
  if [ -f WORK/digest ]; then read -r digest < WORK/digest; fi
  empty
  if [ "$code" -eq 0 ]; then
    for kind in $wanted; do
      case $kind in
        docker) file=LEFT_TAR ;;
        oci) file=WORK/layout.tar; tar -cf "$file" -C LEFT_LAYOUT . ;;
        *) file=LEFT_LAYOUT/blobs/sha256/${'$'}{digest#sha256:} ;;
      esac
      say FILE "$kind"
      base64 < "$file"
      sum=$(sha256sum < "$file")
      say SENT "${'$'}{sum%% *}"
    done
  fi
  if [ "$code" -ne 0 ]; then
    printf 'FROM scratch\nLABEL a=b\n' > WORK/Dockerfile
    EXECUTOR --context=dir://WORK --dockerfile=WORK/Dockerfile --no-push --cleanup --ignore-path=/busybox > /dev/null 2>&1 < /dev/null
  fi
  clean 2> /dev/null
  trap - EXIT
  say END "$code" "$digest"
}
`
