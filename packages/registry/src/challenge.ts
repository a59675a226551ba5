/** One way in that a server offers with a 401. */
export interface Challenge {
  /** Lower case: schemes are compared without regard to case. */
  readonly scheme: string
  /** By lower-case name; none for a scheme that came alone or with a `token68`. */
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const BLANKS = /[ \t]*/y
const COMMAS = /[ \t,]*/y
const EQUALS = /[ \t]*=[ \t]*/y
/** Only a comma or the end may follow, or it was the name of a parameter. */
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy

/**
 * Parses `WWW-Authenticate` (RFC 9110, 11.6.1): one or more challenges, in a list whose commas also separate the
 * parameters within each. Several fields of that name are to be joined by a comma first, as `node:http` does.
 *
 * @returns the challenges up to the first place that does not fit the grammar; the one where that is, is dropped
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = []
  const text = new Cursor(header)
  text.take(COMMAS)
  while (!text.ended) {
    const scheme = text.take(TOKEN)?.[0]
    if (scheme === undefined) break
    text.take(BLANKS)
    const parameters = text.take(TOKEN68) === undefined ? takeParameters(text) : new Map<string, string>()
    if (parameters === undefined) break
    challenges.push({ scheme: scheme.toLowerCase(), parameters })
    text.take(COMMAS)
  }
  return challenges
}

/** @returns undefined when they do not fit the grammar; the text is left where the next scheme begins */
function takeParameters(text: Cursor): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>()
  for (;;) {
    text.take(COMMAS)
    if (text.ended) return parameters
    const start = text.at
    const name = text.take(TOKEN)?.[0].toLowerCase()
    if (name === undefined) return undefined
    if (text.take(EQUALS) === undefined) {
      text.at = start
      return parameters
    }
    const value = text.take(QUOTED)?.[1]?.replace(/\\(.)/gs, '$1') ?? text.take(TOKEN)?.[0]
    if (value === undefined) return undefined
    const before = parameters.get(name)
    // A name may come once (RFC 9110, 11.2), but the token specification speaks of several scopes: they make one list.
    if (before === undefined) parameters.set(name, value)
    else if (name === 'scope') parameters.set(name, `${before} ${value}`)
  }
}

/** A text and how far it was read; patterns are sticky and match where the reading stands. */
class Cursor {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  get ended(): boolean {
    return this.at >= this.#text.length
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.at = pattern.lastIndex
    return match
  }
}
