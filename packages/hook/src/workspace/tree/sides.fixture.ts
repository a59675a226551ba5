import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'

import { afterEach, beforeEach } from '@jest/globals'

import { FrameReader } from './frames.js'
import { Index } from './index.js'
import { moment, momentAfter } from './moment.js'
import { Receiver, type ReceiveRules } from './receive.js'
import type { TransferMessage } from './send.js'
import { adopt, changesIn, look, opened, sendFound, type Side } from './side.js'

export const PLAIN: ReceiveRules = {
  judge: () => 'take',
  keeps: () => false,
  isFixed: () => false,
  fileMode: 0,
  directoryMode: 0
}

/** Two trees on this machine. */
export interface Sides {
  readonly here: Side
  readonly there: Side
}

let base: string

/** Two empty trees for each test of a file. */
export function useSides(isFixed: (path: string) => boolean = () => false): Sides {
  const side = (name: string): Side => ({
    get root() {
      return join(base, name)
    },
    index: new Index(),
    get clock() {
      return join(base, `${name}-clock`)
    },
    leavesOut: () => false,
    isFixed,
    opens: false,
    opensOthers: false
  })
  const sides = { here: side('here'), there: side('there') }
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sides-'))
    for (const each of Object.values(sides)) {
      mkdirSync(each.root)
      each.index = new Index()
    }
  })
  afterEach(() => rmSync(base, { recursive: true, force: true }))
  return sides
}

export interface Crossed {
  readonly messages: readonly TransferMessage[]
  /** Of the rows that came. */
  readonly paths: readonly string[]
  readonly bytes: number
}

/** Brings what changed on one side to the other one, as the hook and its program do. */
export async function cross(from: Side, to: Side, rules: ReceiveRules = PLAIN): Promise<Crossed> {
  const stream = new PassThrough()
  // What was changed in this very tick would cross twice.
  await momentAfter(from.clock, moment(from.clock))
  const found = changesIn(from, await look(from), false)
  const sending = sendFound(from, found, {
    isFirst: path => path.startsWith('first/'),
    write: async bytes => {
      if (!stream.write(bytes)) await new Promise<void>(resolve => stream.once('drain', resolve))
    }
  })
  const reader = new FrameReader(stream as AsyncIterable<Buffer>)
  const receiver = new Receiver(to.root, opened(to), { ...rules, isFixed: to.isFixed })
  const messages: TransferMessage[] = []
  for (;;) {
    const frame = await reader.next()
    if ('data' in frame) {
      receiver.data(frame.data)
      continue
    }
    const message = frame.message as TransferMessage
    messages.push(message)
    receiver.message(message)
    if ('sent' in message) break
  }
  receiver.finish()
  await momentAfter(to.clock, receiver.latest)
  adopt(from, found, await sending)
  const rows = messages.flatMap(message =>
    'rows' in message ? message.rows : 'large' in message ? [message.large] : []
  )
  return { messages, paths: rows.map(([path]) => path), bytes: receiver.bytes }
}
