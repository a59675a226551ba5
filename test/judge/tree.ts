import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What lies at a path, as text that can be compared: each property by its name. */
export type Entry = Readonly<Record<string, string>>

/** By path below the root, in no order. */
export type Tree = ReadonlyMap<string, Entry>

/**
 * What a directory holds after a job, as root sees it. Times are not looked at: no two runs have the same.
 *
 * @param root the workspace
 */
export function readTree(root: string): Tree {
  const tree = new Map<string, Entry>()
  const visit = (path: string): void => {
    // latin1 keeps every byte of a name that is not UTF-8.
    for (const name of readdirSync(Buffer.from(join(root, path), 'latin1'), { encoding: 'latin1' })) {
      const inner = path === '' ? name : `${path}/${name}`
      const entry = entryOf(join(root, inner))
      tree.set(Buffer.from(inner, 'latin1').toString('utf8'), entry)
      if (entry['type'] === 'directory') visit(inner)
    }
  }
  visit('')
  return tree
}

function entryOf(path: string): Entry {
  const bytes = Buffer.from(path, 'latin1')
  const status = lstatSync(bytes)
  const common = {
    mode: (status.mode & 0o7777).toString(8).padStart(4, '0'),
    owner: `${status.uid}:${status.gid}`
  }
  if (status.isDirectory()) return { type: 'directory', ...common }
  if (status.isSymbolicLink()) return { type: 'link', owner: common.owner, target: readlinkSync(bytes) }
  if (!status.isFile()) return { type: 'special', ...common }
  const sha256 = createHash('sha256').update(readFileSync(bytes)).digest('hex')
  return { type: 'file', ...common, content: `${status.size} bytes, ${sha256.slice(0, 16)}` }
}
