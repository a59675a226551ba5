/** What a line of the log tells about the build's progress. */
export type KanikoEvent =
  /** A stage begins; `base` as the Dockerfile names it. */
  | { readonly kind: 'stage'; readonly base: string }
  | { readonly kind: 'instruction'; readonly text: string }
  | { readonly kind: 'fetching'; readonly reference: string }
  | { readonly kind: 'pushing'; readonly reference: string }
  | { readonly kind: 'pushed'; readonly reference: string }
  /** The image lies where others push it. */
  | { readonly kind: 'left' }

/** Where a build stood when its log ended. */
export interface KanikoProgress {
  /** The instruction that was carried out last. */
  readonly instruction?: string
  /** The last lines that this instruction printed. */
  readonly output: readonly string[]
  /** The image that was being fetched, if no instruction has followed. */
  readonly fetching?: string
  /** What mirrors said that did not have this image. */
  readonly mirrors: readonly string[]
  /** What Kaniko said before it ended itself. */
  readonly error?: string
}

/** Lines of an instruction's output that are kept for the error message. */
const KEPT_LINES = 10

/**
 * One record of logrus' JSON formatter: these three keys, in this order, at the end of a line. What stands in its strings may
 * be a program's, and megabytes of that: it is found by its ends and read by the parser of JSON, as a pattern that goes
 * through a string keeps a state for each character.
 */
const RECORD_BEGINS = '{"level":"'
const RECORD_ENDS = '"}'
const RECORD_KEYS = 'level,msg,time'

/** The longest line in which a record is looked for: a Dockerfile has at most 1 MiB, and JSON makes six bytes of one. */
const LONGEST_RECORD = 8 * 1024 * 1024

/** What is kept of a text for an error's message, and what is looked at of a record to tell what it is. */
const LONGEST_WORDS = 4096

/** How Kaniko's last words begin; they are plain text in every log format (cmd/executor/cmd/root.go, exitWithCode). */
const LAST_WORDS = /^(?:error (?:building|pushing|checking|resolving|changing)\b|Error: )/

const INSTRUCTION =
  /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s/i

/** The command of a RUN has been started; what comes now is its output. */
const RUNNING = 'Running: ['

/** What Kaniko itself says next after the command of a RUN has ended. */
const RUN_ENDED = /^(?:Taking snapshot of |Initializing snapshotter|No files )/

/** Said also after the last one, and where the registry itself is not to be asked. */
const NEXT_REGISTRY = / Will try with the next registry, or fallback to the original registry\.$/

/** What is said of a layer on its way to the cache, while the next instructions are carried out already. */
const TO_CACHE = /^(?:Pushing layer|Pushing image to|Pushed) ([^\s@]+)/

interface LogRecord {
  readonly level: string
  readonly message: string
}

/**
 * Reads Kaniko's log, in which its own JSON records and the raw output of RUN alternate. While a RUN is under way only
 * the records count that can end it: a program may well log in the same format. Nothing that decides about success
 * depends on it; it makes the log readable and errors say where.
 */
export class KanikoLog {
  #instruction: string | undefined
  #output: string[] = []
  #fetching: string | undefined
  #mirrors: string[] = []
  #error: string | undefined
  #isRunning = false
  #steps = 0
  readonly #cache: string | undefined
  readonly #authored: ReadonlyMap<string, string>

  /**
   * @param cache the repository of the layer cache, if there is one
   * @param authored see `authoredTexts`
   */
  constructor(cache?: string, authored: ReadonlyMap<string, string> = new Map()) {
    this.#cache = cache === undefined ? undefined : hubName(cache)
    this.#authored = authored
  }

