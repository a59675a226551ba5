import { Header } from 'tar/header'

/** One entry of an archive, with all that its extended header says. */
export interface TarEntry {
  /** Without a slash at its ends, and without `./`; empty for the root. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character' | 'block'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In seconds, with its fraction where there is one. */
  readonly mtime: number
  readonly content: Buffer
  readonly linkpath: string
  /** Major and minor number of a device. */
  readonly device: string
  /** Values in hex. */
  readonly xattrs: Readonly<Record<string, string>>
}

const BLOCK = 512
const XATTR = 'SCHILY.xattr.'

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo'
}

/**
 * Reads an archive. `tar` itself drops extended attributes, which is where capabilities are, so that its headers alone are used.
 *
 * @throws Error for a header that is none
 */
export function readTar(archive: Buffer): readonly TarEntry[] {
  const entries: TarEntry[] = []
  let extended = new Map<string, Buffer>()
  let long: { path?: string; linkpath?: string } = {}
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = new Header(archive, at)
    if (header.nullBlock) break
    if (!header.cksumValid) throw new Error(`the archive has no header at ${at}`)
    const key = String.fromCharCode(archive[at + 156] ?? 0).replace('\0', '')
    const size = /[1-6]/.test(key) ? 0 : Number(extended.get('size')?.toString() ?? sizeAt(archive, at))
    const content = archive.subarray(at + BLOCK, at + BLOCK + size)
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    if (key === 'x') extended = readExtended(content)
    else if (key === 'L') long = { ...long, path: untilZero(content) }
    else if (key === 'K') long = { ...long, linkpath: untilZero(content) }
    else if (key !== 'g') {
      entries.push(entryOf(header, key, content, extended, long))
      extended = new Map()
      long = {}
    }
  }
  return entries
}

/** `Header` says 0 where the short name ends with a slash, as `odd/ö` does when only its ASCII is written. */
function sizeAt(archive: Buffer, at: number): number {
  return Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8)
}

function entryOf(
  header: Header,
  key: string,
  content: Buffer,
  extended: ReadonlyMap<string, Buffer>,
  long: { readonly path?: string; readonly linkpath?: string }
): TarEntry {
  const own = (name: string): string | undefined => extended.get(name)?.toString()
  const type = TYPES[key]
  if (type === undefined) throw new Error(`the archive has an entry of type ${key}`)
  const xattrs = [...extended]
    .filter(([name]) => name.startsWith(XATTR))
    .map(([name, value]) => [name.slice(XATTR.length), value.toString('hex')] as const)
  return {
    path: plainPath(own('path') ?? long.path ?? header.path ?? ''),
    type,
    mode: (header.mode ?? 0) & 0o7777,
    uid: Number(own('uid') ?? header.uid ?? 0),
    gid: Number(own('gid') ?? header.gid ?? 0),
    mtime: Number(own('mtime') ?? (header.mtime?.getTime() ?? 0) / 1000),
    content,
    linkpath: own('linkpath') ?? long.linkpath ?? header.linkpath ?? '',
    device: type === 'character' || type === 'block' ? `${header.devmaj}:${header.devmin}` : '',
    xattrs: Object.fromEntries(xattrs)
  }
}

/** Records of `<length> <name>=<value>\n`; a value may be any bytes. */
function readExtended(content: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at)
    const length = Number(content.subarray(at, space).toString())
    if (space === -1 || !(length > 0)) throw new Error('the archive has an extended header that is none')
    const record = content.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    records.set(record.subarray(0, equals).toString(), record.subarray(equals + 1))
    at += length
  }
  return records
}

function untilZero(content: Buffer): string {
  const end = content.indexOf(0)
  return content.subarray(0, end === -1 ? content.length : end).toString()
}

/** `./a//b/` is `a/b`. */
export function plainPath(path: string): string {
  return path
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/')
}
