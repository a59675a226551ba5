import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { BuildError } from '../errors.js'

const AT_ONCE = 256 * 1024

/**
 * Hashes a file of a context.
 *
 * @param path as error messages name it
 * @returns SHA-256 in hex
 * @throws BuildError `CONTEXT_FAILED` when it cannot be read
 */
export async function contentHash(file: string, path: string, size: number): Promise<string> {
  const hash = createHash('sha256')
  try {
    // Thousands of small files are typical, and a stream for each costs ten times the read itself.
    if (size <= AT_ONCE) hash.update(readFileSync(file))
    else for await (const chunk of createReadStream(file, { highWaterMark: AT_ONCE })) hash.update(chunk as Buffer)
  } catch (cause) {
    const why = (cause as Error).message
    throw new BuildError('CONTEXT_FAILED', `${path} in the build context cannot be read: ${why}`, { cause })
  }
  return hash.digest('hex')
}
