import type { Action, CompositeRuns } from '../action.js'
import { messageOf } from '../error.js'
import { holds } from '../expressions.js'
import type { Json } from '../json.js'
import { scopeOf } from '../runner.js'
import type { Frame, JobState } from '../runner.js'
import { asExpression, resolveText, resolveTexts } from '../template.js'
import type { Step } from '../workflow.js'
import { logFailure } from './failure.js'

/** Runs the steps of a composite action one after another and sets its outputs. */
export async function runComposite(
  state: JobState,
  frame: Frame,
  action: Action & { readonly runs: CompositeRuns },
  inputs: Readonly<Record<string, string>>,
  runStep: (child: Frame, step: Step) => Promise<void>
): Promise<void> {
  const steps: Record<string, Json> = {}
  let failed = false
  const status = {
    get failed() {
      return failed
    },
    get cancelled() {
      return state.cancelled
    }
  }
  const within = { github: { ...frame.github, action_path: action.directory }, steps, inputs, status }
  for (const step of action.runs.steps) {
    const child: Frame = {
      ...frame,
      ...within,
      github: { ...within.github },
      env: { ...state.env, ...frame.env },
      outputs: {},
      intraState: {},
      embedded: true,
      failed: false
    }
    try {
      Object.assign(child.env, resolveTexts(step.env, scopeOf(state, child)))
      if (!holds(asExpression(step.if), scopeOf(state, child))) {
        if (step.id !== undefined) steps[step.id] = { outputs: {}, outcome: 'skipped', conclusion: 'skipped' }
        continue
      }
      await runStep(child, step)
    } catch (error) {
      logFailure(child, error)
    }
    const outcome = child.failed ? 'failure' : 'success'
    const tolerated = child.failed && resolveText(step.continueOnError, scopeOf(state, child)) === 'true'
    failed ||= child.failed && !tolerated
    frame.summary += child.summary.slice(frame.summary.length)
    if (step.id !== undefined) {
      steps[step.id] = { outputs: child.outputs, outcome, conclusion: tolerated ? 'success' : outcome }
    }
  }
  frame.failed ||= failed
  const scope = scopeOf(state, { ...frame, ...within })
  for (const [name, value] of action.runs.outputs) {
    try {
      frame.outputs[name] = resolveText(value, scope)
    } catch (error) {
      frame.log.add('error', messageOf(error))
      frame.failed = true
    }
  }
}
