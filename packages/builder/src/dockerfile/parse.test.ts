import { describe, expect, test } from '@jest/globals'
import { parseDockerfile } from './parse.js'

/** Line, keyword, flags, arguments. */
function summary(text: string): readonly (readonly unknown[])[] {
  return parseDockerfile(text).map(({ line, keyword, flags, args }) => [line, keyword, flags, args])
}

test('continuation lines are joined, comments and empty lines between them dropped', () => {
  const text = ['# about', '', 'from alpine', 'RUN a && \\', '  # why', '', '  b \\  ', '  && c', 'CMD x'].join('\n')
  expect(summary(text)).toEqual([
    [3, 'FROM', [], 'alpine'],
    [4, 'RUN', [], 'a &&   b   && c'],
    [9, 'CMD', [], 'x']
  ])
})

test('the escape directive changes what continues a line', () => {
  expect(summary('# syntax=docker/dockerfile:1\n# escape=`\nRUN a `\n b\nRUN c:\\\nRUN d')).toEqual([
    [3, 'RUN', [], 'a  b'],
    [5, 'RUN', [], 'c:\\'],
    [6, 'RUN', [], 'd']
  ])
})

test('an escape directive after an instruction is a comment', () => {
  expect(summary('FROM a\n# escape=`\nRUN b \\\n c')).toHaveLength(2)
})

test('an escaped escape character continues nothing', () => {
  expect(summary('RUN a \\\\\nRUN b')).toHaveLength(2)
})

test('flags are the leading words with two dashes', () => {
  expect(summary('COPY --from=a --chown="1:2" -- --x /y\nRUN --mount=type=cache,target=/c ls --all')).toEqual([
    [1, 'COPY', ['--from=a', '--chown=1:2'], '--x /y'],
    [2, 'RUN', ['--mount=type=cache,target=/c'], 'ls --all']
  ])
})

test('carriage returns and a byte order mark are no part of it', () => {
  expect(summary('\uFEFFFROM a\r\nRUN b \\\r\n  c\r\n')).toEqual([
    [1, 'FROM', [], 'a'],
    [2, 'RUN', [], 'b   c']
  ])
})

describe('here-documents', () => {
  test('their bodies are no instructions', () => {
    const text = 'FROM a\nRUN <<A <<-B\nRUN no\nA\nCOPY no\n\tB\nUSER x'
    expect(summary(text).map(([line, keyword]) => [line, keyword])).toEqual([
      [1, 'FROM'],
      [2, 'RUN'],
      [7, 'USER']
    ])
    expect(parseDockerfile(text)[1]?.heredocs).toEqual([
      { name: 'A', chomp: false, isQuoted: false, body: 'RUN no\n', isEnded: true },
      { name: 'B', chomp: true, isQuoted: false, body: 'COPY no\n', isEnded: true }
    ])
  })

  test('also behind ONBUILD, and after a continuation', () => {
    const parsed = parseDockerfile('ONBUILD RUN <<E\nx\nE\nRUN a \\\n <<E\ny\nE\nUSER z')
    expect(parsed.map(({ line, heredocs }) => [line, heredocs.map(({ name }) => name)])).toEqual([
      [1, ['E']],
      [4, ['E']],
      [8, []]
    ])
    expect(parsed[0]?.trigger?.keyword).toBe('RUN')
  })

  test('keep the ends of their lines', () => {
    const [run] = parseDockerfile('RUN <<A\r\nx\r\n\r\nA\r\nUSER y')
    expect(run).toMatchObject({ lastLine: 4, heredocs: [{ body: 'x\r\n\r\n' }] })
  })

  test.each(['USER <<X', 'RUN ["<<X"]', 'RUN ["sh", "-c", "cat <<X"]', 'ENV a=<<X', 'ONBUILD USER <<X'])(
    '%s begins none',
    line => {
      expect(parseDockerfile(`${line}\nRUN b`)).toHaveLength(2)
    }
  )

  test('one that is never ended takes the rest', () => {
    expect(parseDockerfile('RUN <<X\na\nb')).toMatchObject([{ heredocs: [{ isEnded: false }] }])
  })
})

test('a flag with an open quote takes the rest, and no longer than any other', () => {
  const word = `--${'\\a'.repeat(200_000)}'`
  expect(parseDockerfile(`RUN ${word} b`)).toMatchObject([{ flags: [`--${'a'.repeat(200_000)} b`], args: '' }])
})
