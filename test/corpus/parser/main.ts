import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'

import { readAsBuildKit } from './buildkit.js'
import { choose, type Kept } from './choose.js'
import { findDifferences } from './compare.js'
import { CONSTRUCTS } from './constructs.js'
import { makeDockerfiles } from './mutate.js'
import { findSeeds } from './seeds.js'

const KEPT = join(import.meta.dirname, '../../../packages/builder/src/dockerfile/buildkit-cases.json')

/** Of so many, with one seed, those are chosen that are kept. */
const TO_CHOOSE_FROM = 20_000

/** So many differences are as much as somebody reads. */
const SHOWN = 30

/**
 * Compares BuildKit's reading of Dockerfiles with ours: those of the tests and below paths that are named, and made ones. With
 * `--write` it chooses those that the unit test keeps, and records BuildKit's answers.
 */
async function parser(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      count: { type: 'string', default: '50000' },
      seed: { type: 'string', default: '1' }
    }
  })
  const seeds = findSeeds(positionals)
  if (values.write) {
    const texts = [...CONSTRUCTS, ...makeDockerfiles(1, TO_CHOOSE_FROM, CONSTRUCTS)]
    const kept = choose(texts, await readAsBuildKit(texts, say), CONSTRUCTS.length)
    const style = await resolveConfig(KEPT)
    await writeFile(KEPT, await format(`[${kept.map(inAscii).join()}]`, { ...style, parser: 'json' }))
    say(`${kept.length} Dockerfiles are kept`)
    return true
  }
  const texts = [...seeds, ...CONSTRUCTS, ...makeDockerfiles(Number(values.seed), Number(values.count), seeds)]
  const { count, accepted, differences } = await findDifferences(texts, say)
  for (const { text, theirs, ours } of differences.slice(0, SHOWN)) {
    say(`${JSON.stringify(text)}\n  BuildKit ${JSON.stringify(theirs)}\n  ours     ${JSON.stringify(ours)}`)
  }
  say(
    `${count} Dockerfiles, ${accepted} of which BuildKit accepts, ${differences.length} of these are read otherwise here`
  )
  return differences.length === 0
}

/** Nobody sees what is special about a blank. */
function inAscii(kept: Kept): string {
  return JSON.stringify(kept).replace(
    /[\u007f-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

parser().then(
  ok => (process.exitCode = ok ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
)
