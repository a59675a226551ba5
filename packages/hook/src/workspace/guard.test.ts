import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { guardWork, MAX_FILE_COMMAND } from './guard.js'

const ENV = 'set_env_0b7c'
let base: string
let work: string
let secret: string
let server: Server | undefined
const at = (...path: readonly string[]): string => join(work, '_temp', ...path)
const command = (name = ENV): string => at('_runner_file_commands', name)

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'guard-'))
  work = join(base, '_work')
  secret = join(base, 'secrets', 'token')
  for (const name of ['_runner_file_commands', '_github_workflow', '_github_home', '_runner_hook_responses'])
    mkdirSync(at(name), { recursive: true })
  mkdirSync(join(base, 'secrets'))
  writeFileSync(secret, 'canary')
  writeFileSync(command(), 'A=1\n')
  writeFileSync(command('set_output_0b7c'), '')
  writeFileSync(at('_github_workflow', 'event.json'), '{}')
})
afterEach(() => {
  server?.close()
  server = undefined
  rmSync(base, { recursive: true })
})

/** Whatever the runner would read now, by the names that it uses. */
const readAll = (): string[] =>
  readdirSync(at('_runner_file_commands'))
    .filter(name => !name.startsWith('_replaced-'))
    .map(name => readFileSync(command(name), 'utf8'))

test('what the runner made and a step wrote stays as it is', () => {
  writeFileSync(command('step_summary_0b7c'), '')
  truncateSync(command('step_summary_0b7c'), MAX_FILE_COMMAND)
  expect(guardWork(work)).toEqual([])
  expect(readFileSync(command(), 'utf8')).toBe('A=1\n')
})

test('what is missing stays away', () => {
  rmSync(at('_github_workflow'), { recursive: true })
  expect(guardWork(work)).toEqual([])
  rmSync(at(), { recursive: true })
  expect(guardWork(work)).toEqual([])
  expect(readdirSync(work)).toEqual([])
})

describe('in the place of a file command', () => {
  test.each<[string, (path: string) => void, RegExp]>([
    ['a link to a secret', path => symlinkSync(secret, path), /a symbolic link/],
    ['a link that leads nowhere', path => symlinkSync('/nowhere', path), /a symbolic link/],
    ['a FIFO', path => execFileSync('mkfifo', [path]), /a named pipe/],
    ['a device', path => execFileSync('mknod', [path, 'c', '1', '5']), /a device/],
    ['a directory', path => mkdirSync(join(path, 'deep'), { recursive: true }), /a directory/],
    ['a hard link', path => linkSync(secret, path), /a hard link/]
  ])('%s becomes an empty file, and is named', (_, plant, what) => {
    rmSync(command())
    plant(command())
    const [finding, ...others] = guardWork(work)
    expect(others).toEqual([])
    expect(finding?.sentence).toMatch(what)
    expect(finding?.sentence).toContain(`_temp/_runner_file_commands/${ENV}`)
    const found = lstatSync(command())
    expect([found.isFile(), found.nlink, found.size, found.mode & 0o777]).toEqual([true, 1, 0, 0o666])
    expect(readFileSync(secret, 'utf8')).toBe('canary')
    expect(readAll().join('')).toBe('')
  })

  test('a socket', async () => {
    rmSync(command())
    await new Promise<void>(resolve => (server = createServer().listen(command(), resolve)))
    expect(guardWork(work)[0]?.sentence).toMatch(/a socket/)
    expect(lstatSync(command()).isFile()).toBe(true)
  })

  test('a file that would fill the runner is emptied, and what is lost fails the step; a summary never did', () => {
    truncateSync(command(), MAX_FILE_COMMAND + 1)
    writeFileSync(command('step_summary_0b7c'), '')
    truncateSync(command('step_summary_0b7c'), MAX_FILE_COMMAND * 4)
    const findings = guardWork(work)
    expect(findings.map(({ kind }) => kind).sort()).toEqual(['lost', 'replaced'])
    expect(findings.find(({ kind }) => kind === 'lost')?.sentence).toMatch(/17 MiB to .*set_env_0b7c.* 16 MiB/)
    expect([lstatSync(command()).size, lstatSync(command('step_summary_0b7c')).size]).toEqual([0, 0])
  })

  test('a name of any kind is looked at, and a command in it is none', () => {
    symlinkSync(secret, command('x\n::error::y'))
    const [finding] = guardWork(work)
    expect(finding?.kind).toBe('replaced')
    expect(readAll().join('')).toBe('A=1\n')
  })

  test('more files than anybody looks through', () => {
    for (let index = 0; index < 10_001; index += 1) symlinkSync(secret, command(`f${index}`))
    expect(guardWork(work)).toMatchObject([{ kind: 'lost' }])
    expect(readdirSync(at('_runner_file_commands'))).toEqual([])
    expect(guardWork(work)).toEqual([])
  })
})

