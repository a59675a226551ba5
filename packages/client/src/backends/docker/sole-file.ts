import { PassThrough, type Readable } from 'node:stream'
import { BuildError } from '@kaniko-hooks/builder'
import { Parser } from 'tar'

/** The first file of an archive; what else is in it is not read. */
export async function soleFile(archive: Readable, path: string): Promise<Readable> {
  const content = new PassThrough()
  return new Promise((resolve, reject) => {
    let isFound = false
    const missing = (cause?: unknown): void => {
      const error = new BuildError('POD_FAILED', `the Docker daemon sent no file ${path}`, { cause })
      if (isFound) content.destroy(error)
      else reject(error)
    }
    const parser = new Parser({
      strict: true,
      onReadEntry: entry => {
        if (isFound || (entry.type !== 'File' && entry.type !== 'OldFile')) {
          entry.resume()
          return
        }
        isFound = true
        entry.on('data', (chunk: Buffer) => {
          if (content.write(chunk)) return
          entry.pause()
          content.once('drain', () => entry.resume())
        })
        entry.on('end', () => content.end())
        resolve(content)
      }
    })
    parser.on('error', missing)
    parser.on('end', () => {
      if (!isFound) missing()
    })
    archive.on('error', missing)
    content.on('close', () => archive.destroy())
    archive.on('data', (chunk: Buffer) => {
      if (parser.write(chunk)) return
      archive.pause()
      parser.once('drain', () => archive.resume())
    })
    archive.on('end', () => parser.end())
  })
}
