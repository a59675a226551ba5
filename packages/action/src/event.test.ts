import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from '@jest/globals'

import { isFromFork, readEvent } from './event.js'

const directory = mkdtempSync(join(tmpdir(), 'event-'))
afterAll(() => rmSync(directory, { recursive: true }))

const repository = { full_name: 'acme/app' }
const pull = (head: unknown) => ({ repository, pull_request: { head: { repo: head } } })

describe('a run', () => {
  test.each([
    ['push', { repository }, false],
    ['workflow_dispatch', { repository }, false],
    ['schedule', {}, false],
    ['pull_request', pull({ full_name: 'Acme/App' }), false],
    ['pull_request', pull({ full_name: 'mallory/app' }), true],
    ['pull_request_target', pull({ full_name: 'mallory/app' }), true],
    // The fork was deleted.
    ['pull_request', pull(null), true],
    ['pull_request', { repository }, true],
    ['pull_request', { pull_request: { head: { repo: repository } } }, true],
    ['workflow_run', { repository, workflow_run: { head_repository: repository } }, false],
    ['workflow_run', { repository, workflow_run: { head_repository: { full_name: 'mallory/app' } } }, true],
    ['workflow_run', { repository }, true],
    ['push', undefined, true]
  ])('of %s with %j: from a fork is %s', (name, event, fork) => {
    expect(isFromFork(name, event)).toBe(fork)
  })
})

describe('the file of the event', () => {
  const path = join(directory, 'event.json')

  test('is JSON', async () => {
    writeFileSync(path, '{"a":1}')
    expect(await readEvent(path)).toEqual({ a: 1 })
  })

  test.each(['', '[]', '"x"', '{', 'null'])('is nothing when it holds %j', async text => {
    writeFileSync(path, text)
    expect(await readEvent(path)).toBeUndefined()
  })

  test('is nothing when it is a link, a pipe, too large or absent', async () => {
    writeFileSync(path, '{"a":1}')
    symlinkSync(path, join(directory, 'link'))
    execFileSync('mkfifo', [join(directory, 'pipe')])
    writeFileSync(join(directory, 'large'), '')
    truncateSync(join(directory, 'large'), 26 * 1024 * 1024)
    for (const name of ['link', 'pipe', 'large', 'absent']) {
      expect(await readEvent(join(directory, name))).toBeUndefined()
    }
  })
})
