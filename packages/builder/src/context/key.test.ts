import { chmodSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { contextKey, type KeyParts } from './key.js'
import { readContext } from './read.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-'))
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch')
  writeFileSync(join(directory, 'a'), 'content')
  symlinkSync('a', join(directory, 'link'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const PARTS: KeyParts = { platform: 'linux/amd64', engine: 'kaniko x' }

async function key(parts: KeyParts = PARTS): Promise<string> {
  return contextKey(await readContext(directory, 'Dockerfile'), parts)
}

test('the same things have the same key, whatever their times', async () => {
  const before = await key()
  utimesSync(join(directory, 'a'), 1, 1)
  expect(await key()).toBe(before)
  expect(before).toMatch(/^[0-9a-f]{64}$/)
})

test('a file of the Dockerfile counts with its mode and content', async () => {
  const context = await readContext(directory, 'Dockerfile')
  const file = { path: 'inline/1/EOF', mode: 0o644, content: 'x' }
  const keys = [[], [file], [{ ...file, mode: 0o755 }], [{ ...file, content: 'y' }]].map(inlineFiles =>
    contextKey({ ...context, inlineFiles }, PARTS)
  )
  expect(new Set(keys).size).toBe(4)
  expect(keys[0]).toBe(contextKey(context, PARTS))
})

describe('another key comes of', () => {
  const changes: Readonly<Record<string, () => void>> = {
    content: () => writeFileSync(join(directory, 'a'), 'kontent'),
    'a mode': () => chmodSync(join(directory, 'a'), 0o755),
    'a file more': () => writeFileSync(join(directory, 'b'), ''),
    'a link target': () => {
      rmSync(join(directory, 'link'))
      symlinkSync('b', join(directory, 'link'))
    },
    'a file in place of a link': () => {
      rmSync(join(directory, 'link'))
      writeFileSync(join(directory, 'link'), 'a')
    },
    'the Dockerfile': () => writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch '),
    'bytes that moved from one file to another': () => {
      writeFileSync(join(directory, 'a'), 'cont')
      writeFileSync(join(directory, 'aent'), '')
    }
  }
  test.each(Object.entries(changes))('%s', async (_, change) => {
    const before = await key()
    change()
    expect(await key()).not.toBe(before)
  })

  test.each<Partial<KeyParts>>([
    { platform: 'linux/arm64' },
    { engine: 'kaniko y' },
    { buildArgs: { A: '1' } },
    { bases: { A: '1' } }
  ])('%j', async part => {
    expect(await key({ ...PARTS, ...part })).not.toBe(await key())
  })
})

test('the order of build arguments does not matter, their cut does', async () => {
  const ab = await key({ ...PARTS, buildArgs: { A: '1', B: '2' } })
  expect(await key({ ...PARTS, buildArgs: { B: '2', A: '1' } })).toBe(ab)
  expect(await key({ ...PARTS, buildArgs: { A: '1B', '': '2' } })).not.toBe(ab)
})
