import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { FrameReader, messageFrame } from '../tree/frames.js'
import { converse } from './main.js'
import { COPIED, type Word } from './words.js'

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

/** What is answered to the word whether the externals are there. */
async function answer(copied: string): Promise<unknown> {
  const own = join(base, 'own')
  const root = join(base, 'root')
  for (const directory of [own, root]) mkdirSync(directory)
  writeFileSync(join(own, COPIED), copied)
  const input = new PassThrough()
  const output = new PassThrough()
  const held = converse(input, output)
  const reader = new FrameReader(output)
  const words: Word[] = [{ open: { root, own, generation: '', fixed: [], opensOthers: false } }, { externals: true }]
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
