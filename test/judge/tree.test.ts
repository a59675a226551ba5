import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from '@jest/globals'

import { readTree } from './tree.js'

test('directories of any name are looked into', () => {
  const root = mkdtempSync(join(tmpdir(), 'tree-'))
  try {
    mkdirSync(join(root, 'sub dir/größe'), { recursive: true })
    writeFileSync(join(root, 'sub dir/größe/x'), 'x')
    const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff])])
    mkdirSync(odd)
    writeFileSync(Buffer.concat([odd, Buffer.from('/y')]), 'y')
    expect([...readTree(root).keys()].sort()).toEqual([
      'sub dir',
      'sub dir/größe',
      'sub dir/größe/x',
      '\ufffd',
      '\ufffd/y'
    ])
  } finally {
    rmSync(root, { recursive: true })
  }
})
