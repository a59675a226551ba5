import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { HookError } from '../report/errors.js'

/**
 * A directory on the runner's disk for what the hook keeps between its calls: outside of the work directory, into which a
 * job's files come, and closed to every other user.
 *
 * @param workDirectory the runner's; each has a directory of its own
 * @returns its path; it exists
 * @throws HookError WORKSPACE when something else is in its place
 */
export function ownDirectory(workDirectory: string): string {
  const uid = process.getuid?.() ?? 0
  const name = createHash('sha256').update(workDirectory).digest('hex').slice(0, 12)
  const path = join(tmpdir(), `kaniko-hooks-${uid}-${name}`)
  mkdirSync(path, { mode: 0o700, recursive: true })
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new HookError(
      'WORKSPACE',
      `${path} in the runner's container is not a directory of uid ${uid} alone, as the hook makes it: remove it.`,
      { fault: 'configuration' }
    )
  }
  return path
}