  /**
   * @param line one line of the container's log, without its end
   * @returns the lines to show in its place, and the event that it was
   */
  read(line: string): { readonly lines: readonly string[]; readonly event?: KanikoEvent } {
    const found = this.#record(line)
    if (found === undefined) {
      this.#keep(line)
      return { lines: [line] }
    }
    const { before, record } = found
    // RUN's last output may lack a line end; the record then follows on the same line.
    const lines = before === '' ? [] : [before]
    if (before !== '') this.#keep(before)
    if (this.#isOfCache(record)) return { lines }
    this.#forgetError()
    if (record.level === 'fatal') this.#error = shorten(record.message)
    const shown = this.#show(record)
    return { ...shown, lines: [...lines, ...shown.lines] }
  }

  get progress(): KanikoProgress {
    return {
      output: this.#output,
      mirrors: this.#mirrors,
      ...(this.#instruction === undefined ? {} : { instruction: this.#instruction }),
      ...(this.#fetching === undefined ? {} : { fetching: this.#fetching }),
      ...(this.#error === undefined ? {} : { error: this.#error })
    }
  }

  #record(line: string): { readonly before: string; readonly record: LogRecord } | undefined {
    const begin = line.length <= LONGEST_RECORD && line.endsWith(RECORD_ENDS) ? line.lastIndexOf(RECORD_BEGINS) : -1
    const record = begin === -1 ? undefined : parseRecord(line.slice(begin))
    if (record === undefined) return undefined
    const counts = !this.#isRunning || RUN_ENDED.test(record.message) || this.#isOfCache(record)
    return counts ? { before: line.slice(0, begin), record } : undefined
  }

  #isOfCache({ message }: LogRecord): boolean {
    const reference = hubName(TO_CACHE.exec(message.slice(0, LONGEST_WORDS))?.[1] ?? '')
    return this.#cache !== undefined && reference.replace(/:[^:/]*$/, '') === this.#cache
  }

  #show({ level, message }: LogRecord): { readonly lines: readonly string[]; readonly event?: KanikoEvent } {
    if (RUN_ENDED.test(message)) this.#isRunning = false
    if (message.startsWith(RUNNING)) {
      this.#isRunning = true
      return { lines: [] }
    }
    if (INSTRUCTION.test(message)) {
      const text = this.#authored.get(message) ?? message
      this.#begin(text)
      return { lines: [`Step ${++this.#steps}: ${text}`], event: { kind: 'instruction', text } }
    }
    const words = message.slice(0, LONGEST_WORDS)
    const [, base] = /^Building stage '(.*)' \[idx: /.exec(words) ?? []
    if (base !== undefined) {
      return { lines: [`Step ${++this.#steps}: FROM ${base}`], event: { kind: 'stage', base } }
    }
    const [, fetching] = /^Retrieving image manifest (\S+)$/.exec(words) ?? []
    if (fetching !== undefined) {
      this.#fetching = fetching
      this.#mirrors = []
      return { lines: [], event: { kind: 'fetching', reference: fetching } }
    }
    const [, pushing] = /^Pushing image to (\S+)$/.exec(words) ?? []
    if (pushing !== undefined) {
      this.#begin(undefined)
      return { lines: [`Pushing ${pushing}`], event: { kind: 'pushing', reference: pushing } }
    }
    const [, pushed] = /^Pushed (\S+)$/.exec(words) ?? []
    if (pushed !== undefined) return { lines: [`Pushed ${pushed}`], event: { kind: 'pushed', reference: pushed } }
    if (words.startsWith('Skipping push to container registry')) return { lines: [], event: { kind: 'left' } }
    const [, why] = /from remapped registry \S+: (.*)\. Will try with the next registry/.exec(words) ?? []
    if (why !== undefined) this.#mirrors.push(why)
    // What remains is how Kaniko works, and interesting only when something is wrong.
    return { lines: level === 'info' || level === 'debug' ? [] : [`${level}: ${message.replace(NEXT_REGISTRY, '')}`] }
  }

  #begin(instruction: string | undefined): void {
    this.#instruction = instruction === undefined ? undefined : shorten(instruction)
    this.#output = []
    this.#fetching = undefined
    this.#mirrors = []
  }

  /**
   * Standard output and error are two streams, and only each of them is in order: what a RUN printed last may come after
   * Kaniko's last words. It is output all the same.
   */
  #keep(line: string): void {
    if (!LAST_WORDS.test(line)) {
      this.#output = [...this.#output, shorten(line)].slice(-KEPT_LINES)
      return
    }
    this.#forgetError()
    this.#error = shorten(line)
  }

  /** It was not the end: a RUN printed what looked like Kaniko's last words. */
  #forgetError(): void {
    if (this.#error !== undefined) this.#output = [...this.#output, this.#error].slice(-KEPT_LINES)
    this.#error = undefined
  }
}

/** @returns undefined when the text is something else, or has other keys */
function parseRecord(text: string): LogRecord | undefined {
  let found: Readonly<Record<string, unknown>>
  try {
    found = Object(JSON.parse(text)) as typeof found
  } catch {
    return undefined
  }
  const { level, msg, time } = found
  if (Object.keys(found).join(',') !== RECORD_KEYS || typeof time !== 'string') return undefined
  return typeof level === 'string' && typeof msg === 'string' ? { level, message: msg } : undefined
}

function shorten(text: string): string {
  return text.length <= LONGEST_WORDS ? text : `${text.slice(0, LONGEST_WORDS)}…`
}

/** Kaniko writes Docker Hub's name in one way or the other. */
function hubName(reference: string): string {
  return reference.replace(/^index\.docker\.io\//, 'docker.io/')
}
