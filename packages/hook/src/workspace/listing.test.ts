import { Readable } from 'node:stream'

import { expect, jest, test } from '@jest/globals'

import { ByteReader } from './byte-reader.js'
import { goneFromPod } from './known-files.js'
import { readListing, type Listing } from './listing.js'

// A million records each, on a machine that may have others to run.
jest.setTimeout(60_000)

function* forever(record: string): Generator<Buffer> {
  const chunk = Buffer.from(record.repeat(2000), 'latin1')
  for (;;) yield chunk
}

async function listed(chunks: Iterable<Buffer>): Promise<Listing> {
  return readListing(new ByteReader(Readable.from(chunks), () => undefined), 'nul')
}

async function list(...records: string[]): Promise<Listing> {
  return listed([Buffer.from(['f644 1 1 9.0 9.0 now', ...records, ''].join('\0'), 'latin1')])
}

test.each([
  ['one path', 'f644 1 1 1.0 1.0 ./x\0'],
  ['junk', 'junk\0'],
  ['names that are not UTF-8', 'f644 1 1 1.0 1.0 ./\xff\0']
])('a list that repeats %s is not read for ever', async (_, record) => {
  await expect(listed(forever(record))).rejects.toThrow(/more than 1000000 files/)
})

test('a record that is not understood is told, and nothing counts as gone', async () => {
  const { entries, isComplete, complaints } = await list('f644 1 1 soon 1.0 ./odd', 'f644 1 1 -0.5 -3 ./old', 'end 0 ')
  expect([...entries.keys()]).toEqual(['old'])
  expect(isComplete).toBe(false)
  expect(complaints).toEqual([expect.stringContaining('./odd')])
})

test('complaints do not fill the memory', async () => {
  const { complaints } = await list(...Array<string>(5000).fill(`${'x'.repeat(1000)}\xff`), 'end 0 ')
  expect(complaints).toHaveLength(100)
  expect(complaints.join('').length).toBeLessThan(50_000)
})

test('a name that is not UTF-8 is told, with advice', async () => {
  const { complaints, isComplete } = await list('f644 1 1 1.0 1.0 ./a\xff', 'end 0 ')
  expect(complaints).toEqual(['a\ufffd: its name is not UTF-8; rename the file, or put it into an archive'])
  expect(isComplete).toBe(true)
})

test.each([
  ['GNU', "find: './private': Permission denied\nfind: './mounted/x': Permission denied"],
  ['busybox', 'find: ./private: Permission denied\nfind: ./mounted/x: Permission denied']
])('only what is below a closed directory counts as there, by the words of %s', async (_, said) => {
  const listing = await list('d0 1 1 1.0 1.0 ./private', `end 1 ${said}`)
  expect(listing.isComplete).toBe(true)
  const paths = ['private/deep/key', 'private2/key', 'mounted/x', 'mounted/xy', 'gone', 'priv']
  const known = new Map(paths.map(path => [path, { sign: '1', held: true, isDirectory: false }]))
  expect(goneFromPod(listing, known, new Set()).sort()).toEqual(['gone', 'mounted/xy', 'priv', 'private2/key'])
})

test.each([
  ["find: '.': Permission denied"],
  ["find: './x': Input/output error"],
  [Array(200).fill("find: './private': Permission denied").join('\n').slice(0, 4000)],
  ['']
])('what does not say which paths are missing: %p', async said => {
  expect((await list(`end 1 ${said}`)).isComplete).toBe(false)
})
