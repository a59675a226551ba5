import { expect, test } from '@jest/globals'
import type { WrittenAnswer } from '@kaniko-hooks/broker'

import { Outbox } from './outbox.js'

const ANSWER: WrittenAnswer = { version: 1, outcome: 'failed', fault: 'user', code: 'X', problems: ['why'] }
const MIB = 1024 * 1024

/** Empties it. */
function posts(outbox: Outbox): ReturnType<Outbox['take']>[] {
  const taken = [outbox.take()]
  while (outbox.hasMore) taken.push(outbox.take())
  return taken
}

test('a log that is longer than a post goes in whole lines, and the answer after all of them', () => {
  const outbox = new Outbox()
  const lines = Array.from({ length: 500 }, (_, index) => `${index} ${'ä'.repeat(5000)}`)
  for (const line of lines) outbox.log('one', { line })
  outbox.log('two', { line: 'short' })
  outbox.answer('one', ANSWER)
  const taken = posts(outbox)
  expect(taken.length).toBeGreaterThan(2)
  const logs = taken.flatMap(({ entries }) => entries.flatMap(({ id, log = '' }) => (id === 'one' ? [log] : [])))
  for (const log of logs) {
    expect(log.length).toBeLessThanOrEqual(MIB)
    expect(log === '' || log.endsWith('\n')).toBe(true)
  }
  expect(logs.join('')).toBe(lines.map(line => `${JSON.stringify({ line })}\n`).join(''))
  const answered = taken.flatMap(({ entries }, index) => (entries.some(({ answer }) => answer) ? [index] : []))
  expect(answered).toEqual([taken.length - 1])
  expect(JSON.stringify(taken)).toContain('short')
})

test('posts differ in their names, and nothing comes twice', () => {
  const outbox = new Outbox()
  outbox.answer('one', ANSWER)
  const [first, second] = [outbox.take(), outbox.take()]
  expect(first.entries).toEqual([{ id: 'one', answer: JSON.stringify(ANSWER) }])
  expect(second.entries).toEqual([])
  expect(first.id).not.toBe(second.id)
})
