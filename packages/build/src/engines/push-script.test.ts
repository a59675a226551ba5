import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { pushCommand } from './push-script.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'push-'))
  // Pauses are noted and not waited for.
  program('sleep', `echo "$1" >>${directory}/pauses`)
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

function program(name: string, body: string): void {
  const file = join(directory, name)
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, 0o755)
}

/** A crane that fails so often with these words, and then pushes. */
function crane(failures: number, words: string): void {
  const body = `
echo "$*" >>${directory}/calls
[ "$(wc -l <${directory}/calls)" -gt ${failures} ] && exit 0
echo '2026/11/22 12:00:00 pushed blob: sha256:1' >&2
echo "Error: ${words}" >&2
exit 1`
  program('crane', body)
}

function push(plainHttp = false): { code: number | null; said: string } {
  const [command = '', ...args] = pushCommand('/layout', 'r.example/a:h', plainHttp)
  const { status, stdout } = spawnSync(command, args, {
    env: { PATH: `${directory}:${process.env['PATH'] ?? ''}`, TMPDIR: directory },
    encoding: 'utf8'
  })
  return { code: status, said: stdout }
}

const lines = (name: string): string[] => {
  try {
    return readFileSync(join(directory, name), 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

test('a push that goes well is one call, and the digest goes to the termination message', () => {
  crane(0, '')
  expect(push().code).toBe(0)
  expect(lines('calls')).toEqual(['push /layout r.example/a:h --image-refs=/dev/termination-log'])
})

test('plain HTTP is a flag of the call that needs it', () => {
  crane(0, '')
  push(true)
  expect(lines('calls')[0]).toMatch(/--insecure$/)
})

test.each([
  'PUT https://r/v2/a/blobs: TOOMANYREQUESTS: slow down',
  'POST https://r/v2/a/blobs/uploads/: unexpected status code 503 Service Unavailable',
  'PATCH https://r/v2/a: write tcp 10.0.0.1: connection reset by peer',
  'Post https://r/v2/a: EOF',
  'PUT https://r/v2/a: UNKNOWN: unknown error',
  'Get https://r/v2/: dial tcp: lookup r on 10.0.0.10:53: server misbehaving',
  'Get https://r/v2/: context deadline exceeded'
])('a fault that passes is tried again, after a while: %s', words => {
  crane(2, words)
  expect(push().code).toBe(0)
  expect(lines('calls')).toHaveLength(3)
  expect(lines('pauses')).toEqual(['5', '15'])
})

test('a fault that does not pass ends after four tries with what crane said', () => {
  crane(9, 'TOOMANYREQUESTS: slow down')
  const { code, said } = push()
  expect(code).toBe(1)
  expect(lines('calls')).toHaveLength(4)
  expect(said.trim().split('\n').at(-1)).toBe('Error: TOOMANYREQUESTS: slow down')
})

test.each([
  'POST https://r/v2/a/blobs/uploads/: UNAUTHORIZED: authentication required',
  'POST https://r/v2/a/blobs/uploads/: DENIED: no right',
  'POST https://r/v2/a/blobs/uploads/: NAME_UNKNOWN: no such repository',
  'Get https://r/v2/: tls: failed to verify certificate: x509: certificate signed by unknown authority'
])('a refusal is not tried again: %s', words => {
  crane(9, words)
  const { code, said } = push()
  expect(code).toBe(1)
  expect(lines('calls')).toHaveLength(1)
  expect(said).toContain(words)
})

test('a connector that refused a credential is quoted in one line, and nothing is pushed', () => {
  crane(0, '')
  writeFileSync(join(directory, '.error.json'), '{\n  "code": 7,\n  "message": "rejected by mia"\n}\n')
  const [command = '', ...args] = pushCommand('/layout', 'r.example/a:h', true)
  const { status, stdout } = spawnSync(command, args, {
    env: { PATH: `${directory}:${process.env['PATH'] ?? ''}`, TMPDIR: directory, DOCKER_CONFIG: directory },
    encoding: 'utf8'
  })
  expect(status).toBe(1)
  expect(stdout).toMatch(/^Error: the connector gave no credential: .*"message": "rejected by mia".*\n$/)
  expect(lines('calls')).toEqual([])
})
