/*
 * The mailbox: a directory that a step and the hook share, and that needs no more than files. Each file has its name when it is
 * whole. This file imports nothing: a part of the hook that runs in pods has it too.
 */

/** The variable that names the mailbox, as the step's container sees it. */
export const MAILBOX_VARIABLE = 'KBUILD_BROKER'

/** Where the mailbox lies in the tree that a job's containers share. */
export const MAILBOX_PATH = '_temp/_kbuild'

/** The version of the protocol that is spoken here. */
export const PROTOCOL_VERSION = 1

/** How long a request may be, in bytes. */
export const MAX_REQUEST = 1024 * 1024

/** The file by which the hook says what it speaks: an `Announcement`. */
export const ANNOUNCEMENT_FILE = 'broker.json'

/** What the hook speaks. */
export interface Announcement {
  readonly versions: readonly number[]
  /** Names of what a request may ask for besides the fields that each version has. */
  readonly capabilities: readonly string[]
}

/** A request may have `baseCredentials`. */
export const BASE_CREDENTIALS = 'base-credentials'

/** The text of this hook's announcement. It has no character that a shell knows. */
export const ANNOUNCEMENT: Announcement = { versions: [PROTOCOL_VERSION], capabilities: [BASE_CREDENTIALS] }

/**
 * Files of one request. Who asks writes `request` under another name and renames it, and may write `cancel`, which is empty; the
 * hook appends to `log`, and renames `answer` to its name.
 */
const ENDINGS = { request: 'req.json', cancel: 'cancel', log: 'log', answer: 'res.json' } as const

export type MailKind = keyof typeof ENDINGS

const ID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const NAME = new RegExp(`^(${ID})\\.(.+)$`)

/** The name of a file of a request. */
export function mailName(id: string, kind: MailKind): string {
  return `${id}.${ENDINGS[kind]}`
}

/** The name of a file of a request that is not whole yet. */
export function draftName(id: string, kind: MailKind): string {
  return `${id}.${ENDINGS[kind].replace(/\.json$/, '')}.tmp`
}

/**
 * Reads a name in the mailbox.
 *
 * @returns the request's id, a UUID in lower case, and which of its files it is, undefined for a draft; undefined for names that
 *   are nobody's
 */
export function readMailName(name: string): { readonly id: string; readonly kind: MailKind | undefined } | undefined {
  const [, id, ending] = NAME.exec(name) ?? []
  if (id === undefined || ending === undefined) return undefined
  const found = Object.entries(ENDINGS).find(([, own]) => own === ending)
  if (found === undefined && !ending.endsWith('.tmp')) return undefined
  return { id, kind: found?.[0] as MailKind | undefined }
}
