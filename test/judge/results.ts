import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Mode } from '../harness/runner-pod.js'

/** In how many places a workflow differed when it last ran both ways; 0 is the same as on a Docker runner. */
export type Result = Readonly<Partial<Record<Mode, number>>>

const FILE = join(import.meta.dirname, 'results.json')

/** The recorded results, by workflow. */
export function readResults(): Readonly<Record<string, Result>> {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Result>) : {}
}

/**
 * Records results; what was recorded of other workflows and modes stays.
 *
 * @param names all workflows that there are
 */
export function writeResults(fresh: Readonly<Record<string, Result>>, names: readonly string[]): void {
  const before = readResults()
  const lines = [...names]
    .sort()
    .map(name => [name, { ...before[name], ...fresh[name] }] as const)
    .filter(([, result]) => Object.keys(result).length > 0)
    .map(([name, result]) => {
      const sorted = Object.fromEntries(Object.entries(result).sort(([a], [b]) => (a < b ? 1 : -1)))
      return `  ${JSON.stringify(name)}: ${JSON.stringify(sorted)
        .replaceAll(/([:,])/g, '$1 ')
        .replace('{', '{ ')
        .replace('}', ' }')}`
    })
  writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`)
}
