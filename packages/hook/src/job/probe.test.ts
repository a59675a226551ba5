import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { probeCommand } from './probe.js'

const places = (): { readonly etc: string; readonly externals: string } => ({
  etc: join(root, 'etc'),
  externals: join(root, 'externals')
})

const SHELLS = [
  ['dash', []],
  ['bash', ['--posix']],
  ['busybox', ['sh']]
] as const

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'probe-'))
  mkdirSync(join(root, 'etc'))
  mkdirSync(join(root, 'externals/node20/bin'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

describe.each(SHELLS)('asked in %s', (shell, first) => {
  const ask = (): string[] => {
    const [, ...rest] = probeCommand([], places())
    return execFileSync(shell, [...first, ...rest], { encoding: 'utf8' }).split('\n')
  }
  const release = (text: string, name = 'os-release'): void => writeFileSync(join(root, 'etc', name), text)

  test.each([
    ['Alpine', 'NAME="Alpine Linux"\nID=alpine\n', true],
    ['a relative of it', 'ID=wolfi\nID_LIKE="alpine"\n', true],
    ['one in capitals', 'ID="ALPINE"\n', true],
    ['one without an end of line', 'NAME=x\nID=alpine', true],
    ['one with other line ends', 'ID=alpine\r\n', true],
    ['what only tells its name', 'NAME="Alpine"\nPRETTY_NAME=alpine\nVERSION_ID=alpine\n', false],
    ['a line that begins with a blank', '  ID=alpine\n', false],
    ['Debian', 'ID=debian\nHOME_URL=https://alpine.example\n', false]
  ])('%s', (_, text, isAlpine) => {
    release(text)
    expect(ask().includes('alpine')).toBe(isAlpine)
  })

  test('its user is told where files of his are to come', () => {
    const [, ...rest] = probeCommand([], { ...places(), externals: '' })
    const said = execFileSync(shell, [...first, ...rest], { encoding: 'utf8' })
    expect(said.split('\n')).toContain(`user ${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
    expect(ask().some(line => line.startsWith('user'))).toBe(false)
  })

  test('any release file counts, and none is no failure', () => {
    expect(ask()).not.toContain('alpine')
    release('ID=debian\n')
    release('ID=alpine\n', 'other-release')
    expect(ask()).toContain('alpine')
  })

  test('lines for the hosts file are added to it, or missed', () => {
    const add = (...lines: string[]): string => {
      const [, ...rest] = probeCommand(lines, places())
      return execFileSync(shell, [...first, ...rest], { encoding: 'utf8' })
    }
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
    expect(add('127.0.0.1 my_db', '10.0.0.1 x_y %s \\n')).not.toContain('without')
    expect(readFileSync(join(root, 'etc/hosts'), 'utf8')).toBe(
      '127.0.0.1 localhost\n127.0.0.1 my_db\n10.0.0.1 x_y %s \\n\n'
    )
    rmSync(join(root, 'etc/hosts'))
    mkdirSync(join(root, 'etc/hosts'))
    expect(add('127.0.0.1 my_db')).toContain('without hosts\n')
    expect(add()).not.toContain('without hosts')
  })

  test('the externals are there when one of them is', () => {
    expect(ask()).toContain('missing externals')
    writeFileSync(join(root, 'externals/node20/bin/node'), '')
    expect(ask()).not.toContain('missing externals')
  })
})

test('tools that are not there are named', () => {
  const [, ...rest] = probeCommand([], places())
  const said = execFileSync('/bin/dash', rest, { encoding: 'utf8', env: { PATH: root } }).split('\n')
  expect(said).toEqual(expect.arrayContaining(['missing cat', 'missing dd', 'missing wc']))
  expect(said).not.toContain('missing setsid')
})
