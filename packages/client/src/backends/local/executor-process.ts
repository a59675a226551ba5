import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'

import { readLines } from '../lines.js'

export interface ExecutorCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
}

/**
 * Runs an executor to its end and hands on the lines of its output and of its errors as they come. After an abort it is
 * killed, with what its RUN lines run.
 *
 * @param onStart told its process id
 * @returns its exit code, 128 and more for a signal
 * @throws what the system said when it cannot be started
 */
export async function runExecutor(
  { program, args, environment }: ExecutorCommand,
  onLine: (line: string) => void,
  signal: AbortSignal,
  onStart: (pid: number) => void = () => undefined
): Promise<number> {
  signal.throwIfAborted()
  // A group of its own: what a terminal sends on Ctrl-C is for us, and its end is ours to make.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment, detached: true })
  const kill = (): void => {
    if (child.pid !== undefined) endExecutor(child.pid)
  }
  if (child.pid !== undefined) onStart(child.pid)
  signal.addEventListener('abort', kill, { once: true })
  const read = async (stream: Readable): Promise<void> => {
    for await (const line of readLines(stream)) onLine(line)
  }
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])))
    })
    const [code] = await Promise.all([ended, read(child.stdout), read(child.stderr)])
    return code
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/** Ends an executor with what its RUN lines run. */
export function endExecutor(pid: number): void {
  for (const group of [...groupsOfChildren(pid), pid]) endGroup(group)
}

/** Kaniko gives each RUN a group of its own, which outlives Kaniko. */
function groupsOfChildren(parent: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        // The program's name stands in brackets and may have any character (proc(5)).
        const [, ppid, group] = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')
        return Number(ppid) === parent && group === name ? [Number(group)] : []
      } catch {
        return []
      }
    })
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
