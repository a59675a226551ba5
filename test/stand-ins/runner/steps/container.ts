import { mkdir, stat } from 'node:fs/promises'
import type { Action, ContainerRuns } from '../action.js'
import { proxyEnv } from '../contexts.js'
import { joinActionArgs } from '../entry-point-args.js'
import { RunnerError } from '../error.js'
import type { Scope } from '../expressions.js'
import { scopeOf } from '../runner.js'
import type { Frame, JobState } from '../runner.js'
import { resolveText, resolveTexts } from '../template.js'
import { contextEnv, inputEnv, serviceEnv, stepEnv } from './environment.js'

/** Runs one stage of a container action: also without a job container. */
export async function runContainer(
  state: JobState,
  frame: Frame,
  stage: 'pre' | 'main' | 'post',
  action: Action & { readonly runs: ContainerRuns },
  inputs: Readonly<Record<string, string>>
): Promise<void> {
  const { dirs, environment } = state.request
  const { runs } = action
  // An action's `args` and `env` see nothing but its inputs.
  const scope: Scope = { ...scopeOf(state, frame), contexts: { inputs } }
  const env = {
    ...proxyEnv(environment),
    ...resolveTexts(runs.env, scope),
    ...stepEnv(frame),
    ...inputEnv(inputs),
    HOME: dirs.home,
    ...contextEnv(state, frame),
    ...serviceEnv(state)
  }
  await mkdir(dirs.home, { recursive: true })
  const args =
    runs.args === undefined ? input(inputs, 'args') : joinActionArgs(runs.args.map(arg => resolveText(arg, scope)))
  await state.containers.runAction(state, frame, {
    ...(await source(action)),
    entryPoint: (stage === 'main' ? (runs.entrypoint ?? input(inputs, 'entryPoint')) : runs[stage]) ?? null,
    args,
    env
  })
}

/** True for `Dockerfile`, `x.Dockerfile` and `Dockerfile.x` in any case, with any directory before it. */
export function isDockerfile(image: string): boolean {
  const name = image.slice(image.lastIndexOf('/') + 1).toLowerCase()
  return name.endsWith('dockerfile') || name.startsWith('dockerfile.')
}

async function source(
  action: Action & { readonly runs: ContainerRuns }
): Promise<{ readonly image: string | null; readonly dockerfile: string | null }> {
  const { image } = action.runs
  if (/^docker:\/\//i.test(image)) return { image: image.slice('docker://'.length), dockerfile: null }
  if (!isDockerfile(image)) {
    throw new RunnerError('ACTION', `'${image}' should be either '[path]/Dockerfile' or 'docker://image[:tag]'.`)
  }
  const dockerfile = `${action.directory}/${image}`
  if ((await stat(dockerfile).catch(() => undefined))?.isFile() !== true) {
    throw new RunnerError('ACTION', `File not found: '${dockerfile}'`)
  }
  return { image: null, dockerfile }
}

function input(inputs: Readonly<Record<string, string>>, name: string): string | undefined {
  const key = Object.keys(inputs).find(candidate => candidate.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : inputs[key]
}
