import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { makeDirectories, MOUNTED, openToEveryone } from './directories.js'

let base: string
let work: string
let outside: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'directories-'))
  work = join(base, '_work')
  outside = join(base, 'outside')
  mkdirSync(work)
  mkdirSync(outside)
})
afterEach(() => rmSync(base, { recursive: true }))

const modeOf = (path: string): number => statSync(path).mode & 0o777

test('all are made, also twice, and what an administrator put there stays', () => {
  symlinkSync(outside, join(work, '_tool'))
  makeDirectories(work)
  makeDirectories(work)
  for (const path of MOUNTED) expect([path, statSync(join(work, path)).isDirectory()]).toEqual([path, true])
  expect(lstatSync(join(work, '_tool')).isSymbolicLink()).toBe(true)
})

test('an earlier job left a link: nothing is made behind it', () => {
  symlinkSync(outside, join(work, '_temp'))
  makeDirectories(work)
  expect(lstatSync(join(work, '_temp')).isDirectory()).toBe(true)
  expect(statSync(outside).nlink).toBe(2)
})

test('a work directory that is a file tells who cannot write there', () => {
  rmSync(work, { recursive: true })
  writeFileSync(work, '')
  expect(() => makeDirectories(work)).toThrow(/cannot be written by uid 0: .*Set fsGroup/)
})

test('directories and file commands are opened, no link is followed, and a FIFO holds nobody up', () => {
  makeDirectories(work)
  const commands = join(work, '_temp/_runner_file_commands')
  const workspace = join(work, 'r', 'r')
  mkdirSync(workspace, { recursive: true })
  const secret = join(outside, 'secret')
  writeFileSync(secret, '', { mode: 0o600 })
  writeFileSync(join(commands, 'set_env'), '', { mode: 0o644 })
  symlinkSync(secret, join(commands, 'set_output'))
  execFileSync('mkfifo', ['-m', '600', join(commands, 'save_state')])
  openToEveryone(work, workspace)
  expect(['_temp', '_temp/_github_home', 'r/r'].map(path => modeOf(join(work, path)))).toEqual([0o777, 0o777, 0o777])
  expect(modeOf(join(commands, 'set_env'))).toBe(0o666)
  expect(modeOf(secret)).toBe(0o600)
  expect(modeOf(join(commands, 'save_state'))).toBe(0o600)
})

test.each([['_temp'], ['r']])('nothing behind a link at %s is opened', name => {
  mkdirSync(join(outside, 'r'))
  mkdirSync(join(outside, '_runner_file_commands'))
  for (const path of ['r', '_runner_file_commands']) chmodSync(join(outside, path), 0o700)
  symlinkSync(outside, join(work, name))
  openToEveryone(work, join(work, 'r', 'r'))
  expect(['r', '_runner_file_commands'].map(path => modeOf(join(outside, path)))).toEqual([0o700, 0o700])
})
