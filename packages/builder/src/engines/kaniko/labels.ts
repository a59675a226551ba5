import { resolve } from '../../dockerfile/expand.js'
import { pairsOf } from '../../dockerfile/variables.js'
import type { Stage } from '../../dockerfile/stages.js'
import { type Change, changeOf } from './changes.js'
import type { KanikoFork } from './unsupported.js'
import { escaped } from './words.js'

/**
 * The osscontainertools fork takes quotes, backslashes and variables out of the values of LABEL twice, so that
 * `'{"a": "b c"}'` becomes `{a: b c}`: what shall stay is escaped twice.
 *
 * @returns the changes, and sentences about values that only the builder knows
 */
export function rewriteLabels(
  used: readonly Stage[],
  fork: KanikoFork
): { readonly changes: readonly Change[]; readonly warnings: readonly string[] } {
  const changes: Change[] = []
  const warnings: string[] = []
  const steps = fork === 'osscontainertools' ? used.flatMap(stage => stage.steps) : []
  for (const step of steps) {
    if (step.instruction.keyword !== 'LABEL') continue
    const { line, escape } = step.instruction
    const pairs = pairsOf(step.instruction).map(([name, written]) => ({
      name,
      written,
      value: resolve(written, step.variables, escape)
    }))
    if (pairs.every(({ value }) => value !== undefined && !/[\\'"$]/.test(value))) continue
    if (pairs.some(({ name, value }) => value === undefined || !/^[\w./-]+$/.test(name))) {
      if (pairs.some(({ written }) => /[\\'"]/.test(written.replace(/^(["'])([^]*)\1$/, '$2')))) {
        warnings.push(`line ${line}: Kaniko takes quotes and backslashes out of the values of LABEL twice`)
      }
      continue
    }
    const text = `LABEL ${pairs.map(({ name, value = '' }) => `${name}=${escapeTwice(value)}`).join(' ')}`
    changes.push(changeOf(step.instruction, text))
  }
  return { changes, warnings }
}

/** Once for a word without quotes, and then for one in double quotes. */
function escapeTwice(value: string): string {
  return `"${escaped(value).replace(/[\\"$]/g, '\\$&')}"`
}
