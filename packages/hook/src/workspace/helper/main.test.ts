import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { dataFrame, FrameReader, messageFrame } from '../tree/frames.js'
import { converse } from './main.js'
import { COPIED, type CallNumber, type Word } from './words.js'

let base: string
/** The program takes the mask away from its process, which tests share. */
let mask: number
beforeEach(() => {
  mask = process.umask(0o022)
  base = mkdtempSync(join(tmpdir(), 'main-'))
})
afterEach(() => {
  process.umask(mask)
  rmSync(base, { recursive: true })
})

/** Of a caller that calls once. */
const newCall = (): CallNumber => ({ by: randomUUID(), count: 1 })

/** What is answered to the word whether the externals are there. */
async function answer(copied: string): Promise<unknown> {
  const own = join(base, 'own')
  const root = join(base, 'root')
  for (const directory of [own, root]) mkdirSync(directory)
  writeFileSync(join(own, COPIED), copied)
  const input = new PassThrough()
  const output = new PassThrough()
  const held = converse(input, output, () => undefined)
  const reader = new FrameReader(output)
  const open = { call: newCall(), root, own, generation: '', fixed: [], opensOthers: false }
  const words: Word[] = [{ open }, { externals: true }]
  for (const word of words) input.write(messageFrame(word))
  await reader.next()
  const frame = await reader.next()
  input.end()
  await held
  return 'message' in frame ? frame.message : undefined
}

test.each([
  ['are there when all was copied', `${COPIED}\n`, { copied: true }],
  [
    'are not when something is said of them',
    'cp: x\ncp failed\n',
    { failed: { message: expect.stringContaining('cp: x') } }
  ],
  ['are not when nothing is said: a full disk takes no complaint either', '', { failed: { code: 'ENOSPC' } }]
])("the runner's externals %s", async (_, copied, expected) => {
  expect(await answer(copied)).toMatchObject(expected)
})

describe('states that have names', () => {
  const MODE = 0o644
  const taken = (name: string, whole: boolean, file: string): readonly unknown[] => [
    { take: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, whole, name } },
    { rows: [[file, 'f', MODE, 0, 0]] },
    Buffer.alloc(0),
    { sent: { files: 1, bytes: 0, closed: [] } }
  ]

  /** Says all at once to a program that has nothing in its memory, or what the conversations before have left there. */
  async function say(generation: string, ...words: readonly unknown[]): Promise<unknown[]> {
    return sayAs(newCall(), generation, ...words)
  }

  async function sayAs(call: CallNumber, generation: string, ...words: readonly unknown[]): Promise<unknown[]> {
    const [own, root] = [join(base, 'own'), join(base, 'root')]
    for (const directory of [own, root]) mkdirSync(directory, { recursive: true })
    const input = new PassThrough()
    const output = new PassThrough()
    const held = converse(input, output, () => undefined)
    for (const word of [{ open: { call, root, own, generation, fixed: [], opensOthers: false } }, ...words])
      input.write(Buffer.isBuffer(word) ? dataFrame(word) : messageFrame(word))
    input.end()
    await held
    output.end()
    const answers: unknown[] = []
    const reader = new FrameReader(output)
    for (;;) {
      const frame = await reader.next().catch(() => undefined)
      if (frame === undefined) return answers
      if ('message' in frame) answers.push(frame.message)
    }
  }

  const keys = (answers: readonly unknown[]): string[] => answers.map(answer => Object.keys(answer as object).join())
  const ready = async (name: string): Promise<unknown> => (await say(name))[0]

  test('what is sent for another state is read away, and what comes behind it is heard', async () => {
    const answers = await say('unknown', ...taken('a', false, 'x'), ...taken('b', true, 'y'))
    expect(answers).toEqual([{ ready: false }, { diverged: true }, { took: { files: 1, bytes: 0 } }])
    expect(readdirSync(join(base, 'root')).filter(name => name.length === 1)).toEqual(['y'])
    expect(await ready('a')).toEqual({ ready: false })
    expect(await ready('b')).toEqual({ ready: true })
  })

  test('what failed has no name, and the program does not go with it', async () => {
    await say('', ...taken('before', true, 'x'))
    const [, failed, left] = await say('before', ...taken('after', false, '../x'), { leave: 'after' })
    expect(failed).toMatchObject({ failed: { message: expect.stringContaining('../x') } })
    expect(left).toEqual({ diverged: true })
    expect(await ready('after')).toEqual({ ready: false })
    expect(await ready('before')).toEqual({ ready: true })
  })

  test('what comes whole has no name before all has come, also where the tree had one', async () => {
    await say('', ...taken('a', true, 'x'))
    expect(await ready('a')).toEqual({ ready: true })
    await say('', ...taken('b', true, 'x').slice(0, 2))
    expect(await ready('a')).toEqual({ ready: false })
  })

  test('what a slow node brings after a later call of the same process is not heard', async () => {
    const [earlier, later] = [1, 2].map(count => ({ by: 'hook', count })) as [CallNumber, CallNumber]
    await sayAs(later, '', ...taken('b', true, 'y'))
    expect(await sayAs(earlier, '', ...taken('a', true, 'x'))).toEqual([])
    expect(readdirSync(join(base, 'root')).filter(name => name.length === 1)).toEqual(['y'])
    expect(await sayAs(later, 'b')).toEqual([{ ready: true }])
    expect(await sayAs({ by: 'the next hook', count: 1 }, 'b')).toEqual([{ ready: true }])
  })

  test('what was given counts when the hook says so, or comes back with its name, and else not', async () => {
    const give = (name: string): unknown => ({ give: { whole: false, name } })
    const make = (name: string): void => writeFileSync(join(base, 'root', name), '')
    const given = (answers: readonly unknown[]): unknown[] =>
      answers.flatMap(answer => (answer as { rows?: readonly (readonly [string])[] }).rows ?? []).map(([path]) => path)
    await say('', ...taken('a', true, 'x'))
    make('y')
    expect(given(await say('a', give('b')))).toContain('y')
    expect(given(await say('a', give('c')))).toContain('y')
    // Entries of the last tick count as changed.
    await sleep(20)
    expect(given(await say('a', give('d'), { kept: true }))).toContain('y')
    expect(await ready('a')).toEqual({ ready: false })
    await sleep(20)
    expect(given(await say('d', give('e')))).toEqual([])
    expect(given(await say('e', give('f')))).toEqual([])
  })

  test('all is asked for when the state is another one', async () => {
    await say('', ...taken('a', true, 'x'))
    const answers = await say('z', { give: { whole: false, name: 'b' } }, { give: { whole: true, name: 'c' } })
    expect(keys(answers)).toEqual(['ready', 'diverged', 'files,bytes', 'rows', 'sent'])
    expect(await ready('c')).toEqual({ ready: true })
  })
})
