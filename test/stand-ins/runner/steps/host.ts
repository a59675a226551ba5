import { hookEnv } from '../hook-call.js'
import { RunnerError } from '../error.js'
import { runProcess } from '../hook-process.js'
import { lineHandler } from '../output.js'
import type { Frame, JobState } from '../runner.js'

/**
 * Runs a command on the runner itself, for jobs without a container.
 *
 * @returns its exit code
 * @throws RunnerError CANCELED after an abort
 */
export async function runOnHost(
  state: JobState,
  frame: Frame,
  command: {
    readonly file: string
    readonly args: readonly string[]
    readonly cwd: string
    readonly env: Readonly<Record<string, string>>
  }
): Promise<number> {
  const result = await runProcess({
    file: command.file,
    args: command.args,
    cwd: command.cwd,
    env: { ...hookEnv(state, frame), ...command.env },
    signal: frame.signal,
    ...(state.request.times === undefined ? {} : { times: state.request.times }),
    onLines: lineHandler(state, frame)
  })
  if (frame.signal.aborted) throw new RunnerError('CANCELED', 'The operation was canceled.')
  return result.exitCode
}
