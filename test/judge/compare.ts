import type { Mode } from '../harness/runner-pod.js'
import type { StepResult } from '../stand-ins/runner/result.js'
import type { Done } from './done.js'
import { comparable, comparableText, serviceLogs, withoutReasons } from './rules.js'
import type { Entry, Tree } from './tree.js'

/** What differs at one place. Values are texts, of a log those lines that differ. */
export interface Difference {
  /** `job: conclusion`, `step "Show": log`, `file a/b: mode` … */
  readonly where: string
  readonly docker: string
  readonly here: string
}

/**
 * Compares what a job came to on a Docker runner and through the hook: conclusions, exit codes, logs, outputs, the `job`
 * context, and the workspace.
 *
 * @returns the differences in the order of the job
 */
export function compare(docker: Done, here: Done, mode: Mode): Difference[] {
  return [...compareJobs(docker, here), ...compareSteps(docker, here), ...compareFiles(docker.files, here.files, mode)]
}

function compareJobs(docker: Done, here: Done): Difference[] {
  const facts = (done: Done): Record<string, string> => ({
    conclusion: done.result.conclusion,
    outputs: comparableText(textOf(done.result.outputs), done),
    context: comparableText(textOf(contextOf(done)), done)
  })
  return compareFacts('job', facts(docker), facts(here))
}

/**
 * The `job` context as far as it can be the same: which services there are, and which of their ports. Host ports are chance
 * with Docker where the workflow gives none.
 */
function contextOf({ result }: Done): object {
  const { container = {}, services = {} } = result.jobContext as {
    readonly container?: Readonly<Record<string, string>>
    readonly services?: Readonly<Record<string, { readonly ports: Readonly<Record<string, string>> }>>
  }
  return {
    container: Object.keys(container).filter(key => key === 'id'),
    services: Object.fromEntries(Object.entries(services).map(([name, { ports }]) => [name, Object.keys(ports).sort()]))
  }
}

function compareSteps(docker: Done, here: Done): Difference[] {
  const names = (done: Done): string => done.result.steps.map(step => `${step.stage} ${step.name}`).join('\n')
  if (names(docker) !== names(here)) return compareFacts('job', { steps: names(docker) }, { steps: names(here) })
  return docker.result.steps.flatMap((there, index) => {
    const step = here.result.steps[index]
    if (step === undefined) return []
    const where = `step "${there.name}"`
    const facts = (of: StepResult, done: Done): Record<string, string> => ({
      outcome: of.outcome,
      conclusion: of.conclusion,
      ...(of.stage === 'job' ? {} : { exitCode: String(of.exitCode) }),
      outputs: comparableText(textOf(of.outputs), done),
      summary: comparableText(of.summary, done)
    })
    const [left, right] = [facts(there, docker), facts(step, here)]
    // The runner knows no exit code of a step whose image could not be built or pulled.
    if (there.exitCode === null && left['exitCode'] !== undefined) right['exitCode'] = left['exitCode']
    return [...compareFacts(where, left, right), ...compareLogs(where, there, step, docker, here)]
  })
}

function compareLogs(where: string, there: StepResult, step: StepResult, docker: Done, here: Done): Difference[] {
  // What the runner's own steps print is about Docker or about the hook, but for the services' logs.
  const [left, right] =
    there.stage === 'job'
      ? [serviceLogs(there), serviceLogs(step)]
      : withoutReasons(comparable(there, docker), comparable(step, here))
  let start = 0
  while (start < left.length && left[start] === right[start]) start++
  if (start === left.length && start === right.length) return []
  let end = 0
  const shorter = Math.min(left.length, right.length) - start
  while (end < shorter && left[left.length - 1 - end] === right[right.length - 1 - end]) end++
  const piece = (lines: readonly string[]): string => lines.slice(start, lines.length - end).join('\n')
  return [{ where: `${where}: log`, docker: piece(left), here: piece(right) }]
}

function compareFiles(docker: Tree, here: Tree, mode: Mode): Difference[] {
  return [...new Set([...docker.keys(), ...here.keys()])].sort().flatMap(path => {
    const missing: Entry = { type: 'missing' }
    const [there = missing, entry = missing] = [docker.get(path), here.get(path)]
    const where = `file ${path}`
    if (there['type'] !== entry['type']) {
      return [{ where: `${where}: type`, docker: there['type'] ?? '', here: entry['type'] ?? '' }]
    }
    return compareFacts(where, seenIn(mode, there), seenIn(mode, entry))
  })
}

/**
 * What of a file can be the same. A volume with `fsGroup`, as ARC's runner pods have it, gives every file its group, by the
 * setgid bit of its directories. Without a volume all files on the runner's disk are the runner's: an exec can give no file
 * to another user; and setuid and setgid bits stay in the pod.
 */
function seenIn(mode: Mode, { type = '', owner = '', mode: bits, ...rest }: Entry): Entry {
  const chance = mode === 'novolume' ? 0o6000 : type === 'directory' ? 0o2000 : 0
  return {
    type,
    ...rest,
    ...(bits === undefined ? {} : { mode: (parseInt(bits, 8) & ~chance).toString(8).padStart(4, '0') }),
    ...(mode === 'volume' ? { owner: owner.replace(/:.*/, '') } : {})
  }
}

function compareFacts(
  where: string,
  docker: Readonly<Record<string, string>>,
  here: Readonly<Record<string, string>>
): Difference[] {
  return [...new Set([...Object.keys(docker), ...Object.keys(here)])].flatMap(fact => {
    const [there = '', value = ''] = [docker[fact], here[fact]]
    return there === value ? [] : [{ where: `${where}: ${fact}`, docker: there, here: value }]
  })
}

function textOf(value: object): string {
  return JSON.stringify(value)
}
