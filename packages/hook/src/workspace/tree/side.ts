import { compare, compareWhole, type Changes } from './compare.js'
import type { Index } from './index.js'
import { moment } from './moment.js'
import { isBelow } from './paths.js'
import { scan, type Scan } from './scan.js'
import { sendChanges, type SendOptions, type Sent } from './send.js'

/** One of two trees that are kept alike: the runner's, or a pod's. */
export interface Side {
  readonly root: string
  /** As the tree was when both were alike. What others remember of it is never changed. */
  index: Index
  /** A file of ours, by which the moment is told. */
  readonly clock: string
  /** What is not the other side's business, by its path. */
  readonly leavesOut: (path: string) => boolean
  readonly isFixed: (path: string) => boolean
  /** Whether this user gives himself the rights to read what is his own. */
  readonly opens: boolean
  /**
   * Whether directories of others than root are told as open to everybody: owners do not travel, and the next container of the
   * same user has to write there.
   */
  readonly opensOthers: boolean
}

/** The index of a side, to be changed. */
export function opened(side: Side): Index {
  side.index = side.index.copy()
  return side.index
}

/** A tree as it was found, which the index becomes when the other side has it. */
export interface Found {
  readonly scan: Scan
  readonly moment: number
}

/** What is to be sent of it. */
export interface Outgoing extends Found {
  readonly changes: Changes
}

/** Looks at the tree. */
export async function look(side: Side): Promise<Found> {
  const now = moment(side.clock)
  return { scan: await scan(side.root, { ...side, known: side.index }), moment: now }
}

/** What has changed since both sides were alike; all, when the other side has nothing. */
export function changesIn(side: Side, found: Found, isWhole: boolean): Outgoing {
  const { index, closed } = found.scan
  return { ...found, changes: (isWhole ? compareWhole : compare)(side.index, index, closed, side) }
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
export function adopt(side: Side, { scan: { index, closed }, moment: now }: Found, { unsettled }: Sent): void {
  index.forgetSince(now)
  for (const path of unsettled) index.forget(path)
  if (closed.length > 0) {
    for (const [path, entry] of side.index) if (!index.has(path) && isBelow(path, closed)) index.add(path, entry)
  }
  side.index = index
}
