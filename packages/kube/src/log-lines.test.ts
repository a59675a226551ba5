import { describe, expect, test } from '@jest/globals'
import { LogLines } from './log-lines.js'

const second = Date.parse('2026-01-02T03:04:05Z') / 1000

describe('LogLines', () => {
  test.each([
    ['UTC', '2026-01-02T03:04:05.123456789Z hello', { second, nanos: '123456789', text: 'hello' }],
    ['the zone of the node', '2026-01-02T05:04:05.1+02:00 hello', { second, nanos: '100000000', text: 'hello' }],
    ['no fraction', '2026-01-02T03:04:05Z hello', { second, nanos: '000000000', text: 'hello' }],
    ['an empty line', '2026-01-02T03:04:05Z ', { second, nanos: '000000000', text: '' }],
    ['a line that looks like two', '2026-01-02T03:04:05Z 2026-01-02T03:04:05Z x', { text: '2026-01-02T03:04:05Z x' }],
    ['no time', 'unable to retrieve', { untimed: 'unable to retrieve' }]
  ])('%s', (_name, line, expected) => {
    expect(new LogLines().push(Buffer.from(`${line}\n`))).toMatchObject([expected])
  })

  test('is the same however the bytes are cut', () => {
    const bytes = Buffer.from('2026-01-02T03:04:05.1Z äöü €\n2026-01-02T03:04:06.2Z two\n2026-01-02T03:04:06.3Z rest')
    const whole = new LogLines()
    const expected = [...whole.push(bytes), ...whole.rest()]
    expect(expected).toMatchObject([{ text: 'äöü €' }, { text: 'two' }, { text: 'rest' }])
    for (const size of [1, 2, 3, 7]) {
      const lines = new LogLines()
      const found = []
      for (let start = 0; start < bytes.length; start += size)
        found.push(...lines.push(bytes.subarray(start, start + size)))
      expect([...found, ...lines.rest()]).toEqual(expected)
    }
  })

  test('a line without end comes in pieces of the same time, cut between characters', () => {
    const lines = new LogLines()
    const pieces = []
    const euros = Buffer.from('€'.repeat(1024 * 1024))
    pieces.push(...lines.push(Buffer.from('2026-01-02T03:04:05Z ')))
    for (let count = 0; count < 8; count += 1) pieces.push(...lines.push(euros))
    pieces.push(...lines.push(Buffer.from('\n2026-01-02T03:04:07Z next\n')))
    const texts = pieces.map(piece => ('text' in piece ? piece.text : ''))
    expect(pieces.slice(0, -1).every(piece => 'second' in piece && piece.second === second)).toBe(true)
    expect(texts.length).toBeGreaterThan(2)
    expect(texts.slice(0, -1).join('')).toBe('€'.repeat(8 * 1024 * 1024))
    expect(texts.at(-1)).toBe('next')
  })
})
