import { ARCHIVE_KEY, ARCHIVE_MOUNT } from './context-secret.js'
import { CONTEXT_TREE, NAME_FILES, NAMES_MOUNT } from './parts.js'

/**
 * The init container's program: waits until the tree is there. It ends by itself when nobody comes, so that a hook
 * that died leaves no pod behind. PID 1 ignores TERM unless it is trapped.
 */
export const WAIT_SCRIPT = `
trap 'exit 143' TERM
left=$((WAIT_SECONDS * 10))
until [ -d ${CONTEXT_TREE} ]; do
  left=$((left - 1))
  if [ "$left" -le 0 ]; then echo 'no build context has come' >&2; exit 1; fi
  sleep 0.1
done
`.trim()

/**
 * Before it waits: RUN or COPY may write into the files that say what names stand for, and the containers of a pod share
 * `resolv.conf`. One that has a credential uses these copies.
 */
export const KEEP_NAMES_SCRIPT = `cp ${NAME_FILES.map(file => `/etc/${file}`).join(' ')} ${NAMES_MOUNT}/ || exit 1`

/**
 * The program that is executed in it to take the context. Its text is constant, since API servers log the commands of
 * an exec; all else comes by standard input.
 *
 * 1. It reads a line with the number of bytes, and then as many bytes of tar. \`head\` takes no more than these, so what
 *    follows stays for the shell.
 * 2. It unpacks while it hashes, and prints \`received <sha256>\`.
 * 3. Only when it is told \`accept\` does the tree get its name, at once and whole. A stream that broke leaves nothing
 *    but a directory without meaning.
 *
 * Exit codes: 64 nothing came on standard input, 65 the archive could not be unpacked, 66 it was not accepted.
 *
 * @param tree where the context shall lie
 */
export function receiveScript(tree: string): string {
  return `
set -u
tree=${tree}
IFS= read -r bytes || exit 64
[ -n "$bytes" ] || exit 64
top=$(mktemp -d "\${tree%/*}/receive.XXXXXX") || exit 65
trap 'rm -rf "$top"' EXIT
mkfifo "$top/pipe" && mkdir "$top/tree" || exit 65
sha256sum < "$top/pipe" > "$top/sum" &
head -c "$bytes" | tee "$top/pipe" | tar -xpf - -C "$top/tree" || exit 65
wait
read -r sum rest < "$top/sum"
chmod 755 "$top/tree" || exit 65
echo "received $sum"
IFS= read -r answer || exit 66
[ "$answer" = accept ] || exit 66
[ -d "$tree" ] || mv "$top/tree" "$tree"
`.trim()
}

/**
 * The init container's program when the archive comes with the pod, as a Secret: nobody has to be there. The API server and the
 * kubelet see to it that the file is whole. It may be compressed, which GNU's tar sees for itself and others have to be told.
 */
export function unpackScript(archive: string, tree: string): string {
  return `
top=$(mktemp -d "${tree}.XXXXXX") || exit 65
{ tar -xpf ${archive} -C "$top" || tar -xzpf ${archive} -C "$top"; } && chmod 755 "$top" && mv "$top" ${tree} || exit 65
`.trim()
}

export const UNPACK_SCRIPT = unpackScript(`${ARCHIVE_MOUNT}/${ARCHIVE_KEY}`, CONTEXT_TREE)

/** The command of the exec. */
export const RECEIVE_COMMAND: readonly string[] = ['sh', '-c', receiveScript(CONTEXT_TREE)]
