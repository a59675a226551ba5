import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { isAbout, type Crowd, type CrowdSample } from '../crowd.js'
import type { Assignment } from '../rows.js'
import { Hook, type HookRun } from './hook.js'

/**
 * Runs whole jobs at once: each prepares, runs a script and a container step that sleeps, and cleans up.
 *
 * @param tell told of each job
 */
export async function measureCrowd(
  assignment: Assignment,
  { runners, rounds }: Crowd,
  tell: (sample: CrowdSample) => void
): Promise<void> {
  const { work } = assignment
  // No real node builds: copied for each of them, they would be all that is measured.
  const externals = join(work, 'externals')
  await mkdir(join(externals, 'node20/bin'), { recursive: true })
  await writeFile(join(externals, 'node20/bin/node'), '', { mode: 0o755 })
  const hooks = runners.map(runner => {
    return new Hook({ ...assignment, work: join(work, runner), externals, runner })
  })
  for (const [index, hook] of hooks.entries()) {
    await hook.layOut()
    await hook.configure({}, { ACTIONS_RUNNER_POD_NAME: runners[index] ?? '' })
  }
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(hooks.map(async (hook, index) => tell(await job(hook, assignment.image, runners, index))))
  }
}

async function job(hook: Hook, image: string, runners: readonly string[], index: number): Promise<CrowdSample> {
  const runner = runners[index] ?? ''
  const step = { image, dockerfile: null, entryPoint: 'sh', args: `-c "sleep 2; echo step of ${runner}"` }
  const runs: HookRun[] = [
    await hook.prepare(),
    await hook.runScript(await hook.script('say', `echo script of ${runner}\n`)),
    await hook.runContainer(step),
    await hook.cleanup()
  ]
  const printed = runs.map(({ tail }) => tail).join('')
  const missing = [`script of ${runner}`, `step of ${runner}`].filter(words => !printed.includes(`${words}\n`))
  const others = runners.filter(other => other !== runner && printed.includes(`of ${other}\n`))
  const asked = runs.flatMap(({ sent }) => sent).filter(({ what }) => !isAbout(what, runner))
  const sum = (of: (run: HookRun) => number | undefined): number =>
    runs.reduce((total, run) => total + (of(run) ?? 0), 0)
  return {
    ...{ runner, ms: sum(({ ms }) => ms), requests: sum(({ sent }) => sent.length) },
    ...{ received: sum(run => run.received), cpuMs: sum(run => run.cpuMs) },
    foreign: [
      ...missing.map(words => `did not print "${words}"`),
      ...others.map(other => `printed what ${other} did`),
      ...asked.map(({ what }) => what)
    ]
  }
}
