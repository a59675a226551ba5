import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { readGiven } from './inputs.fixture.js'
import { keepLogins } from './keep-logins.js'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keep-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const LOGIN = { registry: 'ghcr.io', username: 'mona', password: 'p4ssword' }

async function keep(
  inputs: Parameters<typeof readGiven>[0],
  env: Readonly<Record<string, string>> = {}
): Promise<readonly string[]> {
  const said: string[] = []
  const say = (text: string | Error): void => void said.push(String(text))
  await keepLogins(readGiven(inputs), { HOME: home, ...env }, { info: say, notice: say })
  return said
}

const auths = (path: string): unknown => (JSON.parse(readFileSync(path, 'utf8')) as { auths: unknown }).auths

test('nothing is kept unless that is asked for', async () => {
  expect(await keep(LOGIN)).toEqual([])
  expect(await keep({ logout: 'false' })).toEqual([])
  expect(await keep({ ...LOGIN, logout: 'false', ssh: 'default' })).toEqual([])
  expect(readdirSync(home)).toEqual([])
})

test('logout: false keeps the logins beside those that are there, for this user alone, and says no password', async () => {
  const other = { auth: 'b3RoZXI6eA==' }
  mkdirSync(join(home, '.docker'))
  const path = join(home, '.docker', 'config.json')
  writeFileSync(path, JSON.stringify({ auths: { 'r.io': other }, detachKeys: 'x' }), { mode: 0o644 })
  const said = await keep({ ...LOGIN, logout: 'false' })
  expect(said).toEqual([`Kept the login for ghcr.io in ${path}, as \`logout: false\` asks for.`])
  expect(auths(path)).toEqual({ 'r.io': other, 'ghcr.io': { auth: btoa('mona:p4ssword') } })
  expect(readFileSync(path, 'utf8')).toContain('detachKeys')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('where docker has another directory, there; not in the container of Kaniko, which ends with the step', async () => {
  await keep({ ...LOGIN, logout: 'false' }, { DOCKER_CONFIG: join(home, 'own') })
  expect(auths(join(home, 'own', 'config.json'))).toHaveProperty(['ghcr.io'])
  await keep({ ...LOGIN, logout: 'false' }, { DOCKER_CONFIG: '/kaniko/.docker/' })
  expect(auths(join(home, '.docker', 'config.json'))).toHaveProperty(['ghcr.io'])
})

test('a file that is none of docker is told, and left alone', async () => {
  mkdirSync(join(home, '.docker'))
  writeFileSync(join(home, '.docker', 'config.json'), 'mine')
  expect(await keep({ ...LOGIN, logout: 'false' })).toEqual([expect.stringMatching(/could not be kept.*is not JSON/)])
  expect(readFileSync(join(home, '.docker', 'config.json'), 'utf8')).toBe('mine')
})
