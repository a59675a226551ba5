/*
 * The patterns of a shell as BuildKit has them in `${name#…}` and its kind (frontend/dockerfile/shell/lex.go,
 * convertShellPatternToRegex): `*`, `?`, and a backslash before what is meant as it is. No regular expression: one that a
 * stranger writes could take time without end.
 */

/** The parts of a pattern: a character, or one of these. */
type Part = string | typeof ANY | typeof MANY

const ANY = Symbol('?')
const MANY = Symbol('*')

/** Parts times characters; more is left to the builder. */
const MAX_WORK = 20_000

/** The parts of a pattern; undefined where BuildKit refuses it. */
export function readPattern(text: string): readonly Part[] | undefined {
  const parts: Part[] = []
  const characters = [...text]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character !== '\\') parts.push(character === '*' ? MANY : character === '?' ? ANY : character)
    else {
      const escaped = characters[++at]
      if (escaped === undefined || !'}/*?\\'.includes(escaped)) return undefined
      parts.push(escaped)
    }
  }
  return parts
}

/** A value without the beginning (`#`) or end (`%`) that fits; undefined when that is too much work. */
export function trimMatch(
  value: string,
  pattern: readonly Part[],
  side: '#' | '%',
  isLongest: boolean
): string | undefined {
  const characters = [...value]
  if (side === '%') characters.reverse()
  const ends = findEnds(characters, side === '%' ? pattern.toReversed() : pattern, isLongest)
  if (ends === undefined) return undefined
  const rest = characters.slice(ends[0] ?? 0)
  return (side === '%' ? rest.reverse() : rest).join('')
}

/** A value with the longest text that fits replaced, the first one or each; undefined when that is too much work. */
export function replaceMatches(
  value: string,
  pattern: readonly Part[],
  other: string,
  isEach: boolean
): string | undefined {
  const characters = [...value]
  const ends = findEnds(characters, pattern, true)
  if (ends === undefined) return undefined
  let result = ''
  let last = -1
  for (let at = 0; at <= characters.length;) {
    const end = last >= 0 && !isEach ? undefined : ends[at]
    // Nothing is no match where another one has just ended.
    if (end === undefined || (end === at && at === last)) {
      result += characters[at++] ?? ''
      continue
    }
    result += isEach ? expandGroups(other, characters.slice(at, end).join('')) : other
    last = end
    if (end === at) result += characters[at++] ?? ''
    else at = end
  }
  return result
}

/** For each place, where a text that fits and begins there ends. */
function findEnds(
  characters: readonly string[],
  pattern: readonly Part[],
  isLongest: boolean
): readonly (number | undefined)[] | undefined {
  if ((characters.length + 1) * pattern.length > MAX_WORK) return undefined
  const choose = (one: number | undefined, other: number | undefined): number | undefined =>
    one === undefined || other === undefined ? (one ?? other) : isLongest ? Math.max(one, other) : Math.min(one, other)
  let ends: (number | undefined)[] = [...characters.keys(), characters.length]
  for (const part of pattern.toReversed()) {
    const before: (number | undefined)[] = []
    for (let at = characters.length; at >= 0; at--) {
      const character = characters[at]
      const fits = part === character || (typeof part === 'symbol' && character !== undefined && character !== '\n')
      if (part === MANY) before[at] = choose(ends[at], fits ? before[at + 1] : undefined)
      else before[at] = fits ? ends[at + 1] : undefined
    }
    ends = before
  }
  return ends
}

/** In Go's `ReplaceAllString`, `$0` is what was found, and all other names are those of groups that a pattern does not have. */
function expandGroups(text: string, found: string): string {
  return text.replace(/\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu, (match, bare?: string, braced?: string) => {
    if (match === '$$') return '$'
    return (bare ?? braced) === '0' ? found : ''
  })
}
