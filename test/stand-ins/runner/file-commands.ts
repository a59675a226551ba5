import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { messageOf, RunnerError } from './error.js'

/** The file commands in the runner's order: name in the `github` context, prefix of the file. */
const kinds = [
  ['env', 'set_env_'],
  ['path', 'add_path_'],
  ['output', 'set_output_'],
  ['state', 'save_state_'],
  ['step_summary', 'step_summary_']
] as const

/** Name of a file command in the `github` context. */
type FileCommand = (typeof kinds)[number][0]

/** The paths of one step's files, on the runner. */
export type FileCommandPaths = Readonly<Record<FileCommand, string>>

/** What a step wrote. */
export interface FileCommandValues {
  readonly env: readonly KeyValue[]
  readonly path: readonly string[]
  readonly output: readonly KeyValue[]
  readonly state: readonly KeyValue[]
  readonly summary: string
  /** A file that could not be read: the step fails. */
  readonly errors: readonly string[]
}

export type KeyValue = readonly [key: string, value: string]

/** Creates a step's files, empty and 0644; files of earlier steps stay, as in the runner. */
export async function createFileCommands(directory: string): Promise<FileCommandPaths> {
  await mkdir(directory, { recursive: true })
  const suffix = randomUUID()
  const paths = kinds.map(([name, prefix]) => [name, `${directory}/${prefix}${suffix}`] as const)
  for (const [, path] of paths) {
    const file = await open(path, 'w', 0o644)
    await file.chmod(0o644)
    await file.close()
  }
  return Object.fromEntries(paths) as Record<FileCommand, string>
}

/** Reads a step's files; a file that is gone counts as empty. Like the runner it follows links, and waits for a FIFO. */
export async function readFileCommands(paths: FileCommandPaths): Promise<FileCommandValues> {
  const errors: string[] = []
  const pairs = async (name: 'env' | 'output' | 'state') => {
    try {
      return parseKeyValues(await textOf(paths[name]))
    } catch (error) {
      errors.push(`Unable to process file command '${name}' successfully.`, messageOf(error))
      return []
    }
  }
  const env = await pairs('env')
  const path = (await textOf(paths.path)).split(/\r\n|\r|\n/).filter(line => line !== '')
  const output = await pairs('output')
  const state = await pairs('state')
  const allowed = env.filter(([key]) => key.toUpperCase() !== 'NODE_OPTIONS')
  if (allowed.length < env.length) {
    errors.push("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
  }
  return { env: allowed, path, output, state, summary: await textOf(paths.step_summary), errors }
}

/**
 * The pairs of a file: `NAME=value`, or `NAME<<DELIMITER`, lines, `DELIMITER`. Blank lines between are skipped.
 *
 * @throws RunnerError WORKFLOW with the runner's sentences
 */
export function parseKeyValues(text: string): readonly KeyValue[] {
  const lines = text.replace(/\n$/, '').split('\n')
  const pairs: KeyValue[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw invalid(`Invalid format '${line}'. Name must not be empty`)
      pairs.push([line.slice(0, equals), line.slice(equals + 1)])
    } else if (heredoc >= 0) {
      const name = line.slice(0, heredoc)
      const delimiter = line.slice(heredoc + 2)
      if (name === '' || delimiter === '') {
        throw invalid(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`)
      }
      const end = lines.indexOf(delimiter, index + 1)
      if (end < 0) throw invalid(`Invalid value. Matching delimiter not found '${delimiter}'`)
      pairs.push([name, lines.slice(index + 1, end).join('\n')])
      index = end
    } else {
      throw invalid(`Invalid format '${line}'`)
    }
  }
  return pairs
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  })
}

function invalid(message: string): RunnerError {
  return new RunnerError('WORKFLOW', message)
}
