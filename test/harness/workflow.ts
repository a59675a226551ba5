/** A job as it stands in a workflow file. */
export interface JobText {
  readonly container?: unknown
  readonly services?: unknown
  readonly env?: Readonly<Record<string, string>>
  readonly outputs?: Readonly<Record<string, string>>
  readonly steps: readonly StepText[]
}

export type StepText = Readonly<Record<string, unknown>>

/** The text of a workflow file with one job, `build`. JSON is YAML, and has one way to write a string. */
export function workflowOf(job: JobText): string {
  return JSON.stringify({ on: 'push', jobs: { build: { 'runs-on': 'self-hosted', ...job } } })
}
