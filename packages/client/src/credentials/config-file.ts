import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { RegistryError } from '@kaniko-hooks/registry'

/** Nobody has so many registries. */
const MAX_BYTES = 1024 * 1024

/**
 * Reads a file with credentials: a regular one of at most 1 MiB.
 *
 * @param name the place, for messages
 * @param isOptional whether it need not exist
 * @returns undefined when it does not exist and need not
 * @throws RegistryError `BAD_CREDENTIALS` that names the place and the file
 */
export async function readConfigFile(path: string, name: string, isOptional: boolean): Promise<string | undefined> {
  const bad = (why: string, cause?: unknown): RegistryError =>
    new RegistryError('BAD_CREDENTIALS', `${name}: the file ${path} cannot be read: ${why}`, { cause })
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    const { code = '' } = error as NodeJS.ErrnoException
    if (isOptional && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined
    throw bad(code, error)
  })
  if (file === undefined) return undefined
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw bad('it is no regular file')
    if (stats.size > MAX_BYTES) throw bad(`it is longer than ${MAX_BYTES} bytes`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/**
 * Writes a file with credentials at once and whole, for its owner alone (mode 0600, its directory 0700): who reads meanwhile
 * has the old one or the new one.
 */
export async function writeConfigFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const beside = `${path}.${randomUUID()}`
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
