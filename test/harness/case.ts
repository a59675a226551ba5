import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { runJob, type JobResult } from './job.js'
import { readExpectation, type Expectation } from './expectation.js'
import type { RunnerPod } from './runner-pod.js'

/** A workflow with its repository, and what is right after it ran. */
export interface Case {
  readonly name: string
  readonly directory: string
  readonly expectation: Expectation
}

/**
 * Reads the cases below a directory, by name.
 *
 * @throws Error when an `expect.yaml` has a key that nobody reads
 */
export function readCases(root: string): Case[] {
  return readdirSync(root)
    .sort()
    .map(name => {
      const directory = join(root, name)
      const file = join(directory, 'expect.yaml')
      return { name, directory, expectation: readExpectation(readFileSync(file, 'utf8'), file) }
    })
}

/**
 * Runs a case's job in a runner pod; its actions of other repositories come along. The workspace has the case's name,
 * since a runner cannot remove what another case's root left in a directory for root alone.
 */
export async function runCase(runner: RunnerPod, { name, directory }: Case): Promise<JobResult> {
  const workflow = readFileSync(join(directory, 'workflow.yml'), 'utf8')
  const source = await mkdtemp(join(tmpdir(), 'case-'))
  try {
    await chmod(source, 0o755)
    const repository = join(directory, 'repository')
    // Without one, what is checked out is empty.
    if (existsSync(repository))
      await cp(repository, source, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
    const prepare = join(directory, 'prepare.sh')
    if (existsSync(prepare)) await promisify(execFile)('sh', ['-eu', prepare], { cwd: source })
    const actions = join(directory, 'actions')
    const args = ['--repository', `cases/${name}`]
    if (!existsSync(actions)) return await runJob(runner, { workflow, source, args })
    const there = `/tmp/actions-of-${name}`
    await runner.copy(actions, there)
    return await runJob(runner, { workflow, source, args: [...args, '--actions', there] })
  } finally {
    await rm(source, { recursive: true })
  }
}
