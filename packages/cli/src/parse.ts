import type { Flag, ForeignFlag } from './flags.js'

/** What the words of a command line say. */
export interface Parsed {
  /** What was written for each flag, in order; a switch has `true` or `false`. */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly positionals: readonly string[]
  /** Sentences; a command with one of them does nothing. */
  readonly problems: readonly string[]
  /** Sentences that a person should read. */
  readonly notices: readonly string[]
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/**
 * Reads words as docker's own flags are read (github.com/spf13/pflag): `--flag value`, `--flag=value`, `-f value`, `-fvalue`,
 * `-f=value`, switches together (`-qt name`) and with a value (`--push=false`), flags after other words, `--` as their end.
 * Everything that is wrong is found at once.
 */
export function parseWords(
  words: readonly string[],
  flags: readonly Flag[],
  foreign: readonly ForeignFlag[] = []
): Parsed {
  const reader = new Reader(flags, foreign)
  const rest = [...words]
  const positionals: string[] = []
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      positionals.push(...rest)
      break
    }
    if (word.startsWith('--')) reader.long(word.slice(2), rest)
    else if (word.startsWith('-') && word !== '-') reader.short(word.slice(1), rest)
    else positionals.push(word)
  }
  return { values: reader.values, positionals, problems: reader.problems, notices: reader.notices }
}

type Known = Flag | ForeignFlag

class Reader {
  readonly values = new Map<string, string[]>()
  readonly problems: string[] = []
  readonly notices: string[] = []
  readonly #known: readonly Known[]

  constructor(flags: readonly Flag[], foreign: readonly ForeignFlag[]) {
    this.#known = [...flags, ...foreign]
  }

  long(text: string, rest: string[]): void {
    const at = text.indexOf('=')
    const name = at === -1 ? text : text.slice(0, at)
    const flag = this.#known.find(known => known.name === name)
    if (flag === undefined) {
      this.problems.push(`--${name} is no flag of kbuild; --help lists them.`)
      return
    }
    if (at !== -1) this.#take(flag, text.slice(at + 1))
    else if (flag.value === undefined) this.#take(flag, 'true')
    else this.#take(flag, rest.shift())
  }

  /** The letters after one dash. */
  short(text: string, rest: string[]): void {
    for (let at = 0; at < text.length; at += 1) {
      const letter = text.charAt(at)
      const flag = this.#known.find(known => known.short === letter)
      if (flag === undefined) {
        this.problems.push(`-${letter} is no flag of kbuild; --help lists them.`)
        return
      }
      const after = text.slice(at + 1)
      if (after.startsWith('=')) {
        this.#take(flag, after.slice(1))
        return
      }
      if (flag.value !== undefined) {
        this.#take(flag, after === '' ? rest.shift() : after)
        return
      }
      this.#take(flag, 'true')
    }
  }

  #take(flag: Known, written: string | undefined): void {
    if (written === undefined) {
      this.problems.push(`--${flag.name} needs a value: ${flag.value ?? ''}.`)
      return
    }
    const value = flag.value === undefined ? asSwitch(written) : written
    if (value === undefined) {
      this.problems.push(`--${flag.name} is a switch and takes true or false, not ${JSON.stringify(written)}.`)
      return
    }
    if ('answer' in flag) {
      this.#answer(flag, value)
      return
    }
    const before = this.values.get(flag.name) ?? []
    // The last one counts, as with docker.
    this.values.set(flag.name, flag.many === true ? [...before, value] : [value])
  }

  #answer(flag: ForeignFlag, value: string): void {
    const isIdle = flag.idle?.includes(value) === true || (flag.value === undefined && value === 'false')
    if (isIdle) return
    if (flag.harmless === true) this.notices.push(flag.answer)
    else this.problems.push(`--${flag.name} cannot be honoured. ${flag.answer}`)
  }
}

/** Go's words for true and false (strconv.ParseBool); undefined for others. */
export function asSwitch(written: string): string | undefined {
  if (TRUE.has(written)) return 'true'
  return FALSE.has(written) ? 'false' : undefined
}
