import { expect, test } from '@jest/globals'

import { AnnotationPaths } from './annotation-paths.js'

const MAP = [
  ['/github/workspace', '/home/runner/_work/demo/demo'],
  ['/github/home', '/home/runner/_work/_temp/_github_home'],
  ['/__w', '/home/runner/_work']
] as const
const HERE = '/home/runner/_work/demo/demo'

const translated = (...lines: readonly string[]): string[] => {
  const paths = new AnnotationPaths(MAP)
  return lines.map(line => paths.translate(line))
}

test.each([
  ['::error file=/github/workspace/a.js,line=1,col=2::no', `::error file=${HERE}/a.js,line=1,col=2::no`],
  ['::warning line=1,file=/github/workspace/a b.js::no\n', `::warning line=1,file=${HERE}/a b.js::no\n`],
  ['  ::notice   file=/github/workspace::no', `  ::notice   file=${HERE}::no`],
  ['::ERROR FILE=/github/workspace/a%2Cb::no', `::ERROR FILE=${HERE}/a%2Cb::no`],
  ['::error file=/__w/demo/demo/x::no', `::error file=${HERE}/x::no`],
  ['##[error file=/github/workspace/a.c;line=1]no', `##[error file=${HERE}/a.c;line=1]no`],
  ['text ##[warning line=1;file=/github/workspace/a.c]no', `text ##[warning line=1;file=${HERE}/a.c]no`],
  ['::add-matcher::/github/workspace/m.json\n', `::add-matcher::${HERE}/m.json\n`],
  ['##[add-matcher]/github/home/m.json', '##[add-matcher]/home/runner/_work/_temp/_github_home/m.json'],
  ['::remove-matcher owner=x::', '::remove-matcher owner=x::'],
  ['20%\r50%\r::error file=/github/workspace/a::no\r\n', `20%\r50%\r::error file=${HERE}/a::no\r\n`],
  [
    '::error title=x,file=/github/workspace/a::/github/workspace/b',
    `::error title=x,file=${HERE}/a::/github/workspace/b`
  ]
])('%j', (line, expected) => {
  expect(translated(line)).toEqual([expected])
})

test.each([
  '/github/workspace/src/a.c:1:2: error: no',
  'x ::error file=/github/workspace/a::not where a line begins',
  '::error file=/github/workspaces/a::another directory',
  '::error file=src/a.js::relative',
  '::error line=1, file=/github/workspace/a::a property called " file"',
  '::error title=file=/github/workspace/a::in a title',
  '::error::/github/workspace/a',
  '::debug file=/github/workspace/a::no file is looked up',
  '::set-output name=path::/github/workspace/a',
  '::error file=/github/workspace/a',
  '::',
  '##[',
  'std::vector in /github/workspace'
])('%j stays as it is', line => {
  expect(translated(line)).toEqual([line])
})

test('a line of any length is translated', () => {
  const long = 'x'.repeat(20_000_000)
  const [line] = translated(`${long}##[error file=/github/workspace/a]no`)
  expect(line?.slice(long.length)).toBe(`##[error file=${HERE}/a]no`)
})

test('what is printed while commands are stopped stays as it is', () => {
  const error = '::error file=/github/workspace/a::no'
  const after = `::error file=${HERE}/a::no`
  expect(translated('::stop-commands::T0ken\n', error, '::other::', '::t0KEN::\n', error)).toEqual([
    '::stop-commands::T0ken\n',
    error,
    '::other::',
    '::t0KEN::\n',
    after
  ])
  expect(translated('##[stop-commands]x', error, '##[x]', error).at(-1)).toBe(after)
  // The runner takes no empty one.
  expect(translated('::stop-commands::', error).at(-1)).toBe(after)
})

test('a line made to take long does not', () => {
  for (const line of [
    '##['.repeat(300_000),
    `::${' '.repeat(500_000)}`,
    `::error ${','.repeat(500_000)}::`,
    '\r'.repeat(500_000)
  ]) {
    expect(translated(`${line}::`)).toEqual([`${line}::`])
  }
})

test('a directory that the runner would read otherwise is not put into a command', () => {
  const paths = new AnnotationPaths([['/github/workspace', '/work,file=/etc/passwd']])
  expect(paths.translate('::error file=/github/workspace/a::no')).toBe('::error file=/github/workspace/a::no')
})
