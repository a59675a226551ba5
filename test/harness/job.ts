import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { LineSplitter } from '../stand-ins/runner/lines.js'
import { RUNNER, type RunnerPod } from './runner-pod.js'
import { withoutSlowTransfers } from './slow-transfer.js'

/** A step as the stand-in for the runner reports it. */
export interface StepResult {
  readonly name: string
  readonly conclusion: string
  readonly outcome: string
  /** Of the last hook call; null without one. */
  readonly exitCode: number | null
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly startedAt: string
  readonly ms: number
  readonly log: { readonly lines: readonly string[]; readonly droppedLines: number }
}

export interface JobResult {
  readonly conclusion: string
  readonly steps: readonly StepResult[]
  readonly outputs: Readonly<Record<string, string>>
  /** Everything that was printed. */
  readonly log: string
}

/** By path; executable only when they say so. */
export type Files = Readonly<Record<string, string | { readonly content: string; readonly mode: number }>>

export interface JobRequest {
  /** The workflow file's text. */
  readonly workflow: string
  /** The job's id in it; default `build`. */
  readonly job?: string
  /** A directory of this machine that becomes the repository. */
  readonly source?: string
  /** Further files of the repository, by path. */
  readonly files?: Files
  /** `<step name>:<seconds>`: cancels the job so long after that step began. */
  readonly cancelAt?: string
  /** Gets the log as it comes, in whole lines: a connection cuts it anywhere. */
  readonly onLog?: (line: string) => void
  readonly args?: readonly string[]
  /** Further environment of the runner; the hook sees it too. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a job of a workflow through the hook in a runner pod. */
export async function runJob(runner: RunnerPod, request: JobRequest): Promise<JobResult> {
  const base = `/tmp/job-${randomBytes(4).toString('hex')}`
  const source = `${base}/source`
  if (request.source !== undefined) await runner.copy(request.source, source)
  await deliver(runner, request, base)
  const lines = new LineSplitter()
  const { stdout, stderr } = await runner.exec(
    [
      ...['env', ...Object.entries(request.env ?? {}).map(([name, value]) => `${name}=${value}`)],
      '/home/runner/externals/node20/bin/node',
      RUNNER.standIn,
      'run',
      ...['--workflow', `${base}/workflow.yml`, '--job', request.job ?? 'build', '--source', source],
      ...['--hook', RUNNER.hook, '--work', RUNNER.work, '--result', `${base}/result.json`],
      ...(request.cancelAt === undefined ? [] : ['--cancel-at', request.cancelAt]),
      ...(request.args ?? [])
    ],
    { onStdout: chunk => lines.push(chunk).forEach(line => request.onLog?.(line)) }
  )
  const log = stdout.toString()
  return { ...(await readResult(runner, `${base}/result.json`, `${stderr}\n${log}`)), log }
}

/** A stream of an exec was seen to arrive empty, with exit code 0; the file has more than that in it. */
async function readResult(runner: RunnerPod, file: string, said: string): Promise<Omit<JobResult, 'log'>> {
  for (let attempt = 1; ; attempt += 1) {
    const { code, stdout } = await runner.exec(['sh', '-c', 'wc -c <"$0" && cat "$0"', file])
    const [size = '', ...text] = stdout.toString().split('\n')
    const json = text.join('\n')
    if (code === 0 && size !== '' && Buffer.byteLength(json) === Number(size))
      return JSON.parse(json) as Omit<JobResult, 'log'>
    if (attempt === 5 || code !== 0) throw new Error(`the stand-in for the runner gave no result: ${said}`)
  }
}

async function deliver(runner: RunnerPod, { workflow, files = {} }: JobRequest, base: string): Promise<void> {
  await copyMade(runner, base, async directory => {
    await writeFile(join(directory, 'workflow.yml'), workflow)
    await mkdir(join(directory, 'source'))
    await writeFiles(join(directory, 'source'), files)
  })
}

/** Puts files into a directory of the runner pod. */
export async function placeFiles(runner: RunnerPod, to: string, files: Files): Promise<void> {
  await copyMade(runner, to, async directory => writeFiles(directory, files))
}

/** All at once: each exec costs a fifth of a second. */
async function copyMade(runner: RunnerPod, to: string, make: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'files-'))
  try {
    await chmod(directory, 0o755)
    await make(directory)
    await runner.copy(directory, to)
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [path, file] of Object.entries(files)) {
    const { content, mode } = typeof file === 'string' ? { content: file, mode: 0o644 } : file
    const target = join(directory, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, content)
    await chmod(target, mode)
  }
}

/** The step of a name. */
export function stepOf(result: JobResult, name: string): StepResult {
  const step = result.steps.find(candidate => candidate.name === name)
  if (step === undefined) throw new Error(`there is no step "${name}" in:\n${result.log}`)
  return step
}

/** What a step's hook call printed: no heading, no script and no environment of the runner's own. */
export function outputOf(step: StepResult): string[] {
  const { lines } = step.log
  const call = lines.findLastIndex(line => line.startsWith("##[group]Run '") && line.endsWith(".js'"))
  return withoutSlowTransfers(lines.slice(lines.indexOf('##[endgroup]', call) + 1))
}

/** What the container of a step printed: without what the hook says of how long the step took, which depends on the machine. */
export function containerOutputOf(step: StepResult): string[] {
  return outputOf(step).filter(line => !/^(Pulled and started|Pulled, started and ran|Files sent|Ran) in /.test(line))
}
