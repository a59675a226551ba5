import { closeSync, fstatSync, opendirSync, readSync, renameSync } from 'node:fs'

import { draftName, MAILBOX_PATH, mailName, MAX_REQUEST, readMailName } from '@kaniko-hooks/broker/mailbox'

import { Directory } from '../../files/directory.js'
import { writeAll } from '../../files/write-all.js'
import { NO_MAIL, type Letter, type Mail, type Post, type PostEntry } from './letters.js'

/** A step can make any number of files; no more of them are looked at. */
const MAX_NAMES = 10_000
/** So many letters are taken at a time, the next ones at the next time; and so many in the life of a step. */
const MAX_LETTERS = 8
const MAX_SEEN = 1_000

/** Answers and logs hold no secret, and their reader may be any user of the container. */
const READABLE = 0o644

/**
 * A mailbox in a directory that a step can write to: whatever lies there may be a link, a pipe, another file's name, or of any
 * size, and may change meanwhile. Nothing is followed, nothing is waited for, and what is written are new files alone.
 */
export class LocalMailbox {
  readonly #root: string
  /** Logs that are being written: a name may mean another file by now. */
  readonly #logs = new Map<string, number>()
  /** Logs that end within a line, since the disk was full. */
  readonly #cut = new Set<string>()
  /** Letters that were taken, also when they could not be taken away. */
  readonly #seen = new Set<string>()
  /** Answers that could not be put there: the disk was full, or something was in the way. */
  #unsaid: PostEntry[] = []
  #last: { readonly id: string; readonly mail: Mail } | undefined

  /** @param root the tree in which the mailbox lies; the way to it is trusted */
  constructor(root: string) {
    this.#root = root
  }

  /** Never throws: what a step makes of its mailbox is its own business. */
  exchange(post: Post): Mail {
    if (post.id !== undefined && post.id === this.#last?.id) return this.#last.mail
    const mail = this.#exchange(post)
    this.#last = post.id === undefined ? undefined : { id: post.id, mail }
    return mail
  }

  #exchange(post: Post): Mail {
    let directory: Directory
    try {
      directory = Directory.reach(this.#root, MAILBOX_PATH.split('/'))
    } catch {
      if (post.isLast === true) this.#forget()
      else for (const { id, answer } of post.entries) if (answer !== undefined) this.#unsaid.push({ id, answer })
      return NO_MAIL
    }
    try {
      for (const entry of [...this.#unsaid.splice(0), ...post.entries]) this.#put(directory, entry)
      if (post.isLast !== true) return this.#collect(directory)
      this.#forget()
      for (const name of namesIn(directory)) if (readMailName(name) !== undefined) attempt(() => directory.clear(name))
      return NO_MAIL
    } finally {
      directory.close()
    }
  }

  #put(directory: Directory, { id, log, answer }: PostEntry): void {
    if (log !== undefined) {
      attempt(
        () => {
          const file = this.#logs.get(id) ?? createNew(directory, mailName(id, 'log'))
          this.#logs.set(id, file)
          writeAll(file, Buffer.from(this.#cut.has(id) ? `\n${log}` : log))
          this.#cut.delete(id)
        },
        () => this.#cut.add(id)
      )
    }
    if (answer === undefined) return
    const file = this.#logs.get(id)
    this.#logs.delete(id)
    if (file !== undefined) closeSync(file)
    // Who asked waits for it, however long the disk is full.
    attempt(
      () => this.#say(directory, id, answer),
      () => this.#unsaid.push({ id, answer })
    )
  }

  #say(directory: Directory, id: string, answer: string): void {
    const draft = draftName(id, 'answer')
    const whole = createNew(directory, draft)
    try {
      writeAll(whole, Buffer.from(answer))
    } finally {
      closeSync(whole)
    }
    const name = mailName(id, 'answer')
    if (directory.look(name)?.isDirectory() === true) directory.clear(name)
    renameSync(directory.at(draft), directory.at(name))
  }

  #collect(directory: Directory): Mail {
    const letters: Letter[] = []
    const cancels: string[] = []
    for (const name of namesIn(directory)) {
      const { id = '', kind } = readMailName(name) ?? {}
      if (kind === 'cancel') cancels.push(id)
      if (kind !== 'request' || this.#seen.has(id)) continue
      if (letters.length >= MAX_LETTERS || this.#seen.size >= MAX_SEEN) continue
      this.#seen.add(id)
      letters.push({ id, ...readLetter(directory, name) })
      attempt(() => directory.clear(name))
    }
    // What comes before its request waits for the request.
    const cancelled = cancels.filter(id => this.#seen.has(id))
    for (const id of cancelled) attempt(() => directory.clear(mailName(id, 'cancel')))
    return { letters, cancelled }
  }

  #forget(): void {
    for (const file of this.#logs.values()) closeSync(file)
    this.#logs.clear()
    this.#cut.clear()
    this.#seen.clear()
    this.#unsaid = []
  }
}

function namesIn(directory: Directory): string[] {
  const names: string[] = []
  try {
    const entries = opendirSync(directory.path)
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        if (names.push(entry.name) > MAX_NAMES) return []
      }
    } finally {
      entries.closeSync()
    }
  } catch {
    // Closed to the hook.
  }
  return names
}

function createNew(directory: Directory, name: string): number {
  if (directory.look(name) !== undefined) directory.clear(name)
  return directory.create(name, READABLE)
}

function readLetter(directory: Directory, name: string): { readonly text: string } | { readonly problem: string } {
  try {
    // Whoever opens a device may set it in motion.
    if (directory.look(name)?.isFile() !== true) return { problem: 'it is no regular file' }
    const file = directory.openFor(name)
    try {
      const found = fstatSync(file)
      if (!found.isFile() || found.nlink !== 1) return { problem: 'it is no file of its own' }
      const bytes = Buffer.alloc(Math.min(found.size, MAX_REQUEST) + 1)
      let length = 0
      for (let count = 1; count > 0 && length < bytes.length; length += count) {
        count = readSync(file, bytes, length, bytes.length - length, null)
      }
      if (length > MAX_REQUEST) return { problem: `it is longer than ${MAX_REQUEST} bytes` }
      if (length > found.size) return { problem: 'it grew while it was read: rename it when it is whole' }
      return { text: bytes.toString('utf8', 0, length) }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES') return { problem: `it cannot be read (${code ?? 'for an unknown reason'})` }
    return { problem: 'the runner’s user may not read it: give it to the owner of the mailbox’s directory' }
  }
}

/** What fails harms only who made it fail. */
function attempt(action: () => void, otherwise: () => unknown = () => undefined): void {
  try {
    action()
  } catch {
    // A full disk, or a name that the step has taken.
    otherwise()
  }
}
