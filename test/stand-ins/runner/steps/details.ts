import type { Frame } from '../runner.js'
import type { Step, UsesStep } from '../workflow.js'

/** The folded group that opens a step: what runs, its inputs or its script, and its `env`. */
export function printDetails(
  frame: Frame,
  details: {
    readonly title: string
    readonly source?: string
    readonly inputs?: Readonly<Record<string, string>>
    readonly shell?: string
  }
): void {
  frame.log.add('group', `Run ${details.title}`)
  if (details.source !== undefined) {
    for (const line of details.source.replaceAll('\r\n', '\n').replace(/\n+$/, '').split('\n')) {
      frame.log.add('source', line)
    }
  }
  const inputs = Object.entries(details.inputs ?? {}).filter(([, value]) => value !== '')
  if (inputs.length > 0) frame.log.add('text', 'with:')
  for (const [key, value] of inputs) frame.log.add('text', `  ${key}: ${value}`)
  if (details.shell !== undefined) frame.log.add('text', `shell: ${details.shell}`)
  const env = Object.entries(frame.env)
  if (env.length > 0) frame.log.add('text', 'env:')
  for (const [key, value] of env) frame.log.add('text', `  ${key}: ${value}`)
  frame.log.add('endgroup', '')
}

/** The first line of a script, as in a step's name. */
export function firstLine(text: string): string {
  return text.trimStart().split(/[\r\n]/, 1)[0] ?? ''
}

/** `GITHUB_ACTION`: the id, else a name made from what runs. */
export function actionName(step: Step): string {
  if (step.id !== undefined) return step.id
  return step.kind === 'run' ? '__run' : `__${usesSlug(step)}`
}

function usesSlug(step: UsesStep): string {
  if (step.uses.startsWith('./')) return 'self'
  return step.uses.replace(/@.*$/, '').replaceAll(/[^A-Za-z0-9_]+/g, '_')
}
