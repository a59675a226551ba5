import type { ByteReader } from './byte-reader.js'

type EntryType = 'file' | 'link' | 'directory' | 'other'

/** What a pod says of one path. */
export interface Entry {
  /** Relative to the work directory; no `.` or `..` in it. */
  readonly path: string
  readonly type: EntryType
  /** Bytes. */
  readonly size: number
  /** Tells one state of the path from any other: type, mode, inode, size and times; of a directory its inode alone. */
  readonly sign: string
  /** Seconds of the epoch, whole ones where the pod's tools know no better. */
  readonly mtime: number
  readonly ctime: number
}

/** A pod's work directory at a moment. */
export interface Listing {
  readonly entries: ReadonlyMap<string, Entry>
  /** The ctime of what was changed when the listing began, by the pod's own clock. */
  readonly now: number
  /** Whether what is missing is gone, but for what `closed` names. */
  readonly isComplete: boolean
  /** What the tools said of paths that are closed to the pod's user. */
  readonly closed: string
  /** What could not be read, in find's words, or by its name. */
  readonly complaints: readonly string[]
}

/** How the pod writes the list, see `pod-scripts.ts`. */
export type ListKind = 'nul' | 'slash'

const SEPARATOR: Readonly<Record<ListKind, string>> = { nul: '\0', slash: '//\n' }
/** PATH_MAX is 4096, and what a find said is cut to 4000. */
const RECORD_LIMIT = 16 * 1024
/** Each entry takes some 500 bytes of memory, and a runner has little. */
const RECORD_COUNT_LIMIT = 1_000_000
const COMPLAINT_LIMIT = 100
/** Shorter than what the script cuts. */
const SAID_WHOLE = 3900
/** Not of the work directory itself, of which nothing is known then. */
const CLOSED = /\.\/.*: Permission denied$/
/** What a complaint shows of a name. */
const SHOWN = 200

const RECORD = /^(\S+) (\d+) (\d+) (-?\d+(?:\.\d+)?) (-?\d+(?:\.\d+)?) (.*)$/s

/** What a file that went while it was looked at makes the tools say. */
const VANISHED =
  /No such file or directory|File removed before we read it|file changed as we read it|[Ff]ile shrank|Stale file handle/
/** What tar says at its end of what it said before. */
const SUMMARY = /Exiting with failure status|error exit delayed/

/** The lines of a tool's complaints that tell of something that is there and was not read. */
export function seriousLines(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !VANISHED.test(line) && !SUMMARY.test(line))
}

/**
 * Reads a pod's list to its end. The pod is not trusted: a path that leads out of the work directory is left out.
 *
 * @throws EndedEarly when the stream ended before the list
 * @throws RangeError when the list is longer than any real one, whatever is in its records
 */
export async function readListing(bytes: ByteReader, kind: ListKind): Promise<Listing> {
  const entries = new Map<string, Entry>()
  const complaints: string[] = []
  const complain = (words: string): void => {
    if (complaints.length < COMPLAINT_LIMIT) complaints.push(words)
  }
  let now: number | undefined
  let isUnderstood = true
  for (let count = 0; count <= RECORD_COUNT_LIMIT; count += 1) {
    const record = await bytes.until(SEPARATOR[kind], RECORD_LIMIT)
    const text = record.toString('utf8')
    if (text.startsWith('end ')) {
      const [, code = '', said = ''] = /^end (\d+) (.*)$/s.exec(text) ?? []
      const serious = seriousLines(said)
      const isNamed = said !== '' && record.length < SAID_WHOLE && serious.every(line => CLOSED.test(line))
      return {
        entries,
        now: now ?? 0,
        isComplete: isUnderstood && (code === '0' || isNamed),
        closed: serious.join('\n'),
        complaints: [...complaints, ...serious]
      }
    }
    const fields = RECORD.exec(text)
    if (fields === null) {
      // A file that is there may be the one that is not understood.
      isUnderstood = false
      complain(`find printed ${JSON.stringify(text.slice(0, SHOWN))}, which is no file's record`)
      continue
    }
    const [, mode = '', inode = '', size = '', mtime = '', ctime = '', name = ''] = fields
    if (now === undefined) {
      now = Number(ctime)
      continue
    }
    const path = innerPath(name)
    if (path === undefined) continue
    // The runner's side knows names as text only.
    if (text.includes('\ufffd') && !Buffer.from(text).equals(record)) {
      complain(`${path.slice(0, SHOWN)}: its name is not UTF-8; rename the file, or put it into an archive`)
      continue
    }
    const type = typeOf(kind, mode)
    const sign = type === 'directory' ? `d ${inode}` : `${mode} ${inode} ${size} ${mtime} ${ctime}`
    entries.set(path, { path, type, size: Number(size), sign, mtime: Number(mtime), ctime: Number(ctime) })
  }
  throw new RangeError(`There are more than ${RECORD_COUNT_LIMIT} files`)
}

/** A path as find prints it, without its `./`; nothing for the directory itself and for what no find prints. */
function innerPath(name: string): string | undefined {
  if (!name.startsWith('./')) return undefined
  const path = name.slice(2)
  return path.split('/').some(part => part === '' || part === '.' || part === '..') ? undefined : path
}

function typeOf(kind: ListKind, mode: string): EntryType {
  const letter = kind === 'nul' ? mode.slice(0, 1) : ({ 8: 'f', 10: 'l', 4: 'd' }[parseInt(mode, 16) >> 12] ?? '')
  return letter === 'f' ? 'file' : letter === 'l' ? 'link' : letter === 'd' ? 'directory' : 'other'
}
