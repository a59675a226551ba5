import { stat } from 'node:fs/promises'
import { RunnerError } from '../error.js'
import { toContainer } from '../path-map.js'
import type { Action, NodeRuns } from '../action.js'
import type { Frame, JobState } from '../runner.js'
import { contextEnv, inputEnv, serviceEnv, stepEnv } from './environment.js'
import { runOnHost } from './host.js'
import { translate } from './script.js'

/** Runs one stage of a JavaScript action with the node of the externals; Alpine containers get `<version>_alpine`. */
export async function runNode(
  state: JobState,
  frame: Frame,
  stage: 'pre' | 'main' | 'post',
  action: Action & { readonly runs: NodeRuns },
  inputs: Readonly<Record<string, string>>
): Promise<void> {
  const { dirs } = state.request
  const script = `${action.directory}/${action.runs[stage] ?? ''}`
  if ((await stat(script).catch(() => undefined))?.isFile() !== true) {
    throw new RunnerError('ACTION', `File not found: '${script}'`)
  }
  const environment = {
    ...stepEnv(frame),
    ...inputEnv(inputs),
    ...contextEnv(state, frame),
    ...serviceEnv(state)
  }
  if (state.container === undefined) {
    const exitCode = await runOnHost(state, frame, {
      file: `${dirs.externals}/${action.runs.version}/bin/node`,
      args: [script],
      cwd: dirs.workspace,
      env: environment
    })
    frame.failed ||= exitCode !== 0
    return
  }
  const { isAlpine, map } = state.container
  if (isAlpine && process.arch !== 'x64') {
    throw new RunnerError(
      'ACTION',
      `JavaScript Actions in Alpine containers are only supported on x64 Linux runners. Detected Linux ${process.arch}`
    )
  }
  const version = `${action.runs.version}${isAlpine ? '_alpine' : ''}`
  await state.containers.runScript(state, frame, {
    program: toContainer(map, `${dirs.externals}/${version}/bin/node`),
    args: toContainer(map, script),
    env: translate(environment, map),
    workingDirectory: toContainer(map, dirs.workspace)
  })
}
