import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { BuildError } from '@kaniko-hooks/builder'

import { jobOf } from '../images/records/kept-image.js'
import type { Configuration } from '../job/call.js'
import { ownDirectory } from '../workspace/own-directory.js'

/** How many builds a job has asked for, kept where no job can write: each step has a process of the hook of its own. */
interface Count {
  readonly job: string
  readonly builds: number
}

/**
 * Counts one build more.
 *
 * @throws BuildError REQUEST_REFUSED when the job has had all of its builds
 */
export function countBuild(call: Configuration): void {
  const job = jobOf(call)
  const known = read(call)
  const builds = known?.job === job ? known.builds : 0
  const limit = call.settings.broker.maxPerJob
  if (builds >= limit) {
    const message = `this job has asked for ${builds} builds already, and the setting broker.maxPerJob is ${limit}`
    throw new BuildError('REQUEST_REFUSED', message, { fault: 'configuration' })
  }
  writeFileSync(fileOf(call), JSON.stringify({ job, builds: builds + 1 } satisfies Count), { mode: 0o600 })
}

/** A new job begins. */
export function forgetBuilds(call: Configuration): void {
  rmSync(fileOf(call), { force: true })
}

function read(call: Configuration): Count | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(call), 'utf8')) as Count
  } catch {
    return undefined
  }
}

function fileOf({ workDirectory }: Configuration): string {
  return join(ownDirectory(workDirectory), 'asked-builds.json')
}
