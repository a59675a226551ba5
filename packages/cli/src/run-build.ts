import { join } from 'node:path'

import {
  type Backend,
  findCredentialsOf,
  lendFrom,
  repositoriesOf,
  type ImageBuild,
  type Lent
} from '@kaniko-hooks/client'
import { formatReference } from '@kaniko-hooks/registry'

import { openBackend, wishesOf } from './backends.js'
import { type DockerfileInput, readDockerfileInput } from './dockerfile-input.js'
import { EXIT, exitCodeOf } from './exit-code.js'
import type { Parsed } from './parse.js'
import { type BuildPlan, planBuild } from './plan.js'
import { describeBuild } from './print.js'
import { openReport, type Report } from './report.js'
import { clearResults, writeResults } from './results.js'
import { readSecrets } from './secrets.js'
import { exitCodeOfSignal } from './signals.js'
import { withoutControls } from './terminal-display.js'
import type { World } from './world.js'

/**
 * Builds what a command line asks for and tells of it.
 *
 * @returns the exit code
 */
export async function runBuild(parsed: Parsed, world: World): Promise<number> {
  try {
    return await readAndBuild(parsed, world)
  } catch (error) {
    if (world.signal.aborted) return exitCodeOfSignal(world.signal)
    throw error
  }
}

async function readAndBuild(parsed: Parsed, world: World): Promise<number> {
  const planned = planBuild(parsed, world)
  const problems = 'problems' in planned ? planned.problems : []
  const found = 'plan' in planned ? await readSecrets(planned.plan.secrets, world.env, world.signal) : undefined
  if (!('plan' in planned) || found === undefined || found.problems.length > 0) {
    const all = [...problems, ...(found?.problems ?? [])]
    world.stderr(`${all.map(problem => `kbuild: ${problem}`).join('\n')}\nSee kbuild build --help.\n`)
    return EXIT.usage
  }
  const { plan, notices } = planned
  const { context } = plan.build
  const build: ImageBuild = {
    ...plan.build,
    secrets: found.secrets,
    context: context.kind === 'stdin' ? { kind: 'archive', content: world.stdin } : context
  }
  const report = openReport(plan.show, world)
  notices.forEach(text => report.notice(text))
  let input: DockerfileInput | undefined
  try {
    if (plan.readsDockerfile) input = await readDockerfileInput(world.stdin, world.signal)
    const whole = input === undefined ? build : { ...build, dockerfile: input.path }
    return await buildAndTell(whole, plan, world, report)
  } catch (error) {
    const exitCode = world.signal.aborted ? exitCodeOfSignal(world.signal) : exitCodeOf(error)
    report.failed(sentence(error), exitCode)
    return exitCode
  } finally {
    await input?.close()
    report.end()
  }
}

async function buildAndTell(build: ImageBuild, plan: BuildPlan, world: World, report: Report): Promise<number> {
  const lent = lendFrom(world.env, wishesOf(plan), text => report.notice(text))
  const { backend, reason } = await openBackend(plan, world, lent)
  const isKept = build.push || build.files.length > 0 || (backend.name === 'docker' && build.tags.length > 0)
  if (!isKept) report.notice('Without --push or -o the image is kept nowhere; the build tells its digest.')
  if (plan.print) {
    world.stdout(await describe(build, plan, world, lent, backend))
    return EXIT.ok
  }
  if (plan.backend === 'auto') report.notice(reason)
  await clearResults(plan)
  const outcome = await backend.build(build, report, world.signal)
  await writeResults(outcome, plan)
  report.done(outcome)
  return EXIT.ok
}

async function describe(
  build: ImageBuild,
  plan: BuildPlan,
  world: World,
  lent: Lent,
  backend: Backend
): Promise<string> {
  const { context, close } = await lent.readContext(build, world.signal)
  try {
    const repositories = repositoriesOf(build, context)
    const credentials = await findCredentialsOf(repositories, world.env, wishesOf(plan), world.signal)
    const origins = repositories.flatMap(repository => {
      const found = credentials.for(repository)
      return found === undefined ? [] : [`${formatReference({ ...repository })}: from ${found.origin}`]
    })
    const leading = plan.via.length === 0 ? [] : [...plan.via, 'sh']
    // What came on standard input is there no second time.
    const { directory, dockerfile } = context
    const unpacked = {
      context: { kind: 'directory', path: directory },
      dockerfile: join(directory, dockerfile)
    } as const
    const again = build.context.kind === 'directory' ? build : { ...build, ...unpacked }
    const objects = await backend.describe?.(again, world.signal)
    const where = objects === undefined ? { leading } : { backend: backend.name, objects }
    return describeBuild(build, where, [...new Set(origins)])
  } finally {
    await close()
  }
}

function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return `kbuild: ${withoutControls(text)}`
}
