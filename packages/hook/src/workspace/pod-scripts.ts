/**
 * The pod's half of a transfer, as POSIX shell for whatever `find` and `tar` the image has. What a tool can do is found
 * out by trying: names say little (`find` may be GNU's, busybox's or another one). The commands are constants, as audit
 * logs record them; what varies comes by stdin.
 *
 * Each transfer works in a directory of its own, closed to others, below the spool, which lies outside the work tree.
 */

/** Exit code when stdin did not carry what was announced: an exec's stdin may get lost. */
export const EXIT_SHORT = 97
/** Exit code when the image lacks a tool; stderr says `lacks <tools>`. */
const EXIT_LACKS = 96

const BEGIN = String.raw`
LC_ALL=C
export LC_ALL
read -r spool root || exit ${EXIT_SHORT}
lacks=
for tool in cat find head mkdir rm tar wc; do command -v "$tool" >/dev/null 2>&1 || lacks="$lacks, $tool"; done
[ -z "$lacks" ] || { echo "lacks ${'${lacks#, }'}" >&2 && exit ${EXIT_LACKS}; }
d=$spool/$$
(umask 077 && rm -rf "$d" && mkdir -p "$spool" "$d") || exit 1
trap 'rm -rf "$d"' EXIT
trap 'exit 1' HUP INT TERM
: >"$d/now" || exit 1
case $(find "$d/now" -printf '%y %C@' 2>/dev/null) in
'f '[0-9]*) list=nul ;;
*)
  list=slash
  case $(find "$d/now" -exec stat -c '%f %Z' {} + 2>/dev/null) in
  [0-9a-f]*' '[0-9]*) ;;
  *) echo 'lacks a find with -printf or a stat with -c' >&2 && exit ${EXIT_LACKS} ;;
  esac
  ;;
esac
# Names come one a line; a backslash and a newline in a name are escaped.
words() {
  name=$1
  case $name in *\\*)
    name=$(printf '%b_' "$name")
    name=${'${name%_}'}
    ;;
  esac
}
`

/**
 * stdin: `<spool> <root>\n`, then requests. `remove <bytes>\n` and names: what they name is removed, directories when
 * they are empty. `files <bytes>\n` and an archive: unpacked when it came whole; what was unpacked belongs to the
 * container's user (`-o`), as a checkout there would. Each is answered by `done <exit code>`. `end\n` is answered by
 * `mark <time>`, the change time of what is changed now (ctime, seconds of the epoch).
 */
const RECEIVE = String.raw`${BEGIN}
mkdir -p "$root" && cd "$root" || exit 1
while read -r what bytes; do
  case $what in
  end)
    : >"$d/mark"
    echo "mark $(find "$d/mark" -printf '%C@' 2>/dev/null || stat -c %Z "$d/mark")"
    exit 0
    ;;
  esac
  head -c "$bytes" >"$d/in" || exit 1
  [ "$(wc -c <"$d/in")" -eq "$bytes" ] || exit ${EXIT_SHORT}
  case $what in
  files) tar -xof "$d/in" ;;
  remove)
    set --
    while IFS= read -r line; do
      words "$line"
      set -- "$@" "$name"
    done <"$d/in"
    rm -f "$@" 2>/dev/null
    rmdir "$@" 2>/dev/null
    :
    ;;
  *) exit ${EXIT_SHORT} ;;
  esac
  echo "done $?"
  rm -f "$d/in"
done
exit ${EXIT_SHORT}
`

/**
 * stdin: `<spool> <root>\n`. stdout: `<list> <names>\n`, how the list is written and how names are wanted; then the list
 * of all that is there, first a file made just now, last `end <exit code of find> <what it said>`. Records are `<type><mode in
 * octal> <inode> <size> <mtime> <ctime> <path>\0` (nul), or `<mode in hex> <inode> <size> <mtime> <ctime> <path>//\n`
 * (slash: no path that find prints has two slashes).
 *
 * Then requests, `<bytes>\n` and names, each answered by `<exit code of tar> <bytes>\n` and an archive; `end\n` ends it.
 * Names are a list for `tar --null -T` (nul), or lines that become arguments (lines), which busybox's tar takes exactly.
 */
const SEND = String.raw`${BEGIN}
cd "$root" || exit 1
printf './now\000' >"$d/names"
if tar -cf /dev/null -C "$d" --no-recursion --null -T "$d/names" 2>/dev/null; then names=nul; else names=lines; fi
# A directory that was empty in the list may have files by now, which are not in the list.
if tar -cf /dev/null --no-recursion "$d/now" 2>/dev/null; then flat=--no-recursion; else flat=; fi
echo "$list $names"
if [ "$list" = nul ]; then
  find "$d/now" . -printf '%y%m %i %s %T@ %C@ %p\000' 2>"$d/said"
  code=$?
  printf 'end %s %s\000' "$code" "$(head -c 4000 "$d/said")"
else
  find "$d/now" . -exec stat -c '%f %i %s %Y %Z %n//' {} + 2>"$d/said"
  code=$?
  printf 'end %s %s//\n' "$code" "$(head -c 4000 "$d/said")"
fi
while read -r bytes; do
  [ "$bytes" != end ] || exit 0
  head -c "$bytes" >"$d/names" || exit 1
  [ "$(wc -c <"$d/names")" -eq "$bytes" ] || exit ${EXIT_SHORT}
  : >"$d/out"
  if [ "$names" = nul ]; then
    tar -cf "$d/out" --no-recursion --null -T "$d/names"
  else
    set --
    while IFS= read -r line; do
      words "$line"
      set -- "$@" "$name"
    done <"$d/names"
    tar -cf "$d/out" $flat "$@"
  fi
  echo "$? $(($(wc -c <"$d/out")))"
  cat "$d/out" || exit 1
  rm -f "$d/out"
done
exit ${EXIT_SHORT}
`

/** The exec command that takes files. */
export const RECEIVE_COMMAND: readonly string[] = ['sh', '-c', RECEIVE]
/** The exec command that lists the work directory and gives files. */
export const SEND_COMMAND: readonly string[] = ['sh', '-c', SEND]

/** Names as `words` of the scripts reads them. */
export function nameLines(paths: readonly string[]): string {
  return paths.map(path => `./${path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`).join('')
}

/** Names as `tar --null -T` reads them. */
export function nameList(paths: readonly string[]): string {
  return paths.map(path => `./${path}\0`).join('')
}
