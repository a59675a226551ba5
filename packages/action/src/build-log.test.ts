import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'

import { BuildLog } from './build-log.js'

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

const STOP = /^::stop-commands::([0-9a-f-]{36})$/

test('each phase is a group in which the runner obeys nothing', () => {
  const lines: string[] = []
  const log = new BuildLog(line => lines.push(line))
  log.phase('context')
  log.line('12 files')
  log.phase('build')
  log.phase('build')
  log.line('::add-path::/evil')
  log.line('::endgroup::')
  log.end()
  const [first, second] = lines.flatMap(line => STOP.exec(line)?.[1] ?? [])
  expect(lines).toEqual([
    '::group::Context',
    `::stop-commands::${first ?? ''}`,
    '12 files',
    `::${first ?? ''}::`,
    '::endgroup::',
    '::group::Build',
    `::stop-commands::${second ?? ''}`,
    '::add-path::/evil',
    '::endgroup::',
    `::${second ?? ''}::`,
    '::endgroup::'
  ])
  expect(first).not.toBe(second)
})

test('a line before the first phase is in a group too', () => {
  const lines: string[] = []
  const log = new BuildLog(line => lines.push(line))
  log.line('::error::x')
  log.end()
  expect(lines).toEqual([
    '::group::Context',
    expect.stringMatching(STOP),
    '::error::x',
    expect.anything(),
    '::endgroup::'
  ])
})

test('says where the build is after a minute of silence, and nothing while lines come', () => {
  const lines: string[] = []
  const log = new BuildLog(line => lines.push(line))
  log.phase('build')
  jest.advanceTimersByTime(59_000)
  log.line('RUN make')
  jest.advanceTimersByTime(59_000)
  expect(lines.at(-1)).toBe('RUN make')
  jest.advanceTimersByTime(2_000)
  expect(lines.at(-1)).toBe('Nothing new for 1 min 1 s; Build for 2 min 0 s.')
  log.end()
  const { length } = lines
  jest.advanceTimersByTime(300_000)
  expect(lines).toHaveLength(length)
})

test('keeps the last twenty lines', () => {
  const log = new BuildLog(() => undefined)
  for (let index = 1; index <= 25; index++) log.line(String(index))
  log.end()
  expect(log.tail).toHaveLength(20)
  expect(log.tail.at(0)).toBe('6')
})

test('a line that comes too late opens no group, in which what follows would not be obeyed', () => {
  const lines: string[] = []
  const log = new BuildLog(line => lines.push(line))
  log.phase('build')
  log.end()
  const { length } = lines
  log.line('::add-path::/evil')
  log.phase('push')
  expect(lines).toHaveLength(length)
  expect(log.tail).toEqual(['::add-path::/evil'])
})
