import { lstat, mkdir, realpath, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { HookError } from '../errors.js'
import { STAYS } from './changed-files.js'

/**
 * Unpacks an archive that a pod made onto the runner's disk. The pod is not trusted: nothing is written outside the
 * directory or through a link, and what is the runner's own is left alone. Symbolic links are made as they are, wherever they
 * lead, as on a shared volume; they are never followed.
 *
 * @throws HookError WORKSPACE when a file could not be written: a lost file must not look like a step that wrote none
 */
export async function unpack(archive: string, to: string): Promise<void> {
  const { extract } = await import('tar/extract')
  const links: { readonly path: string; readonly target: string }[] = []
  const lost: string[] = []
  await extract({
    file: archive,
    cwd: to,
    unlink: true,
    preserveOwner: false,
    filter: (name, entry) => {
      const path = name.replace(/^\.\//, '')
      if (STAYS.test(path)) return false
      if (!('type' in entry) || entry.type !== 'SymbolicLink') return true
      links.push({ path, target: entry.linkpath ?? '' })
      return false
    },
    onwarn: (code, message) => {
      if (code === 'TAR_ENTRY_ERROR') lost.push(message)
    }
  })
  const root = await realpath(to)
  for (const { path, target } of links) {
    await makeLink(root, path, target).catch((error: unknown) => lost.push(String(error)))
  }
  if (lost.length > 0) {
    throw new HookError(
      'WORKSPACE',
      'cluster',
      `What the step wrote could not be kept on the runner's disk: ${lost[0]}`
    )
  }
}

async function makeLink(root: string, path: string, target: string): Promise<void> {
  const place = join(root, path)
  if (!place.startsWith(`${root}/`)) return
  await mkdir(dirname(place), { recursive: true })
  const parent = await realpath(dirname(place))
  if (parent !== root && !parent.startsWith(`${root}/`)) return
  const before = await lstat(place).catch(() => undefined)
  if (before?.isDirectory() === true) await rm(place, { recursive: true })
  else if (before !== undefined) await rm(place)
  await symlink(target, place)
}
