import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { Columns } from './columns.js'
import { compare } from './compare.js'
import { type Entry, type Index, parentOf } from './index.js'

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
  const index: Index = new Map([
    ['a', entry({ kind: 'd', size: 0 })],
    ['a/\udcff \n', entry({ inode: 2 ** 52 + 1, mtime: -1.25, ctime: 1_795_941_983_547.123 })],
    ['ä', entry({ kind: 'l', mode: 0o777 })]
  ])
  Columns.of(index).save(path, { generation: 'g' })
  const read = Columns.load(path)
  expect(read?.more).toEqual({ generation: 'g' })
  expect(read?.index.toIndex()).toEqual(index)
  Columns.of(new Map()).save(path, {})
  expect(Columns.load(path)?.index.size).toBe(0)
})

test.each(['', 'no index'])('a file that is none, as after a crash, is as good as no file: %j', text => {
  const path = join(directory, 'index')
  expect(Columns.load(path)).toBeUndefined()
  writeFileSync(path, text)
  expect(Columns.load(path)).toBeUndefined()
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
  return new Map(rows)
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
  let before: Index = new Map(rows)
  let found = 0
  for (let round = 0; round < 500; round += 1) {
    const now = changed(before, random)
    const closed = round % 5 === 0 ? ['c'] : []
    const changes = compare(Columns.of(before), now, closed, RULES)
    expect(changes).toEqual(compare(before, now, closed, RULES))
    found += changes.changed.length + changes.removed.length + changes.renames.length
    before = round % 50 === 0 || now.size < 10 ? new Map(rows) : now
  }
  expect(found).toBeGreaterThan(1000)
})

test('what has not changed is not looked at one by one', () => {
  const index: Index = new Map([
    ['a', entry()],
    ['b', entry()],
    ['c', entry()]
  ])
  const now = new Map(index).set('b', entry())
  const { before, now: left } = Columns.of(index).apart(now)
  expect([...before.keys()]).toEqual(['b'])
  expect([...left.keys()]).toEqual(['b'])
})
