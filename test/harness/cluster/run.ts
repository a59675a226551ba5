import { spawn } from 'node:child_process'
import { mkdirSync, openSync, closeSync } from 'node:fs'
import { dirname } from 'node:path'

import { ClusterError } from './errors.js'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** Where the output goes instead of into the result; named when the command fails. */
  readonly logFile?: string
}

/** Programs of /sbin are looked for too: a non-login root shell often has no such PATH. */
export const PATH = [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin']
  .filter(Boolean)
  .join(':')

/** Runs a command to its end and returns its standard output; a failure becomes one sentence. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const log = options.logFile === undefined ? undefined : openLog(options.logFile)
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, PATH, ...options.env },
      stdio: ['pipe', log ?? 'pipe', log ?? 'pipe']
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.stdin?.on('error', () => undefined).end(options.input ?? '')
    child.on('error', error => {
      reject(new ClusterError(`${command} cannot be run: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      if (log !== undefined) closeSync(log)
      if (code === 0) resolve(stdout)
      else reject(new ClusterError(failure(command, args, code ?? signal, stderr || stdout, options.logFile)))
    })
  })
}

/** Runs a command whose failure changes nothing: cleaning up what may not be there. */
export async function attempt(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return run(command, args, options).catch(() => '')
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true })
  return openSync(file, 'a')
}

function failure(
  command: string,
  args: readonly string[],
  code: number | string | null,
  output: string,
  logFile: string | undefined
): string {
  const told = logFile === undefined ? output.trim().split('\n').slice(-3).join(' | ') : `its output is in ${logFile}`
  return `\`${[command, ...args].join(' ').slice(0, 300)}\` ended with ${String(code)}: ${told}`
}
