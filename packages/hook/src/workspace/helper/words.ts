import type { Mail, Post } from '../mailbox/letters.js'
import type { Exclusion } from '../tree/leaves-out.js'

/*
 * What the hook and its program in a pod say to each other, besides the messages of a transfer (`tree/send.ts`). The hook
 * begins; words are answered in their order.
 */

/**
 * A file in our own directory, when no externals are being copied any more. It has this word and nothing else when all went well:
 * what cp complains of on a full disk, the file cannot have either.
 */
export const COPIED = 'copied'

/** Whose a file is. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Where a job's pod is called without the API server, and by what both ends know each other. */
export interface Direct {
  readonly host: string
  readonly port: number
  /** In base64. Of one job, in the memory of its pod and in a file of the hook's own. */
  readonly key: string
}

/** Without a host, the pod's first address is taken. */
export type Serve = Pick<Direct, 'key'> & Partial<Pick<Direct, 'host'>>

/** TLS with a key that both have, without certificates; what was said stays secret even if the key is found later. */
export const DIRECT_TLS = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const
export const IDENTITY = 'kaniko-hooks'

/** After so long a silence the kernel asks whether the other end is there, and ten seconds later it gives up: a network forgets none that is used so often. */
export const ALIVE_MS = 15_000

/** A call among those of one process of the hook. */
export interface CallNumber {
  readonly by: string
  readonly count: number
}

/** The first word. */
export interface Open {
  /** Which call this is: what a slow node brings after a later one is not heard. */
  readonly call: CallNumber
  readonly root: string
  /** A directory of the program's own, outside of the tree. */
  readonly own: string
  /** Which state of the tree the hook remembers; '' for none. */
  readonly generation: string
  /** Directories that stay where they are. */
  readonly fixed: readonly string[]
  /** The repository's directory, and names of directories in it that stay in the pod. */
  readonly exclude?: Exclusion
  /** See `Side`. */
  readonly opensOthers: boolean
}

export type Word =
  /** Answered by `ready`. What follows need not wait for that: a program that does not remember refuses what is not whole. */
  | { readonly open: Open }
  /**
   * A transfer follows, and all becomes this user's; with `whole` all comes. Both sides are alike then, in a state of this
   * name. Answered by `took`, `diverged` or `failed`.
   */
  | { readonly take: Owner & Agreement }
  /**
   * Answered by a transfer, or by `diverged`. With `whole` all is sent, whatever is remembered. Both sides are alike in a state of
   * this name as soon as the hook has all: before it goes on it says `kept`, or it comes back with the name.
   */
  | { readonly give: Agreement }
  /** What was given has arrived. Not answered. */
  | { readonly kept: true }
  /**
   * The program ends with its container, and what it remembers is kept for the next one; `diverged` when that is not the state of this
   * name. Answered by `remembered`.
   */
  | { readonly leave: string }
  /** The runner's externals are waited for. Answered by `copied` or `failed`. */
  | { readonly externals: true }
  /** The program can be called without an exec from now on, with this key alone. Answered by `serves` or `failed`. */
  | { readonly serve: Serve }
  /** Is somebody there? Answered by `here`, at once. */
  | { readonly here: true }
  /** For the mailbox of the step that runs. Answered by `mail`. */
  | { readonly mail: Post }

export interface Agreement {
  readonly whole: boolean
  /** Names the state in which both sides are alike afterwards. */
  readonly name: string
}

export type Answer =
  /** Whether the program remembers the same state. */
  | { readonly ready: boolean }
  | { readonly took: { readonly files: number; readonly bytes: number } }
  /** This side is not as the other one believes: nothing was done. */
  | { readonly diverged: true }
  | { readonly failed: { readonly message: string; readonly code?: string } }
  | { readonly remembered: true }
  | { readonly copied: true }
  | { readonly serves: Pick<Direct, 'host' | 'port'> }
  | { readonly here: true }
  | { readonly mail: Mail }
