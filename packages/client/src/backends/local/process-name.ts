import { readFileSync } from 'node:fs'

const NAME = /^local-(\d{1,10})-(\d{1,20})$/

/** Names a process for as long as the machine runs: by its id and by when it began, since ids come again. */
export function nameOfProcess(pid: number): string {
  return `local-${pid}-${beginningOf(pid) ?? '0'}`
}

/** Whether a text is such a name, of whatever process. */
export function isNameOfProcess(text: string): boolean {
  return NAME.test(text)
}

/** @returns the id of the process that has this name; undefined when it has ended, or the name is none */
export function processOfName(name: string): number | undefined {
  const [, pid, beginning] = NAME.exec(name) ?? []
  return pid !== undefined && beginning !== undefined && beginningOf(Number(pid)) === beginning
    ? Number(pid)
    : undefined
}

/** Whether a process still does something: one that has ended stays until its parent has looked. */
export function isRunning(pid: number): boolean {
  return beginningOf(pid) !== undefined
}

/** In clock ticks since the machine began (proc_pid_stat(5), starttime); undefined for a process that has ended. */
function beginningOf(pid: number): string | undefined {
  try {
    // The program's name stands in brackets and may have any character.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}
