import { parseArgs } from 'node:util'
import { RunnerError } from './error.js'

/** The command line of `run`, paths as given. */
export interface RunArguments {
  readonly command: 'run'
  readonly workflow: string
  readonly job: string
  /** '' with `docker`. */
  readonly hook: string
  readonly docker?: string
  readonly dockerSocket: string
  readonly source?: string
  readonly work: string
  readonly externals: string
  readonly node?: string
  readonly actions?: string
  readonly repository: string
  readonly ref: string
  readonly actor: string
  readonly event?: string
  readonly eventName?: string
  readonly secrets?: string
  readonly vars?: string
  readonly matrix: string
  readonly result?: string
  readonly cancelAt: readonly { readonly step: string; readonly seconds: number }[]
  readonly cancelFile?: string
  readonly keepLines: number
  readonly color?: boolean
  readonly timestamps: boolean
  readonly debug: boolean
}

/** The command line of `call`. */
export interface CallArguments {
  readonly command: 'call'
  readonly hook: string
  readonly node?: string
  readonly externals: string
  readonly cwd?: string
  /** Created empty before the call, unless `noResponseFile`; its content is in the report. */
  readonly response?: string
  readonly noResponseFile: boolean
  readonly cancelAfter?: number
}

export type Arguments = RunArguments | CallArguments | { readonly command: 'help' }

/** What `--help` prints. */
export const usage = `The stand-in for the GitHub Actions runner: plays one job against a container hook or Docker.

runner run --workflow FILE --job ID (--hook FILE | --docker FILE) [options]
  --docker FILE         Docker's client: containers as on a runner without hooks
  --docker-socket FILE  where its daemon listens (/var/run/docker.sock)
  --source DIR          copied to the workspace before the job, in place of actions/checkout
  --work DIR            work directory (/home/runner/_work)
  --externals DIR       externals (/home/runner/externals)
  --node FILE           program for .js hooks (<externals>/node20/bin/node)
  --actions DIR         remote actions as DIR/owner/repository/ref, for "uses: owner/repository@ref"
  --repository O/R      (octo/demo)    --ref REF (refs/heads/main)    --actor NAME (octocat)
  --event FILE          event payload, JSON    --event-name NAME (the workflow's first, push if it has it)
  --secrets FILE        lines NAME=VALUE, or JSON; GITHUB_TOKEN is the job's token
  --vars FILE           the same for vars
  --matrix JSON         the matrix context
  --result FILE         writes the result as JSON
  --cancel-at STEP:SEC  cancels the job so long after the step of this name began; may be repeated
  --cancel-file FILE    cancels the job once this file exists
  --keep-lines N        log lines that the result keeps for a step (100000)
  --plain | --color     without or with colors (as the terminal is)
  --timestamps          a time before each line
  --debug               debug lines and RUNNER_DEBUG
runner call --hook FILE [--node FILE] [--externals DIR] [--cwd DIR] [--response FILE] [--no-response-file] [--cancel-after SEC]
  gives stdin to the hook byte by byte and prints {exitCode, endedBy, sent, stdioHeld, ms, stdout, stderr, response} as JSON

Exit code: 0 success, 1 failure or cancelled, 2 usage. SIGINT cancels the job.
`

/**
 * Reads the command line.
 *
 * @param argv without node and the script
 * @throws RunnerError USAGE
 */
export function readArguments(argv: readonly string[]): Arguments {
  const [command, ...rest] = argv
  if (command === undefined || command === '--help' || command === 'help') return { command: 'help' }
  if (command === 'run') return readRun(rest)
  if (command === 'call') return readCall(rest)
  throw usageError(`Unknown command '${command}'. Commands: run, call.`)
}

function readRun(args: readonly string[]): RunArguments {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const values = parse(args, {
    workflow: text,
    job: text,
    hook: text,
    docker: text,
    'docker-socket': text,
    source: text,
    work: text,
    externals: text,
    node: text,
    actions: text,
    repository: text,
    ref: text,
    actor: text,
    event: text,
    'event-name': text,
    secrets: text,
    vars: text,
    matrix: text,
    result: text,
    'cancel-at': { type: 'string', multiple: true },
    'cancel-file': text,
    'keep-lines': text,
    plain: flag,
    color: flag,
    timestamps: flag,
    debug: flag
  })
  const one = (name: string) => values[name] as string | undefined
  const repository = one('repository') ?? 'octo/demo'
  if (!/^[^/]+\/[^/]+$/.test(repository)) throw usageError(`--repository '${repository}' is not owner/name.`)
  return {
    command: 'run',
    workflow: required(one('workflow'), '--workflow'),
    job: required(one('job'), '--job'),
    hook: one('docker') === undefined ? required(one('hook'), '--hook') : '',
    dockerSocket: one('docker-socket') ?? '/var/run/docker.sock',
    work: one('work') ?? '/home/runner/_work',
    externals: one('externals') ?? '/home/runner/externals',
    repository,
    ref: one('ref') ?? 'refs/heads/main',
    actor: one('actor') ?? 'octocat',
    matrix: one('matrix') ?? '{}',
    cancelAt: ((values['cancel-at'] ?? []) as string[]).map(readCancelAt),
    keepLines: readNumber(one('keep-lines') ?? '100000', '--keep-lines'),
    timestamps: values['timestamps'] === true,
    debug: values['debug'] === true,
    ...optional('docker', one('docker')),
    ...optional('source', one('source')),
    ...optional('node', one('node')),
    ...optional('actions', one('actions')),
    ...optional('event', one('event')),
    ...optional('eventName', one('event-name')),
    ...optional('secrets', one('secrets')),
    ...optional('vars', one('vars')),
    ...optional('result', one('result')),
    ...optional('cancelFile', one('cancel-file')),
    ...optional('color', values['plain'] === true ? false : (values['color'] as boolean | undefined))
  }
}

function readCall(args: readonly string[]): CallArguments {
  const text = { type: 'string' } as const
  const values = parse(args, {
    hook: text,
    node: text,
    externals: text,
    cwd: text,
    response: text,
    'no-response-file': { type: 'boolean' },
    'cancel-after': text
  })
  const one = (name: string) => values[name] as string | undefined
  const cancelAfter = one('cancel-after')
  return {
    command: 'call',
    hook: required(one('hook'), '--hook'),
    externals: one('externals') ?? '/home/runner/externals',
    noResponseFile: values['no-response-file'] === true,
    ...optional('node', one('node')),
    ...optional('cwd', one('cwd')),
    ...optional('response', one('response')),
    ...optional('cancelAfter', cancelAfter === undefined ? undefined : readNumber(cancelAfter, '--cancel-after'))
  }
}

// A step's name may hold colons; the seconds are what follows the last one.
function readCancelAt(text: string): { readonly step: string; readonly seconds: number } {
  const colon = text.lastIndexOf(':')
  if (colon <= 0) throw usageError(`--cancel-at '${text}' is not STEP:SECONDS.`)
  return { step: text.slice(0, colon), seconds: readNumber(text.slice(colon + 1), '--cancel-at') }
}

function readNumber(text: string, option: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw usageError(`${option}: '${text}' is not a number.`)
  return value
}

function parse(
  args: readonly string[],
  options: Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>
): Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new RunnerError('USAGE', (error as Error).message, { cause: error })
  }
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw usageError(`${option} is missing.`)
  return value
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, V>>
}

function usageError(message: string): RunnerError {
  return new RunnerError('USAGE', message)
}
