import { lstatSync, lutimesSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BuildError } from '@kaniko-hooks/builder'
import { extract, type ReadEntry } from 'tar'
import { peek } from './peek.js'

/** Unpacked. Contexts are source code; what is larger was sent by mistake, or packed to harm. */
const MAX_BYTES = 20 * 1024 ** 3

const MAX_ENTRIES = 1_000_000

/** As much as tells what a stream is: the header of an archive's first entry. */
const HEADER = 512

/** How compressed archives begin that are not taken. */
const OTHERS = [
  { name: 'bzip2', magic: Buffer.from('BZh') },
  { name: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]) },
  { name: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
  { name: 'zip', magic: Buffer.from('PK\u0003\u0004') }
]

/** A Dockerfile by itself is no longer. */
const MAX_DOCKERFILE = 1024 * 1024

/**
 * Unpacks a context: a tar archive, plain or by gzip. As with `docker build -`, another text is a Dockerfile for an empty
 * context. Names that lead out of the directory are refused. Symbolic links are made last and as they are written, so that
 * nothing is unpacked through one. What an archive says of owners does not count.
 *
 * @param directory an empty one of ours, that nobody else can write to
 * @throws BuildError `CONTEXT_FAILED` that names the entry, `ABORTED`
 */
export async function unpack(content: NodeJS.ReadableStream, directory: string, signal?: AbortSignal): Promise<void> {
  const { start, rest } = await peek(content, HEADER, signal)
  const other = OTHERS.find(({ magic }) => start.subarray(0, magic.length).equals(magic))
  if (other !== undefined) throw failed(`it is compressed by ${other.name}; send it plain, or by gzip`)
  if (start.length === 0) throw failed('nothing has come on standard input')
  const isGzip = start[0] === 0x1f && start[1] === 0x8b
  const isTar = start.length === HEADER && isHeader(start)
  if (!isGzip && !isTar) return writeDockerfile(rest, directory)
  const found: { problem?: string } = {}
  const links = new Map<string, Link>()
  let bytes = 0
  let count = 0
  const refuse = (why: string): false => {
    found.problem ??= why
    return false
  }
  const unpacking = extract({
    cwd: directory,
    strict: true,
    preserveOwner: false,
    chmod: true,
    processUmask: 0,
    filter: (path, entry) => {
      if (found.problem !== undefined || !('type' in entry)) return false
      bytes += entry.size
      if (bytes > MAX_BYTES) return refuse(`it is larger than ${MAX_BYTES / 1024 ** 3} GiB`)
      if (++count > MAX_ENTRIES) return refuse(`it has more than ${MAX_ENTRIES} entries`)
      const why = leaving(path, entry)
      if (why !== undefined) return refuse(why)
      // Of entries with one name the last counts.
      const name = partsOf(path).join('/')
      links.delete(name)
      // The library would change where it leads.
      if (entry.type !== 'SymbolicLink') return true
      links.set(name, { path, target: entry.linkpath ?? '', time: entry.mtime ?? new Date() })
      return false
    }
  })
  try {
    await pipeline(rest, unpacking, ...(signal === undefined ? [] : [{ signal }]))
    if (found.problem === undefined) links.forEach(link => makeLink(directory, link))
  } catch (cause) {
    if (signal?.aborted === true) throw new BuildError('ABORTED', 'the build context was being read', { cause })
    throw failed(found.problem ?? (cause as Error).message, cause)
  }
  if (found.problem !== undefined) throw failed(found.problem)
  if (count === 0) throw failed('there is nothing in it')
}

function leaving(path: string, { type, linkpath = '' }: ReadEntry): string | undefined {
  const name = JSON.stringify(path.slice(0, 300))
  const leads = (to: string): boolean => to.startsWith('/') || to.split('/').includes('..')
  if (leads(path)) return `the entry ${name} leads out of it`
  if (type === 'Link' && leads(linkpath)) return `the hard link ${name} leads out of it`
  return undefined
}

interface Link {
  readonly path: string
  readonly target: string
  readonly time: Date
}

function makeLink(root: string, { path, target, time }: Link): void {
  const parts = partsOf(path)
  let at = root
  for (const part of parts.slice(0, -1)) {
    at = join(at, part)
    const found = lstatSync(at, { throwIfNoEntry: false })
    if (found === undefined) mkdirSync(at)
    else if (!found.isDirectory())
      throw new Error(`the entry ${JSON.stringify(path)} is below something that is no directory`)
  }
  const link = join(at, parts.at(-1) ?? '')
  if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(link)
  symlinkSync(target, link)
  lutimesSync(link, time, time)
}

function partsOf(path: string): string[] {
  return path.split('/').filter(part => part !== '' && part !== '.')
}

/** Whether the sum of a header's bytes is the one that stands in it (POSIX ustar, "chksum"). */
function isHeader(block: Buffer): boolean {
  const told = Number.parseInt(
    block
      .toString('latin1', 148, 156)
      .replace(/[\0 ]+$/, '')
      .trim(),
    8
  )
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  return told === sum
}

async function writeDockerfile(content: AsyncIterable<Buffer>, directory: string): Promise<void> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of content) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_DOCKERFILE) throw failed('it is no tar archive, and too long for a Dockerfile')
  }
  const text = Buffer.concat(chunks)
  if (text.includes(0)) throw failed('it is neither a tar archive nor a Dockerfile')
  await writeFile(join(directory, 'Dockerfile'), text)
}

function failed(why: string, cause?: unknown): BuildError {
  return new BuildError('CONTEXT_FAILED', `the build context on standard input cannot be used: ${why}`, { cause })
}
