import { RunnerError } from '../error.js'
import { nativeArgs } from '../entry-point-args.js'
import { runProcess } from '../hook-process.js'
import { lineHandler } from '../output.js'
import type { PathMap } from '../path-map.js'
import { callRecord } from '../result.js'
import type { Frame, JobState } from '../runner.js'
import type { DockerEngine } from './engine.js'

/** How a call of Docker's client is made. */
export interface DockerCall {
  readonly command: string
  /** One string, taken apart as .NET does. */
  readonly args: string
  readonly env?: Readonly<Record<string, string>>
  /** What its lines are: a step's, with workflow commands in them, or an answer for the runner, which is logged too. */
  readonly output: 'step' | 'answer'
  /** The container's paths, for annotations of a step. */
  readonly map?: PathMap
}

/** What a call gave. */
export interface DockerAnswer {
  readonly exitCode: number
  /** Not empty ones, of an `answer`. */
  readonly lines: readonly string[]
}

/**
 * Calls Docker's client as the runner does: the command is logged, its variables come from the environment.
 *
 * @throws RunnerError CANCELED after an abort
 */
export async function callDocker(
  state: JobState,
  frame: Frame,
  engine: DockerEngine,
  { command, args, env, output, map }: DockerCall
): Promise<DockerAnswer> {
  const { request } = state
  // The runner logs every call but those of steps in the job container.
  if (command !== 'exec') frame.log.add('command', `${engine.program} ${command} ${args}`)
  const startedAt = new Date().toISOString()
  const lines: string[] = []
  const step = lineHandler(state, frame, map)
  const result = await runProcess({
    file: engine.program,
    args: ['--host', `unix://${engine.socket}`, ...nativeArgs(`${command} ${args}`)],
    cwd: request.dirs.work,
    env: { ...request.environment, DOCKER_BUILDKIT: '1', ...env },
    signal: frame.signal,
    ...(request.times === undefined ? {} : { times: request.times }),
    onLines: (read, from) => {
      if (output === 'step') return step(read)
      if (from === 'stdout') lines.push(...read.filter(line => line !== ''))
      return frame.log.output(read)
    }
  })
  if (output === 'step') {
    frame.calls.push(callRecord(command === 'run' ? 'docker run' : 'docker exec', result, startedAt))
  }
  if (frame.signal.aborted) throw new RunnerError('CANCELED', 'The operation was canceled.')
  return { exitCode: result.exitCode, lines }
}
