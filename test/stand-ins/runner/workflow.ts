import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { RunnerError } from './error.js'
import { fields, items, literalText, readTemplate } from './template.js'
import type { Template } from './template.js'

interface StepBase {
  readonly id?: string
  readonly name?: Template
  readonly if?: Template
  readonly env?: Template
  readonly continueOnError?: Template
  readonly timeoutMinutes?: Template
}

/** A `run:` step. */
export interface RunStep extends StepBase {
  readonly kind: 'run'
  readonly run: Template
  readonly shell?: Template
  readonly workingDirectory?: Template
}

/** A `uses:` step. */
export interface UsesStep extends StepBase {
  readonly kind: 'uses'
  readonly uses: string
  readonly with?: Template
}

export type Step = RunStep | UsesStep

/** One job of a workflow file; expressions are not evaluated. */
export interface Job {
  readonly workflowName: string
  readonly events: readonly string[]
  readonly id: string
  readonly name?: Template
  readonly workflowEnv?: Template
  readonly env?: Template
  /** `defaults.run` of the job, each key else that of the workflow. */
  readonly defaultShell?: Template
  readonly defaultWorkingDirectory?: Template
  readonly container?: Template
  readonly services: readonly { readonly alias: string; readonly container: Template }[]
  readonly outputs?: Template
  readonly timeoutMinutes?: Template
  readonly steps: readonly Step[]
}

/**
 * One job of a workflow file, validated by GitHub's own `@actions/workflow-parser`.
 *
 * @param file name (for messages) and text of the workflow
 * @param jobId the key below `jobs`
 * @throws RunnerError WORKFLOW with every complaint of the parser
 */
export function readJob(file: { readonly name: string; readonly content: string }, jobId: string): Job {
  const parsed = parseWorkflow(file, new NoOperationTraceWriter())
  const errors = parsed.context.errors.getErrors()
  if (errors.length > 0 || parsed.value === undefined) {
    throw new RunnerError('WORKFLOW', `The workflow is not valid. ${errors.map(error => error.message).join('; ')}`)
  }
  const workflow = fields(readTemplate(file.content))
  const jobs = fields(workflow.get('jobs'))
  const job = jobs.get(jobId)
  if (job === undefined) {
    throw new RunnerError('WORKFLOW', `${file.name} has no job '${jobId}'; it has: ${[...jobs.keys()].join(', ')}.`)
  }
  const keys = fields(job)
  const run = fields(fields(keys.get('defaults')).get('run'))
  const workflowRun = fields(fields(workflow.get('defaults')).get('run'))
  return definedOnly({
    workflowName: literalText(workflow.get('name')) ?? file.name,
    events: eventNames(workflow.get('on')),
    id: jobId,
    name: keys.get('name'),
    workflowEnv: workflow.get('env'),
    env: keys.get('env'),
    defaultShell: run.get('shell') ?? workflowRun.get('shell'),
    defaultWorkingDirectory: run.get('working-directory') ?? workflowRun.get('working-directory'),
    container: keys.get('container'),
    services: [...fields(keys.get('services'))].map(([alias, container]) => ({ alias, container })),
    outputs: keys.get('outputs'),
    timeoutMinutes: keys.get('timeout-minutes'),
    steps: items(keys.get('steps')).map(readStep)
  })
}

/**
 * One step of a job or of a composite action.
 *
 * @throws RunnerError WORKFLOW for a step that is neither `run` nor `uses`
 */
export function readStep(template: Template): Step {
  const keys = fields(template)
  const base = {
    id: literalText(keys.get('id')),
    name: keys.get('name'),
    if: keys.get('if'),
    env: keys.get('env'),
    continueOnError: keys.get('continue-on-error'),
    timeoutMinutes: keys.get('timeout-minutes')
  }
  const run = keys.get('run')
  if (run !== undefined) {
    return definedOnly({
      kind: 'run',
      ...base,
      run,
      shell: keys.get('shell'),
      workingDirectory: keys.get('working-directory')
    })
  }
  const uses = literalText(keys.get('uses'))
  if (uses === undefined) {
    throw new RunnerError('WORKFLOW', `A step with the keys ${[...keys.keys()].join(', ')} is not supported here.`)
  }
  return definedOnly({ kind: 'uses', ...base, uses, with: keys.get('with') })
}

function eventNames(on: Template | undefined): readonly string[] {
  const single = literalText(on)
  if (single !== undefined) return [single]
  if (on?.kind === 'sequence') return on.items.flatMap(item => literalText(item) ?? [])
  return [...fields(on).keys()]
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

// Optional properties are absent, never undefined (exactOptionalPropertyTypes).
function definedOnly<const T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>
}
