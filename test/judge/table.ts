import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { format, resolveConfig } from 'prettier'

import type { Mode } from '../harness/runner-pod.js'
import type { Accepted } from './differences.js'
import type { Result } from './results.js'
import type { Workflow } from './workflows.js'

/** The page that the table is a part of; the rest of it is written by hand. */
export const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md')

const BEGIN = '<!-- From here on the page is made by `npm run judge -- --table`. -->'

/** What was found of the shipped hooks, by the numbers that workflows name in `# row:`. */
type Features = Readonly<Record<string, readonly [feature: string, docker: string, v07: string, v08: string]>>

const features = JSON.parse(readFileSync(join(import.meta.dirname, 'features.json'), 'utf8')) as Features

/**
 * The page with its table.
 *
 * @param page as it is; what stands before the table stays
 */
export async function withTable(
  page: string,
  workflows: readonly Workflow[],
  results: Readonly<Record<string, Result>>,
  accepted: readonly Accepted[]
): Promise<string> {
  const written = page.split(BEGIN)[0]?.trimEnd() ?? ''
  const rows = Object.entries(features).flatMap(([number, [feature, docker, v07, v08]]) => {
    const mine = workflows.filter(workflow => workflow.rows.includes(Number(number)))
    if (mine.length === 0) return []
    const here = (['volume', 'novolume'] as const).map(mode => cellOf(mine, mode, results))
    return [`| ${[feature, docker, v07, v08, ...here].map(cell).join(' | ')} |`]
  })
  const reasons = accepted.map(({ workflow, modes, where, why }) => {
    return `| ${[`[${workflow}](../test/workflows/${workflow}.yml)`, modes.join(', '), where, why].map(cell).join(' | ')} |`
  })
  const text = `${written}

${BEGIN}

## Compared with a Docker runner

[Workflows](../test/workflows) run on a runner with Docker and through the hook, and what both come to is compared: of ${workflows.length} there are, ${count(results, 'volume')} with a volume and ${count(results, 'novolume')} without. Outcomes, exit codes, log
lines, outputs, the \`job\` context and the workspace's files with type, mode, owner and content are looked at ([how](../test/judge/README.md)). What the
shipped hooks do was read from their source.

| feature | Docker runner | shipped 0.7.0 | shipped 0.8.1 | here, with a volume | here, without |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

"same in 3": three workflows about the feature do the same as on a Docker runner. "differs in 1 of 3": one does not, and ${reasons.length === 0 ? 'no difference is accepted yet' : 'stands below'}.
"not compared": no run is recorded.
${
  reasons.length === 0
    ? ''
    : `
### What differs, and why

| workflow | mode | where | why |
| --- | --- | --- | --- |
${reasons.join('\n')}
`
}`
  return format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE })
}

function cellOf(workflows: readonly Workflow[], mode: Mode, results: Readonly<Record<string, Result>>): string {
  const counts = workflows.flatMap(({ name }) => results[name]?.[mode] ?? [])
  const different = counts.filter(count => count > 0).length
  if (counts.length === 0) return 'not compared'
  return different === 0 ? `same in ${counts.length}` : `differs in ${different} of ${counts.length}`
}

function count(results: Readonly<Record<string, Result>>, mode: Mode): number {
  return Object.values(results).filter(result => result[mode] !== undefined).length
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
