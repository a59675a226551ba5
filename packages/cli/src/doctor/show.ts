import type { Finding, State } from './finding.js'

/** What was looked at, for the head of a table. */
export interface Diagnosis {
  /** The API server's address; undefined when there was none to ask. */
  readonly server: string | undefined
  readonly namespace: string | undefined
  readonly findings: readonly Finding[]
}

const STATES: readonly State[] = ['ok', 'warning', 'failed', 'unknown']

/** A table for people: a line for each finding, and below what mends it. */
export function asTable({ server, namespace, findings }: Diagnosis): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, state, says, mend }) => [
    `${state.padEnd(7)}  ${check.padEnd(width)}  ${says}`,
    ...(mend === undefined ? [] : [`${' '.repeat(7)}  ${' '.repeat(width)}  → ${mend}`])
  ])
  const counts = STATES.map(state => [state, findings.filter(each => each.state === state).length] as const)
  const sum = counts.flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${state}`])).join(', ')
  const head = server === undefined ? [] : [`Cluster ${server}, namespace ${namespace ?? ''}`, '']
  return [...head, ...lines, '', sum, ''].join('\n')
}

/** One document for programs: docs/kbuild.md describes it. */
export function asJson({ server, namespace, findings }: Diagnosis): string {
  const ok = findings.every(({ state }) => state === 'ok' || state === 'warning')
  return `${JSON.stringify({ version: 1, ok, server, namespace, findings }, undefined, 2)}\n`
}
