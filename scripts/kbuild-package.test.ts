import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { buildKbuild } from './build.js'

let directory: string
let inputs: readonly string[]
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kbuild-package-'))
  inputs = await buildKbuild(join(directory, 'built'))
}, 60_000)
afterAll(async () => rm(directory, { recursive: true }))

const npm = (args: readonly string[]): string =>
  execFileSync('npm', args, {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: directory, npm_config_offline: 'true', npm_config_update_notifier: 'false' }
  })

test('the package has one program, and npx runs it without a network', async () => {
  const [packed] = JSON.parse(npm(['pack', './built', '--json'])) as { filename: string; files: { path: string }[] }[]
  expect(packed?.files.map(({ path }) => path).sort()).toEqual(['LICENSES.txt', 'index.cjs', 'package.json'])
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string
  }
  const printed = npm(['exec', '--yes', `--package=./${packed?.filename ?? ''}`, '--', 'kbuild', '--version'])
  expect(printed.trim()).toBe(`kbuild ${version}`)
}, 60_000)

test('the program needs nothing beside itself, and of the hook only what the doctor reads', async () => {
  const others =
    /packages\/(?:testing|action)\/|packages\/hook\/src\/(?:[^/]+$|(?:broker|images|job|protocol|steps|workspace)\/)/
  expect(inputs.filter(input => others.test(input))).toEqual([])
  const text = await readFile(join(directory, 'built/index.cjs'), 'utf8')
  expect(text.startsWith('#!/usr/bin/env node\n')).toBe(true)
  expect(await readdir(join(directory, 'built'))).not.toContain('node_modules')
})