describe('in the place of a directory', () => {
  test.each([['_runner_file_commands'], ['_github_workflow'], ['_github_home'], ['_runner_hook_responses'], ['.']])(
    '%s: a link becomes an empty directory',
    name => {
      const place = join(at(), name)
      const outside = join(base, 'secrets', '_runner_file_commands')
      mkdirSync(outside)
      writeFileSync(join(outside, ENV), 'theirs')
      renameSync(place, join(base, 'moved'))
      symlinkSync(join(base, 'secrets'), place)
      expect(guardWork(work)).toMatchObject([
        { kind: 'replaced', sentence: expect.stringContaining('a symbolic link') }
      ])
      expect(lstatSync(place).isDirectory()).toBe(true)
      expect(readdirSync(place)).toEqual([])
      expect(readFileSync(join(outside, ENV), 'utf8')).toBe('theirs')
      expect(guardWork(work)).toEqual([])
    }
  )

  test('a FIFO holds nobody up', () => {
    rmSync(at(), { recursive: true })
    execFileSync('mkfifo', [at()])
    expect(guardWork(work)).toMatchObject([{ kind: 'replaced' }])
  })
})

test("the event, which the runner writes before each step, is no link to the runner's own files", () => {
  const event = at('_github_workflow', 'event.json')
  rmSync(event)
  symlinkSync(secret, event)
  expect(guardWork(work)).toMatchObject([{ kind: 'replaced', sentence: expect.stringContaining('event.json') }])
  writeFileSync(event, 'the event')
  expect(readFileSync(secret, 'utf8')).toBe('canary')
  expect(statSync(event).size).toBe(9)
})

test("another user's directory is replaced by whoever may write where it lies, and once", () => {
  rmSync(command())
  mkdirSync(join(command(), 'deep'), { recursive: true })
  chmodSync(base, 0o755)
  chownSync(at('_runner_file_commands'), 65_534, 65_534)
  chownSync(at(), 65_534, 65_534)
  process.seteuid?.(65_534)
  const findings = [guardWork(work), guardWork(work)]
  process.seteuid?.(0)
  expect(findings).toMatchObject([[{ kind: 'replaced' }], []])
  expect(lstatSync(command()).isFile()).toBe(true)
})

describe('a directory that a job has closed', () => {
  const asNobody = (): ReturnType<typeof guardWork> => {
    chmodSync(base, 0o755)
    process.seteuid?.(65_534)
    try {
      return guardWork(work)
    } finally {
      process.seteuid?.(0)
    }
  }

  test('a home is the job’s own', () => {
    chmodSync(at('_github_home'), 0o700)
    expect(asNobody()).toEqual([])
  })

  test('what the runner cannot enter either costs only what the step wrote', () => {
    chmodSync(at('_runner_file_commands'), 0o700)
    expect(asNobody()).toMatchObject([{ kind: 'lost', sentence: expect.stringContaining('EACCES') }])
  })

  test('what can be entered and not listed may lead anywhere', () => {
    chmodSync(at('_runner_file_commands'), 0o711)
    expect(asNobody()).toMatchObject([{ kind: 'open' }])
  })

  test('a file that is too large for the runner leads nowhere', () => {
    truncateSync(command(), MAX_FILE_COMMAND + 1)
    chmodSync(at('_runner_file_commands'), 0o755)
    expect(asNobody()).toMatchObject([{ kind: 'lost' }])
  })
})

test('what cannot be replaced is told, and keeps nothing else from being replaced', () => {
  symlinkSync(secret, command('locked'))
  chmodSync(at('_runner_file_commands'), 0o755)
  rmSync(at('_github_workflow', 'event.json'))
  symlinkSync(secret, at('_github_workflow', 'event.json'))
  chownSync(at('_github_workflow'), 65_534, 65_534)
  chmodSync(base, 0o755)
  process.seteuid?.(65_534)
  const findings = guardWork(work)
  process.seteuid?.(0)
  expect(findings.map(({ kind, sentence }) => [kind, /\((E\w+)\)/.exec(sentence)?.[1]])).toEqual([
    ['open', 'EACCES'],
    ['replaced', undefined]
  ])
})
