import { describe, expect, test } from '@jest/globals'
import type { ContextEntry } from '../context/context.js'
import { contextCopies, isPattern, namedBy } from './sources.js'
import { readStages } from './stages.js'

function copies(text: string): unknown {
  return readStages(`FROM a\n${text}`)
    .flatMap(contextCopies)
    .map(({ sources, isComplete }) => [sources, isComplete])
}

test.each([
  ['COPY a b/ ./c /x/', [[['a', 'b', 'c'], true]]],
  ['COPY . /x', [[[''], true]]],
  ['COPY / /x', [[[''], true]]],
  ['COPY ../a /x', [[['a'], true]]],
  ['COPY ["a b", "/x"]', [[['a b'], true]]],
  ['COPY --chown=1:1 a /x', [[['a'], true]]],
  ['COPY --from=0 a /x', []],
  ['COPY <<EOF a /x\nb\nEOF', [[['a'], false]]],
  ['ADD https://x/y git@x:y a /x/', [[['a'], false]]],
  ['ARG N=1\nCOPY a$N ${M} /x/', [[['a1'], false]]],
  ['RUN a', []]
])('%j', (text, expected) => expect(copies(text)).toEqual(expected))

describe('a pattern', () => {
  const paths = ['a', 'a.sh', 'b.sh', 'd', 'd/a.sh', '[x', 'x+y']
  const entries = paths.map((path): ContextEntry => ({ kind: 'directory', path, mode: 0o755, mtimeMs: 0 }))

  test.each([
    ['*.sh', ['a.sh', 'b.sh']],
    ['?.sh', ['a.sh', 'b.sh']],
    ['[ab].sh', ['a.sh', 'b.sh']],
    ['[^a].sh', ['b.sh']],
    ['[a-c]*', ['a', 'a.sh', 'b.sh']],
    ['*/*', ['d/a.sh']],
    ['d*', ['d']],
    ['**', ['a', 'a.sh', 'b.sh', 'd', '[x', 'x+y']],
    ['\\[x', ['[x']],
    ['x+y', ['x+y']],
    ['*+?', ['x+y']],
    ['a.sh', ['a.sh']],
    ['nothing*', []]
  ])('%j names %j', (source, expected) => {
    expect(namedBy(source, entries).map(({ path }) => path)).toEqual(expected)
  })

  test.each([`${'*'.repeat(30)}x`, '*a*a*a*a*a*a*a*a*a*a*b'])('%j ends', source => {
    const path = 'a'.repeat(60)
    const long: ContextEntry[] = [{ kind: 'directory', path, mode: 0o755, mtimeMs: 0 }]
    expect(namedBy(source, long)).toEqual([])
    expect(namedBy(source.replace(/.$/, 'a'), long)).toHaveLength(1)
  })

  test.each(['[x', 'a[', 'a\\', '[b-a]'])('%j is malformed, which the builder says', source => {
    expect(isPattern(source)).toBe(false)
  })
})
