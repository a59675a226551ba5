import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kbuild-main-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function hasOpen(pid: number, path: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some(fd => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === path
    } catch {
      return false
    }
  })
}

test('a process that waits for a secret from a pipe ends when it is interrupted, and does not wait for a writer', async () => {
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  const words = ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), '--secret', `id=a,src=${pipe}`, directory]
  const child = spawn(process.execPath, words, { stdio: 'ignore' })
  const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
  try {
    while (!hasOpen(child.pid ?? 0, pipe)) await sleep(20)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
  } finally {
    child.kill('SIGKILL')
  }
})
