import { expect, test } from '@jest/globals'

import { BUILD_FLAGS, FOREIGN_FLAGS } from './flags.js'
import { parseWords } from './parse.js'

const parse = (...words: readonly string[]) => {
  const { values, positionals, problems, notices } = parseWords(words, BUILD_FLAGS, FOREIGN_FLAGS)
  return { values: Object.fromEntries(values), positionals, problems, notices }
}

test.each([
  [['-t', 'a', '.'], { tag: ['a'] }, ['.']],
  [['-ta', '.'], { tag: ['a'] }, ['.']],
  [['-t=a', '.'], { tag: ['a'] }, ['.']],
  [['.', '--tag=a=b', '--tag', 'c'], { tag: ['a=b', 'c'] }, ['.']],
  [['-qt', 'a', '.'], { quiet: ['true'], tag: ['a'] }, ['.']],
  [['--push=false', '--no-cache=1', '.'], { push: ['false'], 'no-cache': ['true'] }, ['.']],
  [['--build-arg', '-x=--y', '-'], { 'build-arg': ['-x=--y'] }, ['-']],
  [['-f', 'a', '-f', 'b', '.'], { file: ['b'] }, ['.']],
  [['--', '--tag'], {}, ['--tag']]
] as const)('%j', (words, values, positionals) => {
  expect(parse(...words)).toEqual({ values, positionals, problems: [], notices: [] })
})

test('everything that is wrong is said at once', () => {
  const { problems } = parse('--bogus', '-Z', '--push=maybe', '--ssh', 'default', '--network=host', '-t')
  expect(problems).toHaveLength(6)
  expect(problems[3]).toBe('--ssh cannot be honoured. Kaniko forwards no agent; give a deploy key as a --secret.')
})

test('what asks for nothing is no problem, what is harmless is a notice', () => {
  const idle = ['--provenance=false', '--sbom=false', '--network', 'default', '--isolation=default']
  expect(parse(...idle, '.')).toEqual({ values: {}, positionals: ['.'], problems: [], notices: [] })
  const { problems, notices } = parse('--pull', '--rm', '-m', '1g', '--builder=x', '.')
  expect(problems).toEqual([])
  expect(notices).toHaveLength(4)
})

test('no flag has the name or letter of another one', () => {
  const all: readonly { readonly name: string; readonly short?: string }[] = [...BUILD_FLAGS, ...FOREIGN_FLAGS]
  const names = all.flatMap(({ name, short }) => (short === undefined ? [name] : [name, short]))
  expect(new Set(names).size).toBe(names.length)
  for (const { answer } of FOREIGN_FLAGS) expect(answer).toMatch(/^(?:[A-Z-]|kbuild ).*\.$/)
})
