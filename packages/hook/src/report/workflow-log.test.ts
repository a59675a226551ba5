import { describe, expect, test } from '@jest/globals'

import { errorCommand } from './workflow-commands.js'
import { WorkflowLog } from './workflow-log.js'

function logOf(debug: boolean): { log: WorkflowLog; written: () => string } {
  const pieces: Buffer[] = []
  const log = new WorkflowLog(chunk => {
    pieces.push(Buffer.from(chunk))
    return Promise.resolve()
  }, debug)
  return { log, written: () => Buffer.concat(pieces).toString('latin1') }
}

describe('WorkflowLog', () => {
  test('passes output on byte by byte', async () => {
    const { log, written } = logOf(true)
    await log.output(Buffer.from([0, 255, 10, 13]))
    await log.output('')
    await log.output('end')
    expect(written()).toBe('\u0000\u00ff\n\rend')
  })

  test('a line of ours ends a line that the output left open', async () => {
    const { log, written } = logOf(false)
    log.print('first')
    await log.output('half')
    log.print(errorCommand('x'))
    log.print('last')
    expect(written()).toBe('first\nhalf\n::error::x\nlast\n')
  })

  test('a note waits for the end of the line', async () => {
    const { log, written } = logOf(true)
    await log.output(Buffer.from('half'))
    log.note('cut')
    await log.output(' and')
    log.note('again')
    await log.output(Buffer.from(' half\n'))
    await log.output('next\n')
    expect(written()).toBe('half and half\n::debug::cut\n::debug::again\nnext\n')
  })

  test('without debug logging there are no notes', async () => {
    const { log, written } = logOf(false)
    log.note('cut')
    await log.output('line\n')
    expect(written()).toBe('line\n')
  })
})
