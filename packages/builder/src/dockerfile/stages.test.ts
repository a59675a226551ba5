import { describe, expect, test } from '@jest/globals'
import { lineage, readStages, usedStages } from './stages.js'

const CASE = `from busybox:1.36
run echo zero >/zero
FROM busybox:1.36 as BuildIt
FROM debian AS unused
RUN exit 1
FROM busybox:1.36 AS debian
FROM debian
COPY --from=0 /zero /
copy --from=buildit /one /one
COPY --from=BuildIt /one /uno
`

test('stages are known by number, by name in any case, and as bases', () => {
  const stages = readStages(CASE)
  expect(stages.map(({ name, base }) => [name, base])).toEqual([
    [undefined, 'busybox:1.36'],
    ['BuildIt', 'busybox:1.36'],
    ['unused', 'debian'],
    ['debian', 'busybox:1.36'],
    [undefined, 3]
  ])
  expect(lineage(stages[4] ?? fail(), stages).map(({ index }) => index)).toEqual([4, 3])
})

function fail(): never {
  throw new Error('no such stage')
}

describe('what the last stage is made of', () => {
  const used = (text: string, buildArgs = {}): readonly number[] =>
    usedStages(readStages(text, buildArgs)).map(({ index }) => index)

  test.each([
    [CASE, [0, 1, 3, 4]],
    ['FROM a', [0]],
    ['FROM a AS x\nFROM b', [1]],
    ['FROM a AS x\nFROM x AS y\nFROM y', [0, 1, 2]],
    ['FROM a AS x\nFROM b AS y\nCOPY --from=x a b\nFROM c\nCOPY --from=1 a b', [0, 1, 2]],
    // A number that is no stage, or a later one, is the name of an image.
    ['FROM a AS x\nFROM b\nCOPY --from=7 a b', [1]],
    // Of two of one name the later one counts.
    ['FROM a AS x\nFROM b AS X\nFROM c\nCOPY --from=x a b', [1, 2]],
    ['FROM a AS x\nFROM b\nONBUILD COPY --from=x a b', [0, 1]],
    ['FROM a AS x\nFROM b\nRUN --mount=type=bind,from=x,target=/x y', [0, 1]],
    ['FROM a AS x\nFROM b\nRUN --mount=from=x y', [0, 1]],
    ['ARG B=x\nFROM a AS x\nFROM c AS y\nFROM $B', [0, 2]],
    ['ARG B\nFROM a AS x\nFROM c AS y\nFROM ${B:-y}', [1, 2]],
    // Only the builder knows: all of them may be needed.
    ['FROM a AS x\nFROM b AS y\nFROM ${B}', [0, 1, 2]],
    ['FROM a AS x\nFROM b AS y\nFROM ${B%y}', [0, 1, 2]],
    ['FROM a AS x\nFROM b\nARG S=x\nCOPY --from=$S a b', [0, 1]]
  ])('%j', (text, expected) => expect(used(text)).toEqual(expected))

  test('a given argument decides', () => {
    expect(used('ARG B=x\nFROM a AS x\nFROM c AS y\nFROM $B', { B: 'y' })).toEqual([1, 2])
  })
})

describe('what is known at an instruction', () => {
  const known = (text: string, given = {}): Record<string, string> =>
    Object.fromEntries(readStages(text, given).at(-1)?.steps.at(-1)?.variables ?? [])

  test.each([
    ['FROM a\nARG X=1\nENV Y=$X Z="a b"\nRUN x', { X: '1', Y: '1', Z: 'a b' }],
    ['ARG X=1\nFROM a\nARG X\nRUN x', { X: '1' }],
    ['ARG X=1\nFROM a\nRUN x', {}],
    ['FROM a\nENV A a b\nRUN x', { A: 'a b' }],
    ['FROM a\nENV A=$HOME/x\nRUN x', {}],
    ['FROM a AS s\nENV A=1\nARG B=2\nFROM s\nRUN x', { A: '1', B: '2' }],
    ["FROM a\nENV A='$B'\nRUN x", { A: '$B' }],
    [
      'FROM a\nENV A=b.c.d\nENV B="it\'s ${A%.*}" C=${A##*.} D=${A//./-} E=${A/./-} F=${A#b}\nRUN x',
      {
        A: 'b.c.d',
        B: "it's b.c",
        C: 'd',
        D: 'b-c-d',
        E: 'b-c.d',
        F: '.c.d'
      }
    ]
  ])('%j', (text, expected) => expect(known(text)).toEqual(expected))

  test('a given value wins over a default', () => {
    expect(known('FROM a\nARG X=1\nRUN x', { X: '2' })).toEqual({ X: '2' })
  })
})
