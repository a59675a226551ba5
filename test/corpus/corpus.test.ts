import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, test } from '@jest/globals'

import { plan } from './attempt.js'
import { makeContext, NOWHERE } from './context.js'
import { readCases, readCorpus } from './corpus.js'
import { FORKS } from './expectation.js'
import { readExpected } from './expected.js'
import { summary, table, TABLE_FILE } from './table.js'

const corpus = readCorpus()

describe('a text of the corpus', () => {
  const TEXT = [
    'for people',
    '=== one | what | it is',
    '--- prepare',
    'echo a >f',
    '--- args',
    'A=b=c',
    '--- expect',
    'chainguard:',
    '  different: no reason',
    '  at: [/f mode]',
    '  warned: it differs',
    'google: rewritten',
    '--- Dockerfile',
    'FROM a',
    '',
    '=== two | other',
    '--- args',
    '{"LINES": "1\\n2"}',
    '--- expect',
    'refused: it is .*',
    '--- Dockerfile',
    'FROM b'
  ].join('\n')

  test('has cases with sections', () => {
    const [one, two] = readCases(TEXT, 'group')
    expect(one).toEqual({
      name: 'one',
      what: 'what|it is',
      group: 'group',
      prepare: 'echo a >f\n',
      files: { Dockerfile: 'FROM a\n' },
      buildArgs: { A: 'b=c' },
      ignored: [],
      expectation: {
        chainguard: { kind: 'different', says: 'no reason', at: ['/f mode'], warned: 'it differs' },
        google: { kind: 'rewritten', says: '', at: [] }
      }
    })
    expect(two).toMatchObject({ buildArgs: { LINES: '1\n2' }, files: { Dockerfile: 'FROM b\n' } })
    expect(Object.values(two?.expectation ?? {})).toEqual(
      FORKS.map(() => ({ kind: 'refused', says: 'it is .*', at: [] }))
    )
  })

  test('without a Dockerfile, or with a verdict that is none, is an error', () => {
    expect(() => readCases('=== a | b\n--- f\nx', 'g')).toThrow('the case a of g.txt has no Dockerfile')
    expect(() => readCases('=== a | b\n--- expect\nwrong\n--- Dockerfile\nx', 'g')).toThrow('which is no verdict')
  })
})

describe('the corpus', () => {
  test('has each name once', () => {
    const names = corpus.map(({ name }) => name)
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  test("has Docker's image of each case, unless every fork refuses it: if not, npm run corpus -- --judge", () => {
    const without = corpus.filter(({ name, expectation }) => {
      return readExpected(name) === undefined && !FORKS.every(fork => expectation[fork]?.kind === 'refused')
    })
    expect(without.map(({ name }) => name)).toEqual([])
  })

  test('is refused where that is expected, and nowhere else', async () => {
    const found: string[] = []
    for (const one of corpus) {
      const directory = mkdtempSync(join(tmpdir(), 'corpus-'))
      try {
        await makeContext(one, directory, NOWHERE)
        for (const fork of FORKS) {
          const planned = await plan(one, fork, directory)
          const verdict = one.expectation[fork]
          const problems = planned.kind === 'refused' ? planned.problems.join('\n') : undefined
          const isExpected =
            verdict?.kind === 'refused' ? new RegExp(verdict.says, 's').test(problems ?? '') : problems === undefined
          if (!isExpected) found.push(`${one.name} on ${fork}: ${problems ?? 'not refused'}`)
        }
      } finally {
        rmSync(directory, { recursive: true })
      }
    }
    expect(found).toEqual([])
  }, 120_000)

  test('is the table docs/dockerfile.md; if not, run: npm run corpus -- --table', async () => {
    expect(await readFile(TABLE_FILE, 'utf8')).toBe(await table(corpus))
  })

  test('has its totals in the README', async () => {
    const readme = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
    expect(readme.replace(/\s+/g, ' ')).toContain(summary(corpus))
  })
})
