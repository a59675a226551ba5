import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { ownDirectory } from './own-directory.js'

let base: string
let path: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'own-'))
  path = ownDirectory(join(base, '_work'))
})
afterEach(() => {
  for (const place of [base, path]) rmSync(place, { recursive: true, force: true })
})

test('is closed to others, outside of the work directory, and the same for every call', () => {
  expect(lstatSync(path).mode & 0o777).toBe(0o700)
  expect(path.startsWith(base)).toBe(false)
  expect(ownDirectory(join(base, '_work'))).toBe(path)
  const other = ownDirectory(join(base, '_other'))
  expect(other).not.toBe(path)
  rmSync(other, { recursive: true })
})

test.each<[string, () => void]>([
  ['a link', () => symlinkSync(base, path)],
  [
    'a directory that is open to others',
    () => {
      mkdirSync(path)
      chmodSync(path, 0o755)
    }
  ]
])('%s in its place is refused by name', (_, plant) => {
  rmSync(path, { recursive: true })
  plant()
  expect(() => ownDirectory(join(base, '_work'))).toThrow(`${path} in the runner's container is not a directory of uid`)
})
