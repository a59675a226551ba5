import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, test } from '@jest/globals'

import type { OpenExec } from './detached-step.js'
import { ID, opener, run, SHELLS, until, useSpool } from './detached-step.fixture.js'

const MIB = 1024 * 1024
const spool = useSpool()

function segments(): string[] {
  const directory = join(spool.path, ID)
  return existsSync(directory) ? readdirSync(directory).filter(name => /^\d+$/.test(name)) : []
}

function spooledBytes(): number {
  return segments().reduce((sum, name) => sum + statSync(join(spool.path, ID, name)).size, 0)
}

/** Prints so many MiB of zeros. */
function zeros(mib: number): string[] {
  return ['sh', '-c', `dd if=/dev/zero bs=65536 count=${mib * 16} 2>/dev/null`]
}

/** As `opener`, and the pod never hears that output was received. */
function silent(shell: readonly string[]): OpenExec {
  const open = opener(shell)
  return async (command, options) => {
    const stream = await open(command, options)
    const isHeard = (chunk: Uint8Array | string): boolean => !/^(ack|end) ?/.test(chunk.toString())
    return { ...stream, write: async chunk => (isHeard(chunk) ? stream.write(chunk) : undefined) }
  }
}

describe.each(SHELLS)('the spool under %s', (...shell) => {
  test('has few files of much output: each costs the start of some programs', async () => {
    const { output } = await run(silent(shell), zeros(40))
    expect(output.length).toBe(40 * MIB)
    expect(segments().length).toBeLessThan(10)
  })

  test('holds at most 128 MiB, and the step waits', async () => {
    const cancelled = new AbortController()
    const step = run(silent(shell), zeros(200), {}, undefined, { signal: cancelled.signal })
    step.catch(() => undefined)
    try {
      await until(() => spooledBytes() > 96 * MIB)
      await sleep(500)
      expect(spooledBytes()).toBeGreaterThan(96 * MIB)
      expect(spooledBytes()).toBeLessThanOrEqual(128 * MIB)
    } finally {
      cancelled.abort()
    }
  })
})
