import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const UNUSED_DAYS = 7

/** A short name for exactly these inputs. */
export function keyOf(...inputs: readonly string[]): string {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(`${input.length}:`).update(input)
  return hash.digest('hex').slice(0, 16)
}

/** The content of a directory's own files, as one input of a key. */
export function contentOf(directory: string, matching: RegExp): string {
  return readdirSync(directory)
    .filter(name => matching.test(name))
    .sort()
    .map(name => `${name}\n${readFileSync(join(directory, name), 'utf8')}`)
    .join('\n')
}

/**
 * The cached directory, made by `build` when it is not there yet. It is made under another name and renamed, so that an
 * interrupted build leaves no half entry.
 */
export async function cached(directory: string, build: (into: string) => Promise<void>): Promise<string> {
  if (existsSync(directory)) {
    utimesSync(directory, new Date(), new Date())
    return directory
  }
  const temporary = `${directory}.part`
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  try {
    await build(temporary)
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    throw error
  }
  mkdirSync(dirname(directory), { recursive: true })
  renameSync(temporary, directory)
  removeUnused(directory)
  return directory
}

/** Removes what the same entry was under other keys, once nobody has used it for a while. */
function removeUnused(directory: string): void {
  const parent = dirname(directory)
  const family = basename(directory).replace(/[^-]*$/, '')
  const oldest = Date.now() - UNUSED_DAYS * 24 * 3600 * 1000
  for (const name of readdirSync(parent))
    if (name.startsWith(family) && statSync(join(parent, name)).mtimeMs < oldest)
      rmSync(join(parent, name), { recursive: true, force: true })
}
