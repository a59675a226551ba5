import { existsSync } from 'node:fs'
import { cp, stat, writeFile } from 'node:fs/promises'
import { readAction } from '../action.js'
import type { Action, Runs } from '../action.js'
import { RunnerError } from '../error.js'
import { scopeOf } from '../runner.js'
import type { Frame, JobState } from '../runner.js'
import { resolveText, resolveTexts } from '../template.js'
import type { Step, UsesStep } from '../workflow.js'
import { runComposite } from './composite.js'
import { runContainer } from './container.js'
import { actionName, printDetails } from './details.js'
import { runNode } from './node.js'

/** What a `uses:` means. */
export type Reference =
  | { readonly kind: 'docker'; readonly image: string }
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'remote'; readonly repository: string; readonly path: string; readonly ref: string }

/**
 * Reads a `uses:`.
 *
 * @throws RunnerError WORKFLOW when it is none of `docker://image`, `./path` and `owner/repository/path@ref`
 */
export function parseUses(uses: string): Reference {
  if (uses.startsWith('docker://')) return { kind: 'docker', image: uses.slice('docker://'.length) }
  if (uses.startsWith('./')) return { kind: 'local', path: uses }
  const parts = /^([^/@]+\/[^/@]+)(?:\/([^@]*))?@(.+)$/.exec(uses)
  if (parts === null) {
    throw new RunnerError(
      'WORKFLOW',
      `Expected format {org}/{repo}[/path]@ref. Actual '${uses}'. Input string was not in a correct format.`
    )
  }
  return { kind: 'remote', repository: parts[1] ?? '', path: parts[2] ?? '', ref: parts[3] ?? '' }
}

/** True for `actions/checkout`, which the stand-in does itself before the job unless it was given the action. */
export async function isOwnCheckout(state: JobState, reference: Reference): Promise<boolean> {
  return (
    reference.kind === 'remote' &&
    reference.repository.toLowerCase() === 'actions/checkout' &&
    (await storedAction(state, reference)) === undefined
  )
}

/**
 * The action of a reference. Local ones are read from the runner's own disk; remote ones are copied below `_actions` from
 * the directory of actions, once in a job; a mark beside them says that they are whole.
 *
 * @throws RunnerError ACTION when it cannot be found
 */
export async function loadAction(state: JobState, reference: Reference): Promise<Action> {
  switch (reference.kind) {
    case 'docker':
      return {
        directory: state.request.dirs.workspace,
        inputs: new Map(),
        runs: { using: 'docker', image: `docker://${reference.image}`, preIf: 'always()', postIf: 'always()' }
      }
    case 'local':
      return readAction(`${state.request.dirs.workspace}/${reference.path}`)
    case 'remote': {
      const stored = await storedAction(state, reference)
      if (stored === undefined) {
        throw new RunnerError(
          'ACTION',
          `Unable to resolve action \`${reference.repository}@${reference.ref}\`, repository not found. The stand-in takes it from --actions DIR/${reference.repository}/${reference.ref}.`
        )
      }
      const directory = `${state.request.dirs.actions}/${reference.repository}/${reference.ref}`
      const mark = `${directory}.completed`
      if (!existsSync(mark)) {
        await cp(stored, directory, { recursive: true, verbatimSymlinks: true })
        await writeFile(mark, new Date().toISOString())
      }
      return readAction(reference.path === '' ? directory : `${directory}/${reference.path}`)
    }
  }
}

/** Runs one stage of a `uses:` step. */
export async function runUses(
  state: JobState,
  frame: Frame,
  stage: 'pre' | 'main' | 'post',
  step: UsesStep,
  name: string,
  runStep: (child: Frame, step: Step) => Promise<void>
): Promise<void> {
  const reference = parseUses(step.uses)
  if (await isOwnCheckout(state, reference)) {
    printDetails(frame, { title: step.uses })
    frame.log.add('text', 'The stand-in runner copied the source before the job.')
    return
  }
  const action = await loadAction(state, reference)
  if (reference.kind === 'local' && stageCommand(action.runs, 'pre') !== undefined) {
    frame.log.add('warning', `\`pre\` execution is not supported for local action from '${reference.path}'`)
  }
  if (stage !== 'post') registerPost(state, frame, step, name, action, runStep)
  const inputs = effectiveInputs(state, frame, step, action, reference)
  if (stage === 'post') frame.log.add('text', 'Post job cleanup.')
  else printDetails(frame, { title: step.uses, inputs })
  const { runs } = action
  switch (runs.using) {
    case 'docker':
      return runContainer(state, frame, stage, { ...action, runs }, inputs)
    case 'node':
      return runNode(state, frame, stage, { ...action, runs }, inputs)
    case 'composite':
      return runComposite(state, frame, { ...action, runs }, inputs, runStep)
  }
}

/** The program of a stage, if the action has that stage. */
export function stageCommand(runs: Runs, stage: 'pre' | 'post'): string | undefined {
  return runs.using === 'composite' ? undefined : runs[stage]
}

function registerPost(
  state: JobState,
  frame: Frame,
  step: UsesStep,
  name: string,
  action: Action,
  runStep: (child: Frame, step: Step) => Promise<void>
): void {
  const { runs } = action
  // Main after pre finds the post step there already; both stages share their state object.
  const isRegistered = state.posts.some(post => post.intraState === frame.intraState)
  if (stageCommand(runs, 'post') === undefined || runs.using === 'composite' || isRegistered) return
  state.posts.push({
    stage: 'post',
    action: actionName(step),
    name: () => `Post ${name.replace(/^Pre /, '')}`,
    condition: runs.postIf,
    ...(step.env === undefined ? {} : { env: step.env }),
    intraState: frame.intraState,
    ...(frame.embedded ? { within: { inputs: frame.inputs, steps: frame.steps } } : {}),
    run: post => runUses(state, post, 'post', step, name, runStep)
  })
}

function effectiveInputs(
  state: JobState,
  frame: Frame,
  step: UsesStep,
  action: Action,
  reference: Reference
): Readonly<Record<string, string>> {
  const scope = scopeOf(state, frame)
  const inputs = resolveTexts(step.with, scope)
  const has = (names: readonly string[], name: string) => names.some(key => key.toLowerCase() === name.toLowerCase())
  const valid = [...(action.runs.using === 'docker' ? ['entryPoint', 'args'] : []), ...action.inputs.keys()]
  const unexpected = Object.keys(inputs).filter(key => !has(valid, key))
  if (reference.kind !== 'docker' && unexpected.length > 0) {
    frame.log.add(
      'warning',
      `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${valid.join("', '")}']`
    )
  }
  for (const [key, value] of action.inputs) {
    if (!has(Object.keys(inputs), key)) inputs[key] = resolveText(value, scope)
  }
  return inputs
}

async function storedAction(
  state: JobState,
  reference: Extract<Reference, { kind: 'remote' }>
): Promise<string | undefined> {
  if (state.request.actions === undefined) return undefined
  const path = `${state.request.actions}/${reference.repository}/${reference.ref}`
  return (await stat(path).catch(() => undefined))?.isDirectory() === true ? path : undefined
}
