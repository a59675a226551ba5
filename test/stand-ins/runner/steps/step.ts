import { writeEvent } from '../disk.js'
import { createFileCommands, readFileCommands } from '../file-commands.js'
import { scopeOf } from '../runner.js'
import type { Frame, JobState } from '../runner.js'
import type { Scope } from '../expressions.js'
import { resolveText, writtenText } from '../template.js'
import type { Template } from '../template.js'
import type { Step } from '../workflow.js'
import { actionName, firstLine } from './details.js'
import { runScript } from './script.js'
import { runUses } from './uses.js'

/** Runs a step of a job or of a composite action, with its file commands around it. */
export async function runStep(
  state: JobState,
  frame: Frame,
  step: Step,
  stage: 'pre' | 'main' | 'post' = 'main'
): Promise<void> {
  frame.github['action'] ??= actionName(step)
  await withFileCommands(state, frame, async () => {
    if (step.kind === 'run') await runScript(state, frame, step)
    else {
      const name = stepName(step, scopeOf(state, frame))
      await runUses(state, frame, stage, step, name, (child, inner) => runStep(state, child, inner))
    }
  })
}

/** Runs the post stage of an action's step that was registered by its main stage. */
export async function runPost(state: JobState, frame: Frame, run: (frame: Frame) => Promise<void>): Promise<void> {
  await withFileCommands(state, frame, () => run(frame))
}

/** What a step is called in the log: its `name`, else `Run` and its first line; as written where that cannot be evaluated. */
export function stepName(step: Step, scope: Scope): string {
  if (step.name !== undefined) return firstLine(evaluatedOrWritten(step.name, scope))
  if (step.kind === 'run') return `Run ${firstLine(evaluatedOrWritten(step.run, scope))}`
  return `Run ${step.uses.replace(/^docker:\/\//, '')}`
}

function evaluatedOrWritten(template: Template, scope: Scope): string {
  try {
    return resolveText(template, scope)
  } catch {
    return writtenText(template)
  }
}

async function withFileCommands(state: JobState, frame: Frame, run: () => Promise<void>): Promise<void> {
  await writeEvent(state.request)
  const paths = await createFileCommands(state.request.dirs.fileCommands)
  Object.assign(frame.github, paths)
  try {
    await run()
  } finally {
    const values = await readFileCommands(paths)
    for (const [key, value] of values.env) {
      state.env[key] = value
      frame.env[key] = value
    }
    for (const path of values.path) {
      state.prependPath = [...state.prependPath.filter(known => known !== path), path]
    }
    Object.assign(frame.outputs, Object.fromEntries(values.output))
    Object.assign(frame.intraState, Object.fromEntries(values.state))
    frame.summary += values.summary
    for (const message of values.errors) frame.log.add('error', message)
    frame.failed ||= values.errors.length > 0
  }
}
