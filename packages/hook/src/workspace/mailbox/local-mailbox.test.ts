import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { LocalMailbox } from './local-mailbox.js'

const ID = '0190f6f0-6b5c-4d0e-8a52-9d3a5a0c1e11'
const NOTHING = { letters: [], cancelled: [] }

let root: string
let mailbox: LocalMailbox
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailbox-'))
  mkdirSync(join(root, '_temp/_kbuild'), { recursive: true })
  mailbox = new LocalMailbox(root)
})
afterEach(() => rmSync(root, { recursive: true }))

const box = (name = ''): string => join(root, '_temp/_kbuild', name)
const write = (ending: string, id = ID): void => writeFileSync(box(`${id}.${ending}`), 'please')

describe('a cancellation', () => {
  test('that lies beside its request comes with the request', () => {
    write('cancel')
    write('req.json')
    expect(mailbox.exchange({ entries: [] })).toEqual({ letters: [{ id: ID, text: 'please' }], cancelled: [ID] })
    expect(readdirSync(box())).toEqual([])
  })

  test('that comes before its request waits for the request', () => {
    write('cancel')
    expect(mailbox.exchange({ entries: [] })).toEqual(NOTHING)
    write('req.json')
    expect(mailbox.exchange({ entries: [] })).toEqual({ letters: [{ id: ID, text: 'please' }], cancelled: [ID] })
  })

  test('of a request that has to wait, since many came at once, is not lost', () => {
    const ids = Array.from({ length: 12 }, (_, index) => ID.replace(/.{2}$/, String(index + 10)))
    for (const id of ids) {
      write('req.json', id)
      write('cancel', id)
    }
    const mails = [mailbox.exchange({ entries: [] }), mailbox.exchange({ entries: [] })]
    expect(mails.map(({ letters }) => letters.length)).toEqual([8, 4])
    expect(mails.flatMap(({ cancelled }) => cancelled).sort()).toEqual(ids)
    for (const { letters, cancelled } of mails)
      expect(letters.map(({ id }) => id).sort()).toEqual([...cancelled].sort())
  })
})

describe('a post that comes twice, since the answer to the first was lost,', () => {
  test('is answered with the same letters, and its lines are written once', () => {
    write('req.json')
    const post = { id: 'one', entries: [{ id: ID, log: 'line\n' }] }
    const mail = mailbox.exchange(post)
    expect(mail.letters).toHaveLength(1)
    expect(mailbox.exchange(post)).toEqual(mail)
    expect(readFileSync(box(`${ID}.log`), 'utf8')).toBe('line\n')
    expect(mailbox.exchange({ id: 'two', entries: [] })).toEqual(NOTHING)
  })
})

describe('an answer that cannot be put there', () => {
  test('is put there as soon as it can be', () => {
    renameSync(box(), join(root, 'elsewhere'))
    mailbox.exchange({ entries: [{ id: ID, log: 'line\n', answer: '{}' }] })
    renameSync(join(root, 'elsewhere'), box())
    expect(existsSync(box(`${ID}.res.json`))).toBe(false)
    mailbox.exchange({ entries: [] })
    expect(readFileSync(box(`${ID}.res.json`), 'utf8')).toBe('{}')
  })

  test('is forgotten when the step is over', () => {
    renameSync(box(), join(root, 'elsewhere'))
    mailbox.exchange({ entries: [{ id: ID, answer: '{}' }] })
    mailbox.exchange({ entries: [], isLast: true })
    renameSync(join(root, 'elsewhere'), box())
    mailbox.exchange({ entries: [] })
    expect(readdirSync(box())).toEqual([])
  })
})

describe('a full disk', () => {
  const fill = (): void => {
    try {
      writeFileSync(box('filler'), Buffer.alloc(1024 * 1024))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' })
    }
  }
  beforeEach(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', box()])
    fill()
  })
  afterEach(() => {
    mailbox.exchange({ entries: [], isLast: true })
    execFileSync('umount', [box()])
  })

  test('costs lines of a log, and no answer: that comes whole when there is room', () => {
    const answer = JSON.stringify({ outcome: 'built', problems: ['x'.repeat(6000)] })
    mailbox.exchange({ entries: [{ id: ID, log: 'lost\n' }] })
    mailbox.exchange({ entries: [{ id: ID, answer }] })
    mailbox.exchange({ entries: [] })
    expect(existsSync(box(`${ID}.res.json`))).toBe(false)
    rmSync(box('filler'))
    mailbox.exchange({ entries: [] })
    expect(readFileSync(box(`${ID}.res.json`), 'utf8')).toBe(answer)
    expect(readdirSync(box()).sort()).toEqual([`${ID}.log`, `${ID}.res.json`])
  })

  test('does not keep a request back that lies there, and the rest of a log follows when there is room', () => {
    rmSync(box('filler'))
    write('req.json')
    mailbox.exchange({ entries: [{ id: ID, log: 'first\n' }] })
    const other = ID.replace(/.$/, '2')
    write('req.json', other)
    fill()
    const lines = `${'x'.repeat(6000)}\n`
    expect(mailbox.exchange({ entries: [{ id: ID, log: lines }] }).letters).toEqual([{ id: other, text: 'please' }])
    rmSync(box('filler'))
    mailbox.exchange({ entries: [{ id: ID, log: 'last\n' }] })
    const log = readFileSync(box(`${ID}.log`), 'utf8').split('\n')
    expect(log[0]).toBe('first')
    // What was cut is no entry of a log, and harms none.
    expect(log.slice(-2)).toEqual(['last', ''])
  })
})
