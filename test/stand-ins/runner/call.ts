import { readFile, writeFile } from 'node:fs/promises'
import { hookCommand } from './hook-call.js'
import { runProcess } from './hook-process.js'

/** A raw call for protocol tests. */
export interface RawCall {
  readonly hook: string
  readonly node: string
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  /** Given to the hook's stdin as it is. */
  readonly input: Uint8Array
  readonly response?: string
  readonly createResponse: boolean
  /** Seconds until the runner's cancellation starts. */
  readonly cancelAfter?: number
}

/** What a raw call did. Output by line, whatever ended the lines; `response` is null when there is no such file. */
export interface RawCallReport {
  readonly exitCode: number
  readonly endedBy: string | null
  readonly sent: readonly string[]
  readonly stdioHeld: boolean
  readonly ms: number
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  readonly response: string | null
}

/** Gives raw bytes to a hook and reports what it did; nothing is interpreted. */
export async function callRaw(call: RawCall): Promise<RawCallReport> {
  if (call.response !== undefined && call.createResponse) await writeFile(call.response, '')
  const output = { stdout: [] as string[], stderr: [] as string[] }
  const abort = new AbortController()
  const timer = call.cancelAfter === undefined ? undefined : setTimeout(() => abort.abort(), call.cancelAfter * 1000)
  const result = await runProcess({
    ...hookCommand(call),
    cwd: call.cwd,
    env: { ...call.environment, GITHUB_ACTIONS: 'true', CI: call.environment['CI'] ?? 'true' },
    stdin: call.input,
    signal: abort.signal,
    onLines: (lines, from) => {
      for (const line of lines) output[from].push(line)
    }
  }).finally(() => clearTimeout(timer))
  const response = call.response === undefined ? null : await readFile(call.response, 'utf8').catch(() => null)
  return { ...result, ...output, response }
}
