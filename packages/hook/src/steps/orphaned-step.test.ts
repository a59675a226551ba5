import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, test } from '@jest/globals'

import type { OpenExec } from './detached-step.js'
import {
  abandoned,
  ID,
  isFollowerAlone,
  NEXT_ID,
  opener,
  run,
  SHELLS,
  until,
  useSpool
} from './detached-step.fixture.js'

const spool = useSpool()

describe.each(SHELLS)('a detached step under %s', (...shell) => {
  describe('that nobody follows any more', () => {
    const marker = (): string => join(spool.path, 'went on')

    test('is ended, and says so to who comes after all; the next step finds nothing of it', async () => {
      await abandoned(opener(shell), `echo began; sleep 60; touch '${marker()}'`, 1_000)
      await until(() => existsSync(join(spool.path, ID, 'exit')))
      const late = await run(opener(shell), ['sh', '-c', 'echo again'])
      expect(late.end).toEqual({ orphanedWith: 130 })
      expect(late.output.toString()).toBe('began\n')
      await until(() => readdirSync(spool.path).length === 0)
      await abandoned(opener(shell), `echo began; sleep 60; touch '${marker()}'`, 1_000)
      await until(() => existsSync(join(spool.path, ID, 'exit')) && isFollowerAlone())
      expect((await run(opener(shell), ['true'], {}, undefined, { id: NEXT_ID })).end).toBe(0)
      await until(() => readdirSync(spool.path).length === 0)
      expect(readdirSync(spool.path)).toEqual([])
      expect(existsSync(marker())).toBe(false)
    })

    test('is ended although its connection seems to stand, and its log is whole although nobody took it', async () => {
      let isCut = false
      const open = opener(shell)
      const halfOpen: OpenExec = async (command, options) => {
        const stream = await open(command, options)
        return { ...stream, write: async chunk => (isCut ? undefined : stream.write(chunk)) }
      }
      let isFirst = true
      const text = 'seq 1 60000; sleep 30; echo never'
      const { end, output } = await run(
        halfOpen,
        ['sh', '-c', text],
        {},
        async () => {
          isCut = true
          if (isFirst) await sleep(4_000)
          isFirst = false
        },
        { orphanMs: 1_000 }
      )
      expect(end).toEqual({ orphanedWith: 130 })
      expect(output.length).toBe(348_894)
    })
  })

  test('goes on for as long as somebody follows, silent or with a reader that takes nothing', async () => {
    let isFirst = true
    const { end, output } = await run(
      opener(shell),
      ['sh', '-c', 'seq 1 60000; sleep 5; echo done; exit 4'],
      {},
      async () => {
        if (isFirst) await sleep(4_000)
        isFirst = false
      },
      { orphanMs: 3_000 }
    )
    expect(output.toString().slice(-10)).toBe('60000\ndone\n'.slice(-10))
    expect(end).toBe(4)
  })
})

test('a step goes on when it is followed again in time', async () => {
  const open = opener(['dash'], [1])
  const slow: OpenExec = async (command, options) => {
    if (open.opened > 0) await sleep(1_500)
    return open(command, options)
  }
  const steps = 'echo a; sleep 10; echo b; exit 4'
  const { end, output } = await run(slow, ['sh', '-c', steps], {}, undefined, { orphanMs: 8_000 })
  expect({ end, output: output.toString() }).toEqual({ end: 4, output: 'a\nb\n' })
  expect(open.opened).toBe(2)
})
