import { compare, type Changes } from './compare.js'
import { type Index, isBelow, remembered } from './index.js'
import { moment } from './moment.js'
import { scan, type Scan } from './scan.js'
import { sendChanges, type SendOptions, type Sent } from './send.js'

/** One of two trees that are kept alike: the runner's, or a pod's. */
export interface Side {
  readonly root: string
  /** As the tree was when both were alike. */
  index: Index
  /** A file of ours, by which the moment is told. */
  readonly clock: string
  /** What is not the other side's business, by its path. */
  readonly leavesOut: (path: string) => boolean
  readonly isFixed: (path: string) => boolean
  /** Whether this user gives himself the rights to read what is his own. */
  readonly opens: boolean
}

/** What is to be sent, and what the index becomes when the other side has it. */
export interface Outgoing {
  readonly scan: Scan
  readonly changes: Changes
  readonly moment: number
}

/** Looks for what has changed since both sides were alike. */
export async function findChanges(side: Side): Promise<Outgoing> {
  const now = moment(side.clock)
  const found = await scan(side.root, side)
  return { scan: found, changes: compare(side.index, found.index, found.closed, side), moment: now }
}

/** Sends it. The index is as before until `adopt`. */
export async function sendFound(
  side: Side,
  { scan: { index, closed }, changes }: Outgoing,
  options: Omit<SendOptions, 'closed'>
): Promise<Sent> {
  return sendChanges(side.root, index, changes, { ...options, closed })
}

/** The other side has what was sent. */
export function adopt(side: Side, { scan: { index, closed }, moment: now }: Outgoing, { unsettled }: Sent): void {
  const before = side.index
  for (const [path, entry] of index) index.set(path, remembered(entry, now))
  for (const path of unsettled) {
    const entry = index.get(path)
    // Found to differ whatever it is next time.
    if (entry !== undefined) index.set(path, { ...entry, inode: -1 })
  }
  if (closed.length > 0) {
    for (const [path, entry] of before) {
      if (!index.has(path) && isBelow(path, closed)) index.set(path, entry)
    }
  }
  side.index = index
}
