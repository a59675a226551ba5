/*
 * What the hook and the mailbox of a step exchange at a time (packages/broker/src/mailbox.ts): the same for a directory on the
 * runner's disk and for one in a pod.
 */

/** What the hook puts into the mailbox. */
export interface Post {
  /** Names it: a post that comes again, because the answer to the first was lost, is taken once. */
  readonly id?: string
  readonly entries: readonly PostEntry[]
  /** The step is over: what is in the mailbox goes away, and nothing is collected. */
  readonly isLast?: boolean
}

/** For one request: lines that are added to its log, and its answer. */
export interface PostEntry {
  readonly id: string
  readonly log?: string
  readonly answer?: string
}

/** A request as it lay in the mailbox, which it has left; or why it cannot be read, as the end of a sentence. */
export type Letter = { readonly id: string } & ({ readonly text: string } | { readonly problem: string })

/** What the hook finds there. Each letter is found once. */
export interface Mail {
  readonly letters: readonly Letter[]
  /** Ids of requests that are not wanted any more. */
  readonly cancelled: readonly string[]
}

export const NO_MAIL: Mail = { letters: [], cancelled: [] }
