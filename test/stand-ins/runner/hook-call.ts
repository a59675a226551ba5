import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { githubEnv, runnerEnv } from './contexts.js'
import { envelope, serialise } from './envelope.js'
import type { HookRequest } from './envelope.js'
import { RunnerError } from './error.js'
import { runProcess } from './hook-process.js'
import { readResponse } from './response.js'
import { callRecord } from './result.js'
import type { HookResponse } from './response.js'
import type { Frame, JobState, RunRequest } from './runner.js'
import { lineHandler } from './output.js'

/** The sentence that the runner shows for whatever went wrong in a hook call. */
const opaqueMessage =
  'Executing the custom container implementation failed. Please contact your self hosted runner administrator.'

/**
 * Calls the hook once: prints its group, creates the response file, runs the process, reads and deletes the response, and
 * takes over a new state. The response is read only when the hook exited with 0.
 *
 * @throws RunnerError HOOK with the opaque sentence; `cause` is what happened. CANCELED is the cause after an abort
 */
export async function callHook(state: JobState, frame: Frame, request: HookRequest): Promise<HookResponse | undefined> {
  try {
    const response = await execute(state, frame, request)
    if (response?.state !== undefined) state.hookState = response.state
    return response
  } catch (error) {
    throw new RunnerError('HOOK', opaqueMessage, { cause: error })
  }
}

/**
 * The environment of the hook process: the worker's, the job's prepended PATH, and `GITHUB_…` and `RUNNER_…` with host
 * paths. The workflow's own `env` is not in it.
 */
export function hookEnv(state: JobState, frame: Pick<Frame, 'github'>): Record<string, string> {
  const { environment, hook, docker } = state.request
  const path = [...state.prependPath]
    .reverse()
    .concat(environment['PATH'] ?? '')
    .filter(Boolean)
    .join(':')
  return {
    ...environment,
    ...(docker === undefined ? { ACTIONS_RUNNER_CONTAINER_HOOKS: hook } : {}),
    PATH: path,
    ...githubEnv(frame.github),
    ...runnerEnv(state.runner),
    GITHUB_ACTIONS: 'true',
    CI: environment['CI'] ?? 'true'
  }
}

/** The command line of a hook; `.sh` runs in bash. */
export function hookCommand(request: Pick<RunRequest, 'hook' | 'node'>): {
  readonly file: string
  readonly args: string[]
} {
  return { file: request.hook.endsWith('.sh') ? 'bash' : request.node, args: [request.hook] }
}

async function execute(state: JobState, frame: Frame, request: HookRequest): Promise<HookResponse | undefined> {
  const { hook, dirs } = state.request
  await checkHook(hook)
  const command = hookCommand(state.request)
  frame.log.add('group', `Run '${hook}'`)
  frame.log.add('text', `shell: ${command.file} {0}`)
  frame.log.add('endgroup', '')
  const message = envelope(request, dirs.responses, state.hookState)
  await mkdir(dirs.responses, { recursive: true })
  await writeFile(message.responseFile, '')
  const startedAt = new Date().toISOString()
  const result = await runProcess({
    ...command,
    cwd: dirs.workspace,
    env: hookEnv(state, frame),
    stdin: serialise(message),
    signal: frame.signal,
    ...(state.request.times === undefined ? {} : { times: state.request.times }),
    onLines: lineHandler(state, frame)
  })
  frame.calls.push(callRecord(request.command, result, startedAt))
  if (frame.signal.aborted) throw new RunnerError('CANCELED', 'The operation was canceled.')
  if (result.exitCode !== 0) {
    frame.log.add('error', `Process completed with exit code ${result.exitCode}.`)
    frame.failed = true
    throw new RunnerError(
      'HOOK',
      `The hook script at '${hook}' running command '${request.command}' did not execute successfully`
    )
  }
  const text = await readFile(message.responseFile, 'utf8').catch(() => undefined)
  const response = readResponse(text, {
    command: request.command,
    hook,
    requiresAlpine: request.command === 'prepare_job' && request.args.container !== null
  })
  await rm(message.responseFile, { force: true })
  return response
}

async function checkHook(hook: string): Promise<void> {
  const found = await stat(hook).catch(() => undefined)
  if (found?.isFile() !== true) {
    throw new RunnerError(
      'HOOK',
      `File not found at '${hook}'. Set ACTIONS_RUNNER_CONTAINER_HOOKS to the path of an existing file.`
    )
  }
  if (!/\.(js|sh|ps1)$/.test(hook)) {
    throw new RunnerError(
      'HOOK',
      `Invalid file extension at '${hook}'. ACTIONS_RUNNER_CONTAINER_HOOKS must be a path to a file with one of the following extensions: .js, .sh, .ps1`
    )
  }
}
