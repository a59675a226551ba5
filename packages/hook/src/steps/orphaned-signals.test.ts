import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, test } from '@jest/globals'

import { abandoned, ID, opener, run, SHELLS, until, useSpool } from './detached-step.fixture.js'

const spool = useSpool()

// A file of its own, as the ten seconds between the signals pass once for each shell.
describe.each(SHELLS)('a detached step under %s that nobody follows any more', (...shell) => {
  test('is killed when it ignores the first signals, and so is a child that outlives it', async () => {
    const marker = join(spool.path, 'went on')
    const beat = `while :; do touch '${marker}'; sleep 0.2; done`
    await abandoned(opener(shell), `trap '' INT TERM; echo began; (${beat}) & ${beat}`, 1_000)
    await until(() => existsSync(join(spool.path, ID, 'exit')))
    const end = Date.now()
    await sleep(1_500)
    expect(statSync(marker).mtimeMs).toBeLessThan(end)
    expect((await run(opener(shell), ['true'])).end).toEqual({ orphanedWith: 137 })
  })
})
