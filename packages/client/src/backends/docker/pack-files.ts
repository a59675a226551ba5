import { Header } from 'tar/header'

/** A file or directory of ours in a container; the path is relative to where it is unpacked, below 100 bytes. */
export interface PackedFile {
  readonly path: string
  readonly mode: number
  /** Undefined for a directory. */
  readonly content?: Buffer
}

const BLOCK = 512

/** A tar of a few small files, each root's. */
export function packFiles(files: readonly PackedFile[]): Buffer {
  const parts = files.flatMap(({ path, mode, content }) => {
    const size = content?.length ?? 0
    const type = content === undefined ? 'Directory' : 'File'
    const header: Header = new Header({ path, mode, uid: 0, gid: 0, size, mtime: new Date(0), type })
    const block = Buffer.alloc(BLOCK)
    if (header.encode(block)) throw new Error(`${path} is too long a name`)
    return [block, content ?? Buffer.alloc(0), Buffer.alloc(Math.ceil(size / BLOCK) * BLOCK - size)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])
}
