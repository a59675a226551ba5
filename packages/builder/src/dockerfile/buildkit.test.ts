import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Reading, read } from './buildkit.fixture.js'
import { usedStages, readStages } from './stages.js'

/** How BuildKit reads each: `npx tsx test/corpus/parser/main.ts --write` asks it. */
const CASES = JSON.parse(readFileSync(join(import.meta.dirname, 'buildkit-cases.json'), 'utf8')) as readonly {
  readonly text: string
  readonly reading: Reading
}[]

test.each(CASES.map(({ text, reading }) => [text, reading] as const))('%j', (text, { instructions, stages }) => {
  const ours = read(text)
  expect(ours.instructions).toEqual(instructions)
  for (const [at, stage] of (stages ?? []).entries()) {
    const own = ours.stages[at]
    // The registry would refuse its base.
    if (stage.base === null) continue
    expect(own).toMatchObject({ name: stage.name, base: own?.base === null ? null : stage.base })
    // What is not known here cannot be wrong.
    expect(own?.steps).toEqual(
      stage.steps.map((words, step) => words.map((word, place) => (own?.steps[step]?.[place] === null ? null : word)))
    )
  }
})

describe('100 KB of a stranger end, and are no more than read', () => {
  const fill = (piece: string, length = 100_000): string => piece.repeat(length / piece.length)
  const count = (make: (at: number) => string): string => Array.from({ length: 5000 }, (_, at) => make(at)).join('')
  // BuildKit takes no longer line.
  const line = (piece: string): string => fill(piece, 60_000)

  test.each<[what: string, text: string]>([
    ['continued lines', `RUN a ${fill('b \\\n')}`],
    ['nothing but escapes', `RUN ${line('\\ ')}`],
    ['variables', `FROM a\n${count(at => `ENV a${at}=1\n`)}`],
    ['arguments', `FROM a\n${count(at => `ARG a${at}=1\n`)}`],
    ['a value that doubles', `FROM a\nENV A=1234567\n${fill('ENV A=$A$A\n')}COPY $A /x`],
    ['an argument that doubles', `ARG A=1234567\n${fill('ARG A=$A$A\n')}FROM $A`],
    ['a pattern of many stars', `FROM a\nENV A=${'a'.repeat(60)}\nENV B=\${A%%${'*a'.repeat(20)}b}`],
    ['patterns of a long value', `FROM a\nENV A=${'a'.repeat(3000)}\n${fill('ENV B=${A#*a*a*a*b}\n')}`],
    ['ONBUILD of ONBUILD', line('ONBUILD ')],
    ['braces in braces', `FROM a\nENV A=${line('${a:-')}`],
    ['braces in quotes in braces', `FROM a\nENV A="${line('${a:-"')}`],
    ['braces before a here-document', `RUN <<E ${line('${a:-')}`],
    ['a name without a value', `FROM a\nENV ${line('a')}`],
    ['blanks in a directive', `# escape=a${line(' ')}b\nRUN a`],
    ['blanks behind <<', `RUN <<${line(' ')}<`],
    ['carriage returns', `RUN a${line('\r')}b`],
    ['flags', `RUN ${line('--a ')}`],
    ['flags with open quotes', `RUN ${line("--a'")}`],
    ['here-documents', `RUN ${line('<<E ')}\n${fill('E\n')}`],
    ['stages', count(at => `FROM a AS x${at}\n`)],
    ['stages that build on each other', `FROM a AS x0\n${count(at => `FROM x${at} AS x${at + 1}\n`)}`],
    ['directories in directories', `FROM a\n${fill('WORKDIR a\n')}`]
  ])('%s', (_, text) => {
    expect(read(text).instructions.length).toBeGreaterThan(0)
    expect(usedStages(readStages(text)).length).toBeLessThan(text.length)
  })
})
