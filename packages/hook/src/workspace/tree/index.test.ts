import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { compare, compareEach } from './compare.js'
import type { Entry } from './entry.js'
import { Index } from './index.js'
import { loadIndex, saveIndex } from './index-file.js'
import { parentOf } from './paths.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'columns-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

let inode = 1
function entry(more: Partial<Entry> = {}): Entry {
  const plain: Entry = { kind: 'f', mode: 0o644, inode: inode++, size: 1, mtime: 1.5, ctime: 2.25, links: 1, room: 0 }
  return { ...plain, ...more }
}

const RULES = { isFixed: (path: string) => path === 'a', leavesOut: (path: string) => path.startsWith('b/x') }

test('what is read is what was written, with names of any bytes', () => {
  const path = join(directory, 'index')
  const index = Index.of([
    ['a', entry({ kind: 'd', size: 0 })],
    ['a/\udcff \n', entry({ inode: 2 ** 52 + 1, mtime: -1.25, ctime: 1_795_941_983_547.123 })],
    ['ä', entry({ kind: 'l', mode: 0o777 })]
  ])
  saveIndex(path, index, { generation: 'g' })
  const read = loadIndex(path)
  expect(read?.more).toEqual({ generation: 'g' })
  expect([...(read?.index ?? [])]).toEqual([...index])
  saveIndex(path, new Index(), {})
  expect(loadIndex(path)?.index.size).toBe(0)
})

test.each(['', 'no index'])('a file that is none, as after a crash, is as good as no file: %j', text => {
  const path = join(directory, 'index')
  expect(loadIndex(path)).toBeUndefined()
  writeFileSync(path, text)
  expect(loadIndex(path)).toBeUndefined()
})

/** Numbers that are the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

/** A tree with what may happen to one: entries new, changed, gone, renamed, in another order. */
function changed(before: Index, random: (below: number) => number): Index {
  const rows: [string, Entry][] = []
  for (const [path, old] of before) {
    const chance = random(20)
    if (chance === 0 || (path !== 'a' && parentOf(path) !== '' && !rows.some(([name]) => name === parentOf(path))))
      continue
    if (chance === 1) rows.push([path, { ...old, mode: 0o600 }])
    else if (chance === 2 && old.kind !== 'd') rows.push([path, entry()])
    else if (chance === 3 && old.kind === 'd') rows.push([`${path}-renamed`, old])
    else rows.push([path, old])
    if (chance === 4) rows.push([`${path}-new`, entry()])
  }
  for (let swaps = random(3); swaps > 0; swaps -= 1) rows.push(...rows.splice(random(rows.length), 2))
  return Index.of(rows)
}

test('a comparison with columns finds what one with entries finds', () => {
  const random = numbers(7)
  const rows: [string, Entry][] = []
  for (const top of ['a', 'b', 'c', 'd']) {
    rows.push([top, entry({ kind: 'd' })])
    for (let each = 0; each < 8; each += 1) {
      const kind = each % 3 === 0 ? 'd' : 'f'
      rows.push([`${top}/${each === 5 ? 'x' : each}`, entry({ kind })])
      if (kind === 'd') rows.push([`${top}/${each}/below`, entry()])
    }
  }
  let before = Index.of(rows)
  let found = 0
  for (let round = 0; round < 500; round += 1) {
    const now = changed(before, random)
    const closed = round % 5 === 0 ? ['c'] : []
    const changes = compare(before, now, closed, RULES)
    expect(changes).toEqual(compareEach(before, now, closed, RULES))
    found += changes.changed.length + changes.removed.length + changes.renames.length
    before = round % 50 === 0 || now.size < 10 ? Index.of(rows) : now
  }
  expect(found).toBeGreaterThan(1000)
})

test('what has not changed is not looked at one by one', () => {
  const index = Index.of([
    ['a', entry()],
    ['b', entry()],
    ['c', entry()]
  ])
  const now = index.copy()
  now.set('b', entry())
  const { before, now: left } = index.apart(now)
  expect([...before.paths()]).toEqual(['b'])
  expect([...left.paths()]).toEqual(['b'])
})

test('a renamed directory takes along what is in it, and replaces what was there', () => {
  const [d, f, old] = [entry({ kind: 'd' }), entry(), entry()]
  const index = Index.of([
    ['x', old],
    ['a', d],
    ['a/f', f],
    ['ab', f]
  ])
  index.rename('a', 'x')
  expect([...index]).toEqual([
    ['x', d],
    ['x/f', f],
    ['ab', f]
  ])
  expect([index.size, index.has('a'), index.get('x/f')]).toEqual([3, false, f])
})

test('a copy is changed without the original, and has no gaps', () => {
  const index = Index.of(Array.from({ length: 200 }, (_, at) => [`${at}`, entry({ size: at })] as const))
  for (let at = 0; at < 200; at += 2) index.delete(`${at}`)
  const copy = index.copy()
  copy.delete('1')
  copy.set('3', entry({ size: 1000 }))
  copy.set('new', entry())
  expect([index.size, index.has('1'), index.get('3')?.size, index.has('new')]).toEqual([100, true, 3, false])
  expect([copy.size, copy.has('1'), copy.get('3')?.size, copy.get('199')?.size]).toEqual([100, false, 1000, 199])
  const path = join(directory, 'index')
  saveIndex(path, index, {})
  expect([...(loadIndex(path)?.index ?? [])]).toEqual([...index])
})

test('what changed in the tick of the look, and what was forgotten, is found to differ; a directory is not', () => {
  const index = Index.of([
    ['d', entry({ kind: 'd', ctime: 5 })],
    ['early', entry({ ctime: 4 })],
    ['same', entry({ ctime: 5 })],
    ['lost', entry({ ctime: 1 })]
  ])
  const now = index.copy()
  index.forgetSince(5)
  index.forget('lost')
  const { before, now: left } = index.apart(now)
  expect([[...before.paths()], [...left.paths()]]).toEqual([
    ['same', 'lost'],
    ['same', 'lost']
  ])
})

test('a path that is known already is given as the string that is known, though some before are gone or new', () => {
  const known = Index.of(['a', 'b', 'd/c', 'd/cc', 'd/e'].map(path => [path, entry()] as const)).cursor()
  const asked = [
    ['', 'a'],
    ['', 'a-new'],
    ['d/', 'c'],
    ['e/', 'e'],
    ['d/', 'e']
  ] as const
  expect(asked.map(([above, name]) => known.take(above, name))).toEqual(['a', undefined, 'd/c', undefined, 'd/e'])
})
