import { load } from 'js-yaml'

import { outputOf, stepOf, type JobResult } from './job.js'
import type { Mode } from './runner-pod.js'

/** What a case's `expect.yaml` says. */
export interface Expectation {
  /** Where `npm test` runs the case: where a fault shows most likely, or nowhere when other tests show the most of it. */
  readonly modes: readonly Mode[]
  /** Where `npm run test:long` runs it besides: in the other mode only when the mode can matter. */
  readonly inLongRun: readonly Mode[]
  /** Of the job. */
  readonly conclusion: string
  readonly right: readonly Right[]
}

/** What is right of one construct, and what happens today where it is not yet so. */
export interface Right {
  readonly name: string
  readonly look: Look
  readonly known: Known | undefined
}

export interface Known {
  /** The cause, and what mends it. */
  readonly why: string
  readonly modes: readonly Mode[]
  readonly today: Look
}

/** What is looked at after a job: of one step, or of the whole log. */
export interface Look {
  readonly step: string | undefined
  readonly outcome: string | undefined
  readonly exitCode: number | undefined
  /** These lines, in this order; others may stand between them. */
  readonly prints: readonly string[]
  /** Each matches a line. */
  readonly matches: readonly RegExp[]
  /** None matches a line. */
  readonly lacks: readonly RegExp[]
  readonly summary: string | undefined
}

const MODES: readonly Mode[] = ['volume', 'novolume']

/**
 * Reads an `expect.yaml`.
 *
 * @param file its name, for messages
 * @throws Error for what is no expectation; a key that nobody reads would be a check that cannot fail
 */
export function readExpectation(text: string, file: string): Expectation {
  const refuse = (problem: string): never => {
    throw new Error(`${file}: ${problem}`)
  }

  function fields(value: unknown, keys: readonly string[] | undefined, where: string): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(`${where} is no mapping`)
    for (const key of Object.keys(value)) {
      if (keys?.includes(key) === false) refuse(`${where}: "${key}" is none of ${keys.join(', ')}`)
    }
    return value as Record<string, unknown>
  }

  function texts(value: unknown, where: string): readonly string[] {
    if (value === undefined) return []
    if (!Array.isArray(value) || value.length === 0) return refuse(`${where} is no list`)
    return value.map(item => (typeof item === 'string' ? item : refuse(`${where}: ${JSON.stringify(item)} is no text`)))
  }

  function textOf(value: unknown, where: string): string | undefined {
    return value === undefined || typeof value === 'string' ? value : refuse(`${where} is no string`)
  }

  function numberOf(value: unknown, where: string): number | undefined {
    return value === undefined || typeof value === 'number' ? value : refuse(`${where} is no number`)
  }

  function readModes(value: unknown, where: string): readonly Mode[] {
    const wrong = texts(value, where).find(mode => !MODES.includes(mode as Mode))
    if (wrong !== undefined) refuse(`${where}: "${wrong}" is none of ${MODES.join(', ')}`)
    return texts(value, where) as Mode[]
  }

  function readLook(found: Record<string, unknown>, where: string, step?: string): Look {
    const look: Look = {
      step: textOf(found['step'], `${where}, step`) ?? step,
      outcome: textOf(found['outcome'], `${where}, outcome`),
      exitCode: numberOf(found['exitCode'], `${where}, exitCode`),
      prints: texts(found['prints'], `${where}, prints`),
      matches: texts(found['matches'], `${where}, matches`).map(pattern => new RegExp(pattern)),
      lacks: texts(found['lacks'], `${where}, lacks`).map(pattern => new RegExp(pattern)),
      summary: textOf(found['summary'], `${where}, summary`)
    }
    const needsStep = look.outcome ?? look.exitCode ?? look.summary
    if (needsStep !== undefined && look.step === undefined) refuse(`${where}: which step?`)
    if (needsStep === undefined && [look.prints, look.matches, look.lacks].every(({ length }) => length === 0))
      refuse(`${where} looks at nothing`)
    return look
  }

  function readRight(name: string, value: unknown): Right {
    const found = fields(value, ['step', ...LOOKS, 'known'], `"${name}"`)
    const look = readLook(found, `"${name}"`)
    if (found['known'] === undefined) return { name, look, known: undefined }
    const known = fields(found['known'], ['why', 'modes', 'today'], `"${name}", known`)
    return {
      name,
      look,
      known: {
        why: textOf(known['why'], `"${name}", why`) ?? refuse(`"${name}", known: why?`),
        modes: known['modes'] === undefined ? MODES : readModes(known['modes'], `"${name}", modes`),
        today: readLook(fields(known['today'], LOOKS, `"${name}", today`), `"${name}", today`, look.step)
      }
    }
  }

  const found = fields(load(text), ['modes', 'inLongRun', 'conclusion', 'right'], 'the file')
  const modes = readModes(found['modes'], 'modes')
  const inLongRun = readModes(found['inLongRun'], 'inLongRun')
  if (modes.length + inLongRun.length === 0) refuse('modes: where does it run?')
  const right = Object.entries(fields(found['right'], undefined, 'right'))
  if (right.length === 0) refuse('right: what is?')
  return {
    modes,
    inLongRun,
    conclusion: textOf(found['conclusion'], 'conclusion') ?? 'success',
    right: right.map(([name, value]) => readRight(name, value))
  }
}

const LOOKS: readonly string[] = ['outcome', 'exitCode', 'prints', 'matches', 'lacks', 'summary']

/** What is not as it should be in a mode; nothing when all is well. */
export function complaints(result: JobResult, { look, known }: Right, mode: Mode): string[] {
  const wrong = differences(result, look)
  if (known?.modes.includes(mode) !== true) return wrong
  if (wrong.length === 0) return [`this is right now: take its "known" away (${known.why})`]
  return differences(result, known.today).map(difference => `wrong otherwise than it was: ${difference}`)
}

function differences(result: JobResult, look: Look): string[] {
  const step = look.step === undefined ? undefined : stepOf(result, look.step)
  const lines = step === undefined ? result.log.split('\n') : outputOf(step)
  const printed = (): string => `in:\n${lines.join('\n')}`
  const wrong: string[] = []
  if (look.outcome !== undefined && step?.outcome !== look.outcome)
    wrong.push(`the outcome is ${step?.outcome}, not ${look.outcome}, ${printed()}`)
  if (look.exitCode !== undefined && step?.exitCode !== look.exitCode)
    wrong.push(`the exit code is ${step?.exitCode}, not ${look.exitCode}, ${printed()}`)
  if (look.summary !== undefined && step?.summary !== look.summary)
    wrong.push(`the summary is ${JSON.stringify(step?.summary)}, not ${JSON.stringify(look.summary)}`)
  let from = 0
  for (const line of look.prints) {
    const at = lines.indexOf(line, from)
    if (at < 0) wrong.push(`there is no line ${JSON.stringify(line)} after line ${from} ${printed()}`)
    else from = at + 1
  }
  for (const pattern of look.matches) {
    if (!lines.some(line => pattern.test(line))) wrong.push(`no line matches ${String(pattern)} ${printed()}`)
  }
  for (const pattern of look.lacks) {
    const line = lines.find(candidate => pattern.test(candidate))
    if (line !== undefined) wrong.push(`a line matches ${String(pattern)}: ${line}`)
  }
  return wrong
}
