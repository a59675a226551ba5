import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { readEnvFiles } from './env-file.js'

let home = ''
let work = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'env-file-'))
  work = join(home, '_work')
  mkdirSync(join(work, 'app/app'), { recursive: true })
})
afterEach(() => rmSync(home, { recursive: true }))

const read = (...paths: string[]): ReturnType<typeof readEnvFiles> =>
  readEnvFiles(paths, { workDirectory: work, directory: join(work, 'app/app'), what: 'the job container' })

test('lines are variables as docker reads them; a later file wins', () => {
  writeFileSync(join(work, 'app/app/one.env'), '\uFEFFA=1\r\n# comment\n  B= x=y \n\nEMPTY=\nUNSET\nQ="q"\n')
  writeFileSync(join(work, 'two'), 'A=2')
  expect(read('one.env', '../../two')).toEqual({
    variables: { A: '2', B: ' x=y ', EMPTY: '', Q: '"q"' },
    unset: ['UNSET']
  })
})

test.each([
  ['above the work directory', '/etc/passwd'],
  ['above by dots', '../../../secret'],
  ['the work directory itself', '../..'],
  ['without a name', '']
])('%s nothing is read', (_, path) => {
  writeFileSync(join(home, 'secret'), 'TOKEN=s3cret')
  expect(() => read(path)).toThrow(/^The options of the job container cannot be used: --env-file /)
})

test('no link is followed', () => {
  writeFileSync(join(home, 'secret'), 'TOKEN=s3cret')
  symlinkSync(join(home, 'secret'), join(work, 'link'))
  symlinkSync(home, join(work, 'directory'))
  for (const path of ['link', 'directory/secret']) expect(() => read(join(work, path))).toThrow('--env-file')
})

test('a pipe is not waited for, and a directory is no file', () => {
  execFileSync('mkfifo', [join(work, 'pipe')])
  for (const path of ['pipe', 'app', 'none']) expect(() => read(join(work, path))).toThrow('--env-file')
})

test.each([
  ['=1', 'no variable name in line 2'],
  ['A B=s3cret', 'the name of the variable in line 2 contains whitespace']
])('the line %j is refused without its value', (line, why) => {
  writeFileSync(join(work, 'file'), `A=1\n${line}\n`)
  expect(() => read(join(work, 'file'))).toThrow(`${why}.`)
})
