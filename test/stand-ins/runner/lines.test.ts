import { expect, test } from '@jest/globals'
import { LineSplitter } from './lines.js'

test.each([
  [['a\nb\n'], ['a', 'b']],
  [
    ['a', 'b\nc'],
    ['ab', 'c']
  ],
  [['a\r\nb\rc\n'], ['a', 'b', 'c']],
  [
    ['a\r', '\nb'],
    ['a', 'b']
  ],
  [
    ['a\r', 'b\n'],
    ['a', 'b']
  ],
  [['\n\n'], ['', '']],
  [['no end'], ['no end']],
  [[''], []]
])('%j', (chunks, lines) => {
  const splitter = new LineSplitter()
  const found = chunks.flatMap(chunk => splitter.push(Buffer.from(chunk)))
  expect([...found, ...splitter.end()]).toEqual(lines)
})

test('a character cut by a chunk is put together', () => {
  const splitter = new LineSplitter()
  const bytes = Buffer.from('é😀\n')
  expect([...bytes].flatMap(byte => splitter.push(Uint8Array.of(byte)))).toEqual(['é😀'])
})
