import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { run } from '../cluster/run.js'

/** Makes a directory in a root tree with exactly this mode, whatever the umask. */
export function directory(root: string, path: string, mode = 0o755): void {
  mkdirSync(join(root, path), { recursive: true })
  chmodSync(join(root, path), mode)
}

/** Writes a file into a root tree. */
export function file(root: string, path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 })
  writeFileSync(join(root, path), content)
  chmodSync(join(root, path), mode)
}

/** Copies a file or tree of this machine into a root tree; links are followed. */
export function copy(from: string, root: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 })
  cpSync(from, join(root, path), { recursive: true, dereference: true })
}

/** Copies the shared libraries that a program is linked with, each to its own path. */
export async function copyLibraries(program: string, root: string): Promise<void> {
  const listed = await run('ldd', [program])
  for (const match of listed.matchAll(/(?:=> |^\s*)(\/\S+)/gm))
    if (match[1] !== undefined) copy(match[1], root, match[1])
}

/** Gives a tree to a user, as `chown -R`. */
export function give(path: string, uid: number, gid: number): void {
  chownSync(path, uid, gid)
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) {
    const inner = join(path, name)
    if (!lstatSync(inner).isSymbolicLink()) give(inner, uid, gid)
  }
}
