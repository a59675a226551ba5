import { describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { StepLog } from './log.js'
import type { LogStyle } from './log.js'
import { SecretMask } from './mask.js'

const open = (change: Partial<LogStyle> = {}) => {
  let printed = ''
  const mask = new SecretMask()
  mask.add('hunter2')
  const log = new StepLog(
    text => {
      printed += text
    },
    mask,
    { color: false, timestamps: false, keptLines: 10, ...change }
  )
  return { log, printed: () => printed }
}

describe('StepLog', () => {
  test('prints as on GitHub: heading, groups indented, kinds named', () => {
    const { log, printed } = open()
    log.heading('Run hunter2')
    log.add('group', 'Group')
    log.add('text', 'inside')
    log.add('endgroup', '')
    log.add('error', 'bad\nhunter2')
    log.add('warning', 'w')
    log.add('notice', 'n')
    log.footer('failure', 1234)
    expect(printed()).toBe(
      '● Run ***\n  ▾ Group\n    inside\n  Error: bad\n  Error: ***\n  Warning: w\n  Notice: n\n  ✗ failed after 1.2 s\n'
    )
  })

  test('colors', () => {
    const { log, printed } = open({ color: true })
    log.add('error', 'x')
    expect(printed()).toBe('  \u001B[31mError: x\u001B[0m\n')
  })

  test('counts and hashes ordinary lines, and forgets old ones', () => {
    const { log } = open()
    const lines = Array.from({ length: 35 }, (_, index) => `é ${index}`)
    for (const line of lines) log.add('text', line)
    log.add('error', 'not counted')
    const kept = log.kept()
    const text = `${lines.join('\n')}\n`
    expect(kept.output).toEqual({
      lines: 35,
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex')
    })
    expect(kept.lines.at(-1)).toBe('##[error]not counted')
    expect(kept.lines.length + kept.droppedLines).toBe(36)
    expect(kept.lines.length).toBeLessThanOrEqual(20)
  })
})
