import { describe, expect, test } from '@jest/globals'

import { EndMark } from './end-mark.js'
import { END_MARK } from './supervisor.js'

const ID = '0b0e7a04-1111-4222-8333-444455556666'
const MARK = `${END_MARK}${ID} `

/** Feeds pieces and returns what came out as log. */
function feed(pieces: readonly string[]): { log: string; end: EndMark['end'] } {
  const mark = new EndMark(ID)
  const log = pieces.map(piece => mark.take(Buffer.from(piece, 'latin1')).toString('latin1')).join('')
  return { log, end: mark.end }
}

describe('EndMark', () => {
  test('takes the mark out of the log and reads the exit code', () => {
    expect(feed([`hello\n${MARK}7\n`])).toEqual({ log: 'hello\n', end: 7 })
  })

  test('keeps output that has no newline before the mark', () => {
    expect(feed([`no newline${MARK}0\n`])).toEqual({ log: 'no newline', end: 0 })
  })

  test('finds a mark that comes in pieces of one byte', () => {
    expect(feed([...`x\n${MARK}143\n`])).toEqual({ log: 'x\n', end: 143 })
  })

  test('gives back what only looked like the beginning of a mark', () => {
    expect(feed(['a\u001e', 'KANIKO', '-HOOKS no\n', `${MARK}0\n`])).toEqual({
      log: 'a\u001eKANIKO-HOOKS no\n',
      end: 0
    })
  })

  test("another step's mark is output", () => {
    const other = `${END_MARK}ffffffff-1111-4222-8333-444455556666 0\n`
    expect(feed([other, `${MARK}3\n`])).toEqual({ log: other, end: 3 })
  })

  test('nothing ends the step but the whole mark', () => {
    expect(feed([`x${MARK}12`]).end).toBeUndefined()
  })

  test('a mark without an end is output, and holds nothing back', () => {
    const mark = new EndMark(ID)
    const pieces = [`${MARK}${'x'.repeat(32)}`, 'x', 'x'.repeat(100_000)]
    expect(pieces.map(piece => mark.take(Buffer.from(piece)).length)).toEqual([0, MARK.length + 33, 100_000])
    expect(mark.end).toBeUndefined()
    const late = `${MARK}${'x'.repeat(40)}\n`
    expect(feed([`${late}${late}a${MARK}3\n`])).toEqual({ log: `${late}${late}a`, end: 3 })
  })

  test('drops what a background process writes after the end', () => {
    expect(feed([`a\n${MARK}0\nlate`, 'later'])).toEqual({ log: 'a\n', end: 0 })
  })

  test('knows a lost supervisor', () => {
    expect(feed([`a\n${MARK}lost\n`]).end).toBe('lost')
  })

  test('knows a step that was ended as nobody followed it, and no other word', () => {
    expect(feed([`a\n${MARK}130 orphaned\n`]).end).toEqual({ orphanedWith: 130 })
    expect(feed([`a\n${MARK}0 orphan\n`]).end).toBe('lost')
  })

  test('passes binary through unchanged', () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256))
    const mark = new EndMark(ID)
    const out = Buffer.concat([mark.take(bytes), mark.take(Buffer.from(`${MARK}0\n`))])
    expect(out.equals(bytes)).toBe(true)
  })
})
