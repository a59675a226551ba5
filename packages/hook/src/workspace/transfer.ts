import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, type ExecStream, type Kube } from '@kaniko-hooks/kube'

import { HookError } from '../errors.js'
import { unpack } from './unpack.js'

/** A container into which files go or from which they come. */
export interface Place {
  readonly pod: string
  readonly container: string
  /** A directory of ours in that container for the archive on its way. */
  readonly spool: string
  /** The work directory there. */
  readonly root: string
}

const TRIES = 4

/**
 * Notes the moment. busybox compares whole seconds: what is written in the second of the mark would not be newer, so it
 * has a mark of the second before.
 */
const MARK = `touch "$spool/mark"
touch -d "@$(($(date +%s) - 1))" "$spool/second" 2>/dev/null || touch "$spool/second"`

/**
 * stdin: `<bytes> <spool> <root>\n` and the archive. It is unpacked only when it came whole. What was unpacked belongs
 * to the container's user (`-o`), as a checkout there would. The mark tells later what is newer.
 */
const RECEIVE = `
read -r bytes spool root || exit 97
mkdir -p "$spool" "$root" || exit 1
head -c "$bytes" >"$spool/in.tar" || exit 1
[ "$(wc -c <"$spool/in.tar")" -eq "$bytes" ] || exit 97
tar -xof "$spool/in.tar" -C "$root"
code=$?
rm -f "$spool/in.tar"
${MARK}
exit $code
`

/**
 * stdin: `<spool> <root>\n`. stdout: an archive of what is newer than the mark; stderr: `size <bytes>`. A busybox may
 * be built without `tar -T`; then the names go into the argument list, which takes some 20,000. A directory that is empty
 * goes along where find knows -empty.
 */
const SEND = `
read -r spool root || exit 97
cd "$root" || exit 1
ours='-path ./externals -prune -o -path ./.spool -prune -o -path ./_temp/_runner_hook_responses -prune -o'
newer() { find . $ours \\( "$@" \\) ! -type d -print; }
newer -newer "$spool/mark" -o -cnewer "$spool/mark" >"$spool/list" 2>/dev/null || newer -newer "$spool/second" >"$spool/list" || exit 1
find . $ours -type d -empty -newer "$spool/second" -print >>"$spool/list" 2>/dev/null
[ -s "$spool/list" ] || { echo 'size 0' >&2 && exit; }
if tar -cf /dev/null -T /dev/null 2>/dev/null; then
  tar -cf "$spool/out.tar" -T "$spool/list"
else
  set --
  while IFS= read -r file; do set -- "$@" "$file"; done <"$spool/list"
  tar -cf "$spool/out.tar" "$@"
fi
# 1: a file was being written while it was read. It is a file of the moment, as it would be on a shared volume.
[ $? -le 1 ] || exit 1
echo "size $(wc -c <"$spool/out.tar")" >&2
cat "$spool/out.tar"
rm -f "$spool/out.tar" "$spool/list"
${MARK}
`

/**
 * Sends files of the work directory into a container. The archive is counted on both sides; one that came short is sent
 * again on a new stream.
 *
 * @param paths relative to `from`
 * @returns the archive's size in bytes
 */
export async function sendFiles(
  kube: Kube,
  place: Place,
  from: string,
  paths: readonly string[],
  signal: AbortSignal
): Promise<number> {
  if (paths.length === 0) return 0
  const { create } = await import('tar/create')
  return inTemporary(async archive => {
    // A name that begins with @ would be taken for another archive.
    await create(
      { file: archive, cwd: from, noDirRecurse: true },
      paths.map(path => `./${path}`)
    )
    const { size } = await stat(archive)
    await retried('send files to', place, async () => {
      const stream = await kube.exec({ ...place, command: ['sh', '-c', RECEIVE], stdin: true }, { signal })
      return withWords(stream, async () => {
        stream.stdout.resume()
        await stream.write(`${size} ${place.spool} ${place.root}\n`)
        for await (const chunk of createReadStream(archive)) await stream.write(chunk as Buffer)
        return stream.exit
      })
    })
    return size
  })
}

/** Brings back what changed in a container's work directory since the last transfer. */
export async function fetchFiles(kube: Kube, place: Place, to: string, signal?: AbortSignal): Promise<void> {
  await inTemporary(async archive => {
    await retried('fetch files from', place, async () => {
      const stream = await kube.exec({ ...place, command: ['sh', '-c', SEND], stdin: true }, signal && { signal })
      return withWords(stream, async words => {
        await stream.write(`${place.spool} ${place.root}\n`)
        await pipeline(stream.stdout, createWriteStream(archive))
        const code = await stream.exit
        const { size } = await stat(archive)
        return code === 0 && Number(/size (\d+)/.exec(words())?.[1]) !== size ? 97 : code
      })
    })
    const { size } = await stat(archive)
    if (size > 0) await unpack(archive, to)
  })
}

async function withWords(
  stream: ExecStream,
  body: (words: () => string) => Promise<number>
): Promise<[number, string]> {
  let text = ''
  stream.stderr.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2000)))
  stream.exit.catch(() => undefined)
  try {
    return [await body(() => text), text]
  } finally {
    stream.close()
  }
}

async function retried(verb: string, place: Place, body: () => Promise<[number, string]>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [code, words] = await body()
      if (code === 0) return
      if (code !== 97 || attempt === TRIES) {
        throw new HookError(
          'WORKSPACE',
          'user',
          `Could not ${verb} container ${place.container} of pod ${place.pod} (exit code ${code}): ${words.trim() || 'the archive did not come whole'}. ` +
            'Without a shared volume the image needs sh, tar, find, head and wc.'
        )
      }
    } catch (error) {
      if (!isKubeError(error, 'STREAM_LOST') || attempt === TRIES) throw error
      await sleep(200 * attempt)
    }
  }
}

async function inTemporary<T>(body: (archive: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'kaniko-hooks-'))
  try {
    return await body(join(directory, 'work.tar'))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
