import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Script } from 'node:vm'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { buildHook } from './build.js'

const HOOK = join(import.meta.dirname, '..', 'dist', 'hook', 'index.js')

/** What costs load time or size without need, or crashes on the runner's Node 20 (ADR 0002, ADR 0025). */
const FORBIDDEN = ['undici', 'tr46', 'openid-client', '@kubernetes/client-node', '@actions/http-client']

describe("the hook's bundle", () => {
  let inputs: readonly string[] = []

  beforeAll(async () => {
    inputs = await buildHook()
  }, 30_000)

  test('has at most 524 KB', async () => {
    const { size } = await stat(HOOK)
    expect(size).toBeGreaterThan(10_000)
    expect(size).toBeLessThanOrEqual(524_000)
  })

  test('is made of our packages and of no module that is too heavy', () => {
    expect(inputs).toContain('packages/hook/src/main.ts')
    expect(inputs).toContain('node_modules/ws/lib/websocket.js')
    expect(inputs.filter(input => input.startsWith('packages/testing/'))).toEqual([])
    for (const name of FORBIDDEN) expect(inputs.filter(input => input.includes(`node_modules/${name}/`))).toEqual([])
  })

  test('is one CommonJS file that needs nothing but what Node has', async () => {
    // Long lines are cut, also within the program that the hook has as text.
    const code = (await readFile(HOOK, 'utf8')).replaceAll('\\\n', '')
    // A script, unlike a module, may not say import or export.
    expect(() => new Script(code)).not.toThrow()
    const loaded = new Set([...code.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map(match => match[1] ?? ''))
    expect(loaded).toContain('node:tls')
    // ws asks for these two and goes on without them.
    expect([...loaded].filter(name => !isBuiltin(name)).sort()).toEqual(['bufferutil', 'utf-8-validate'])
  })

  test('makes safe what the runner reads also when its answer cannot be written', async () => {
    const work = await mkdtemp(join(tmpdir(), 'work-'))
    const commands = join(work, '_temp', '_runner_file_commands')
    await mkdir(commands, { recursive: true })
    await symlink('/etc/passwd', join(commands, 'set_env_1'))
    const responseFile = join(work, '_temp', '_runner_hook_responses', '1.json')
    const hook = spawn(process.execPath, [HOOK], { env: { KANIKO_HOOKS_OPERATOR_LOG: 'off' }, stdio: 'pipe' })
    hook.stdin.end(JSON.stringify({ command: 'cleanup_job', responseFile, args: {}, state: {} }))
    const said = await text(hook.stdout)
    expect(said).toContain('response file')
    expect(said).toContain('a symbolic link at _temp/_runner_file_commands/set_env_1')
    expect((await lstat(join(commands, 'set_env_1'))).isFile()).toBe(true)
    await rm(work, { recursive: true })
  })

  test('answers an empty stdin with exit code 1 and one error line', async () => {
    const hook = spawn(process.execPath, [HOOK], { env: { KANIKO_HOOKS_OPERATOR_LOG: 'off' }, stdio: 'pipe' })
    hook.stdin.end()
    const closed = once(hook, 'close')
    const [stdout, stderr] = await Promise.all([text(hook.stdout), text(hook.stderr)])
    await closed
    expect(stdout).toMatch(/^::error::[^\n]*stdin was empty[^\n]*\n$/)
    expect(stderr).toBe('')
    expect(hook.exitCode).toBe(1)
  })

  test.each([
    [
      'that breaks where nobody catches',
      'setImmediate(() => { throw new TypeError("x is undefined") })',
      /x is undefined/
    ],
    ['that breaks in a promise', 'setImmediate(() => void Promise.reject(new Error("nobody looks")))', /nobody looks/],
    ['with nothing left to do', 'process.stdin.unref()', /waited for something that will never come/]
  ])('a process %s has one error line of ours, too', async (_, before, says) => {
    const directory = await mkdtemp(join(tmpdir(), 'broken-'))
    const preload = join(directory, 'break.cjs')
    await writeFile(preload, before)
    const env = { KANIKO_HOOKS_OPERATOR_LOG: 'off' }
    // Its standard input stays open.
    const hook = spawn(process.execPath, ['--require', preload, HOOK], { env, stdio: 'pipe' })
    const closed = once(hook, 'close')
    const [stdout] = await Promise.all([text(hook.stdout), text(hook.stderr)])
    await closed
    expect(stdout).toMatch(/^\n::error::Kaniko Hooks failed unexpectedly, please report this: [^\n]+\n$/)
    expect(stdout).toMatch(says)
    expect(hook.exitCode).toBe(1)
    await rm(directory, { recursive: true })
  })
})
