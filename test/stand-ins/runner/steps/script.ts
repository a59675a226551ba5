import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { nativeArgs } from '../entry-point-args.js'
import { toContainer } from '../path-map.js'
import { scopeOf } from '../runner.js'
import type { Frame, JobState } from '../runner.js'
import { scriptContents, shellArguments, shellOf } from '../shell.js'
import { resolveText } from '../template.js'
import type { RunStep } from '../workflow.js'
import { firstLine, printDetails } from './details.js'
import { contextEnv, stepEnv } from './environment.js'
import { runOnHost } from './host.js'

/** Runs a `run:` step: writes the script to the runner's disk and has it run in the job container, or runs it on the runner. */
export async function runScript(state: JobState, frame: Frame, step: RunStep): Promise<void> {
  const { job, dirs } = state.request
  const scope = scopeOf(state, frame)
  const contents = resolveText(step.run, scope)
  const option = resolveText(step.shell, scope) || (frame.embedded ? '' : resolveText(job.defaultShell, scope))
  const directory = resolveText(
    step.workingDirectory ?? (frame.embedded ? undefined : job.defaultWorkingDirectory),
    scope
  )
  const shell = shellOf(option === '' && state.container === undefined ? 'bash -e {0}' : option)
  printDetails(frame, { title: firstLine(contents), source: contents, shell: `${shell.command} ${shell.format}` })
  const script = `${dirs.temp}/${randomUUID()}${shell.extension}`
  await writeFile(script, scriptContents(shell, contents))
  const cwd = isAbsolute(directory) ? directory : directory === '' ? dirs.workspace : `${dirs.workspace}/${directory}`
  const environment = { ...stepEnv(frame), ...contextEnv(state, frame) }
  if (state.container === undefined) {
    const exitCode = await runOnHost(state, frame, {
      file: shell.command,
      args: nativeArgs(shellArguments(shell, script)),
      cwd,
      env: environment
    })
    if (exitCode === 0) return
    frame.log.add('error', `Process completed with exit code ${exitCode}.`)
    frame.failed = true
    return
  }
  const { map } = state.container
  await state.containers.runScript(state, frame, {
    program: shell.command,
    args: shellArguments(shell, toContainer(map, script)),
    env: translate(environment, map),
    workingDirectory: toContainer(map, cwd)
  })
}

/** Variables as the container sees them. */
export function translate(
  environment: Readonly<Record<string, string>>,
  map: NonNullable<JobState['container']>['map']
): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, toContainer(map, value)]))
}
