import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { Header } from 'tar/header'

const BLOCK = 512

const PIECE = 256 * 1024

/**
 * An OCI layout as a tar: its files and its blobs, and nothing else that lies there. No link is followed.
 *
 * @param directory of an executor
 */
export async function* packLayout(directory: string): AsyncGenerator<Buffer> {
  const blobs = (await readdir(`${directory}/blobs/sha256`)).filter(name => /^[0-9a-f]{64}$/.test(name)).sort()
  for (const path of ['oci-layout', 'index.json', ...blobs.map(name => `blobs/sha256/${name}`)]) {
    yield* packFile(directory, path)
  }
  yield Buffer.alloc(2 * BLOCK)
}

async function* packFile(directory: string, path: string): AsyncGenerator<Buffer> {
  const file = await open(`${directory}/${path}`, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await file.stat()
    const header: Header = new Header({ path, mode: 0o644, uid: 0, gid: 0, size, mtime: new Date(0), type: 'File' })
    const block = Buffer.alloc(BLOCK)
    header.encode(block)
    yield block
    for (let done = 0; done < size;) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, size - done))
      const { bytesRead } = await file.read(piece, 0, piece.length)
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`)
      yield piece.subarray(0, bytesRead)
      done += bytesRead
    }
    yield Buffer.alloc(Math.ceil(size / BLOCK) * BLOCK - size)
  } finally {
    await file.close()
  }
}
