import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { cached, keyOf } from './cache.js'

describe('cached', () => {
  let cache = ''
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'cache-'))
  })
  afterEach(() => rmSync(cache, { recursive: true }))

  const fill = (into: string): Promise<void> => {
    writeFileSync(join(into, 'content'), '')
    return Promise.resolve()
  }

  test('makes an entry once', async () => {
    let builds = 0
    const build = (into: string): Promise<void> => {
      builds += 1
      return fill(into)
    }
    const entry = join(cache, 'part-1')
    await cached(entry, build)
    await cached(entry, build)
    expect(builds).toBe(1)
    expect(readdirSync(entry)).toEqual(['content'])
  })

  test('leaves no half entry when the build fails', async () => {
    const entry = join(cache, 'part-1')
    const failing = cached(entry, async into => {
      await fill(into)
      throw new Error('interrupted')
    })
    await expect(failing).rejects.toThrow('interrupted')
    expect(readdirSync(cache)).toEqual([])
  })

  test('removes other versions of the entry that were not used for long, and no other entry', async () => {
    for (const name of ['part-1', 'part-2', 'other-1']) await cached(join(cache, name), fill)
    const longAgo = new Date(Date.now() - 30 * 24 * 3600 * 1000)
    for (const name of ['part-1', 'other-1']) utimesSync(join(cache, name), longAgo, longAgo)
    await cached(join(cache, 'part-3'), fill)
    expect(['part-1', 'part-2', 'part-3', 'other-1'].filter(name => existsSync(join(cache, name)))).toEqual([
      'part-2',
      'part-3',
      'other-1'
    ])
  })
})

describe('keyOf', () => {
  test('tells inputs apart by where they end', () => {
    expect(keyOf('ab', 'c')).not.toBe(keyOf('a', 'bc'))
  })
})
