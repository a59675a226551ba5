import { randomBytes } from 'node:crypto'

import { RUNNER, type RunnerPod } from './runner-pod.js'
import { withoutSlowTransfers } from './slow-transfer.js'

/** What one call of the hook did. */
export interface CallReport {
  readonly exitCode: number
  readonly ms: number
  /** Without words about slow transfers. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  /** The response file's content; null when there is none. */
  readonly response: string | null
}

export interface CallRequest {
  /** Goes to the hook's stdin as it is; an object as one line of JSON, with a response file unless it names one. */
  readonly input: string | object
  /** `NAME=value` for the hook, or `-u NAME` pairs: the arguments of env(1). */
  readonly env?: readonly string[]
  /** False: the response file is not there before the call. */
  readonly createResponse?: boolean
  readonly response?: string
}

/** Where the runner keeps its response files. */
export const RESPONSES = `${RUNNER.work}/_temp/_runner_hook_responses`

/** Calls the hook once in a runner pod, without a runner around it: for what a runner never sends. */
export async function callHook(runner: RunnerPod, request: CallRequest): Promise<CallReport> {
  const response = request.response ?? `${RESPONSES}/${randomBytes(4).toString('hex')}.json`
  const input =
    typeof request.input === 'string'
      ? request.input
      : `${JSON.stringify({ responseFile: response, ...request.input })}\n`
  if (request.response === undefined) await runner.exec(['mkdir', '-p', RESPONSES])
  const { code, stdout, stderr } = await runner.exec(
    [
      ...['env', ...(request.env ?? []), '/home/runner/externals/node20/bin/node', RUNNER.standIn, 'call'],
      ...['--hook', RUNNER.hook, '--response', response],
      ...(request.createResponse === false ? ['--no-response-file'] : [])
    ],
    { input }
  )
  if (code !== 0) throw new Error(`the stand-in gave no report: ${stderr}`)
  const report = JSON.parse(stdout.toString()) as CallReport
  return { ...report, stdout: withoutSlowTransfers(report.stdout) }
}
