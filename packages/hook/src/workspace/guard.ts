import { closeSync, fchmodSync, lstatSync, opendirSync, type Stats } from 'node:fs'
import { join } from 'node:path'

import { messageOf } from '../report/errors.js'
import { Directory, REPLACED } from '../files/directory.js'

/**
 * How large a file command may be, in bytes. The runner reads it into memory as a whole and several times over. Nothing
 * needs as much: the runner refuses summaries above 1 MiB, GitHub takes 1 MB of outputs from a job, and with 2 MiB of
 * environment no process starts.
 */
export const MAX_FILE_COMMAND = 16 * 1024 * 1024
/** A step has five; what is there beside them is looked at too, but not without end. */
const MAX_FILES = 10_000

const TEMP = '_temp'
const FILE_COMMANDS = '_runner_file_commands'
const WORKFLOW = '_github_workflow'
/** Below `_temp`: where the runner reads and writes between two steps. */
const RUNNERS = [FILE_COMMANDS, WORKFLOW, '_github_home', '_runner_hook_responses']

/** Something in the place of what the runner reads or writes. */
export interface Finding {
  readonly sentence: string
  /**
   * `replaced`: what lies there now is harmless, and the runner misses nothing that it would have got on a Docker runner.
   * `lost`: the runner misses what the step wrote, or it could not be looked at. `open`: what lies there could not be
   * replaced, and the runner would follow it.
   */
  readonly kind: 'replaced' | 'lost' | 'open'
}

/**
 * Makes what the runner reads and writes between two steps what it takes it for: directories, and regular files of a
 * bounded size that are not another file's name. The runner follows links, in a pod that has a service account token and
 * its own credentials. To be called as late before the hook's end as can be.
 *
 * @param workDirectory the runner's `_work`; the way to it is trusted
 * @returns what was not as it must be
 */
export function guardWork(workDirectory: string): Finding[] {
  const guard = new Guard()
  guard.attempt(TEMP, () => {
    const work = Directory.open(workDirectory)
    try {
      guard.real(work, TEMP, TEMP, true, temp => {
        for (const name of RUNNERS) {
          // A job may close its own home to everybody else; nothing of the runner's is looked at in there.
          const isRead = name === FILE_COMMANDS || name === WORKFLOW
          guard.real(temp, name, `${TEMP}/${name}`, isRead, directory => {
            // The runner writes the event there before each step.
            if (name === WORKFLOW) guard.plain(directory, 'event.json')
            if (name === FILE_COMMANDS) guard.all(directory, temp)
          })
        }
      })
    } finally {
      work.close()
    }
  })
  return guard.findings
}

/** What the runner would follow, and what could not be replaced. */
class Irreplaceable extends Error {}

/** @throws Irreplaceable in place of every error */
function replacing<T>(body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw new Irreplaceable(codeOf(error))
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? messageOf(error)
}

class Guard {
  readonly findings: Finding[] = []

  /** What cannot be made safe is a finding too, and keeps nothing else from being made safe. */
  attempt(path: string, body: () => void): void {
    try {
      body()
    } catch (error) {
      const kind = error instanceof Irreplaceable ? 'open' : 'lost'
      this.findings.push({ kind, sentence: `${path} could not be made safe for the runner (${codeOf(error)}).` })
    }
  }

  /**
   * Goes into a directory that the runner reads; in the place of something else there is an empty one then. What is missing
   * stays away.
   */
  real(parent: Directory, name: string, path: string, isRead: boolean, body: (directory: Directory) => void): void {
    this.attempt(path, () => {
      const found = parent.look(name)
      if (found === undefined) return
      if (!found.isDirectory()) {
        replacing(() => {
          parent.clear(name)
          parent.make(name)
        })
        this.#replaced('replaced', path, nameOf(found), 'an empty directory')
      }
      if (!isRead) return
      const directory = this.#entered(parent, name)
      try {
        body(directory)
      } finally {
        directory.close()
      }
    })
  }

  /** A directory that is closed to the hook is closed to the runner, which is the same user; one without a list is not. */
  #entered(parent: Directory, name: string): Directory {
    try {
      return parent.enter(name)
    } catch (error) {
      replacing(() => {
        if (isTraversable(join(parent.path, name))) throw error
      })
      throw error
    }
  }

  /** Looks at all files of a directory. One with too many is moved away whole: to list it would take as long as a job likes. */
  all(directory: Directory, temp: Directory): void {
    const names: string[] = []
    const entries = opendirSync(directory.path)
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        if (names.push(entry.name) <= MAX_FILES) continue
        replacing(() => {
          temp.clear(FILE_COMMANDS)
          temp.make(FILE_COMMANDS)
        })
        this.findings.push({
          kind: 'lost',
          sentence: `The step left more than ${MAX_FILES} files in ${TEMP}/${FILE_COMMANDS}; the runner gets none of them.`
        })
        return
      }
    } finally {
      entries.closeSync()
    }
    for (const name of names) this.plain(directory, name, FILE_COMMANDS)
  }

  /** In the place of what is no regular file of one name and of a bounded size there is an empty one then. */
  plain(directory: Directory, name: string, within = WORKFLOW): void {
    const path = `${TEMP}/${within}/${name}`
    this.attempt(path, () => {
      const found = directory.look(name)
      // The runner asks for no such name.
      if (found === undefined || (found.isDirectory() && name.startsWith(REPLACED))) return
      const isPlain = found.isFile() && found.nlink === 1
      if (isPlain && (within === WORKFLOW || found.size <= MAX_FILE_COMMAND)) return
      const replace = (): void => {
        directory.clear(name)
        const file = directory.create(name, 0o666)
        // The process's umask counts for no one else.
        fchmodSync(file, 0o666)
        closeSync(file)
      }
      if (!isPlain) {
        replacing(replace)
        // A link's contents the runner would not have found on a Docker runner either, where the path means another file.
        const kind = found.isFile() && found.size > 0 ? 'lost' : 'replaced'
        this.#replaced(kind, path, nameOf(found), 'an empty file')
        return
      }
      replace()
      this.findings.push({
        // The runner itself takes no such summary, and the step goes on.
        kind: name.startsWith('step_summary_') ? 'replaced' : 'lost',
        sentence: `The step wrote ${mebibytes(found.size)} MiB to ${path}; the runner gets at most ${mebibytes(MAX_FILE_COMMAND)} MiB, and got none of it.`
      })
    })
  }

  #replaced(kind: Finding['kind'], path: string, what: string, by: string): void {
    this.findings.push({
      kind,
      sentence: `The step left ${what} at ${path}, where the runner reads or writes; ${by} is there now.`
    })
  }
}

function isTraversable(path: string): boolean {
  try {
    lstatSync(`${path}/.`)
    return true
  } catch {
    return false
  }
}

function nameOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'a symbolic link'
  if (found.isDirectory()) return 'a directory'
  if (found.isFIFO()) return 'a named pipe'
  if (found.isSocket()) return 'a socket'
  if (found.isFile()) return found.nlink > 1 ? 'a hard link' : 'a file'
  return 'a device'
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024)
}
