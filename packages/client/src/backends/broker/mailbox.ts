import { chmod, chown, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BuildError } from '@kaniko-hooks/builder'
import {
  ANNOUNCEMENT_FILE,
  draftName,
  mailName,
  readAnnouncement,
  readAnswer,
  readLogEntry,
  type Announcement,
  type BrokerAnswer,
  type LogEntry
} from '@kaniko-hooks/broker'

/** What came since the last look. */
export interface News {
  readonly entries: readonly LogEntry[]
  readonly answer: BrokerAnswer | undefined
}

/** The end of a log that has no line end yet; more than this is no log of ours. */
const MAX_REST = 1024 * 1024

/** The asking side of a mailbox: see packages/broker. One of them is for one request. */
export class Mailbox {
  readonly #directory: string
  readonly #id: string
  #read = 0
  #rest = ''

  constructor(directory: string, id: string) {
    this.#directory = directory
    this.#id = id
  }

  /** What the hook speaks; undefined when it says nothing that can be read. */
  static async announcement(directory: string): Promise<Announcement | undefined> {
    const text = await readFile(join(directory, ANNOUNCEMENT_FILE), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : readAnnouncement(text)
  }

  /**
   * Puts a request there, as narrow as the hook can still read it: it may hold a password.
   *
   * @throws BuildError `POD_FAILED` when it cannot be put there
   */
  async send(request: string): Promise<void> {
    try {
      await this.#put(request)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new BuildError('POD_FAILED', `the request cannot be put into the mailbox ${this.#directory}: ${why}`, {
        cause
      })
    }
  }

  async #put(request: string): Promise<void> {
    const draft = join(this.#directory, draftName(this.#id, 'request'))
    await writeFile(draft, request, { mode: 0o600, flag: 'wx' })
    const { uid: owner } = await stat(this.#directory)
    const own = process.getuid?.() ?? 0
    // Root's hook reads everything, and so does that of the same user.
    if (owner !== 0 && owner !== own) await (own === 0 ? chown(draft, owner, -1) : chmod(draft, 0o604))
    await rename(draft, join(this.#directory, mailName(this.#id, 'request')))
  }

  /** Whether the hook has taken the request. */
  async isTaken(): Promise<boolean> {
    return stat(join(this.#directory, mailName(this.#id, 'request'))).then(
      () => false,
      () => true
    )
  }

  async cancel(): Promise<void> {
    await writeFile(join(this.#directory, mailName(this.#id, 'cancel')), '').catch(() => undefined)
  }

  /**
   * The answer comes last: whoever has it has the whole log.
   *
   * @throws BuildError `POD_FAILED` for an answer that is none of this version; no other one will come
   */
  async look(): Promise<News> {
    const path = join(this.#directory, mailName(this.#id, 'answer'))
    const text = await readFile(path, 'utf8').catch(() => undefined)
    const entries = await this.#lines()
    if (text === undefined) return { entries, answer: undefined }
    const answer = readAnswer(text)
    if (answer !== undefined) return { entries, answer }
    throw new BuildError('POD_FAILED', 'the hook of the runner gave an answer that this program does not understand')
  }

  /** Takes away what belongs to the request. */
  async close(): Promise<void> {
    const names = [
      draftName(this.#id, 'request'),
      ...(['request', 'log', 'answer'] as const).map(kind => mailName(this.#id, kind))
    ]
    await Promise.all(names.map(async name => rm(join(this.#directory, name), { force: true }).catch(() => undefined)))
  }

  async #lines(): Promise<LogEntry[]> {
    const file = await open(join(this.#directory, mailName(this.#id, 'log'))).catch(() => undefined)
    if (file === undefined) return []
    try {
      const { size } = await file.stat()
      const bytes = Buffer.alloc(Math.max(0, size - this.#read))
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#read)
      this.#read += bytesRead
      // Lines are ASCII but for their values, and end where a line ends: a character that is cut is at no line's end.
      const lines = (this.#rest + bytes.toString('latin1', 0, bytesRead)).split('\n')
      this.#rest = (lines.pop() ?? '').slice(0, MAX_REST)
      return lines.flatMap(line => readLogEntry(Buffer.from(line, 'latin1').toString('utf8')) ?? [])
    } finally {
      await file.close()
    }
  }
}
