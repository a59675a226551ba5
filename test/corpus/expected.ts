import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { CORPUS } from './corpus.js'
import type { Snapshot } from './snapshot.js'

/** What Docker makes of a case: an image, or the words it fails with. */
export type Expected = Snapshot | { readonly fails: string }

const DIRECTORY = join(CORPUS, 'expected')

/** The recorded image of a case, if there is one. */
export function readExpected(name: string): Expected | undefined {
  const file = fileOf(name)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Expected) : undefined
}

/** Records it, with a line for each path. */
export function writeExpected(name: string, expected: Expected): void {
  writeFileSync(fileOf(name), print(expected))
}

/** Where it is recorded. */
function fileOf(name: string): string {
  return join(DIRECTORY, `${name}.json`)
}

/** JSON with a line for each path and each key of the configuration. */
export function print(expected: Expected): string {
  if ('fails' in expected) return `${JSON.stringify(expected)}\n`
  const lines = (values: object): string => {
    const all = Object.entries(values).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    return all.length === 0 ? '{}' : `{\n${all.join(',\n')}\n  }`
  }
  const { base, config, tree } = expected
  return `{\n  "base": ${JSON.stringify(base)},\n  "config": ${lines(config)},\n  "tree": ${lines(tree)}\n}\n`
}
