/** What stands for one character, for many but `/`, for many, or for `(.*\/)?`. */
type Token = ((character: string) => boolean) | 'star' | 'any' | 'directories'

/** A pattern that has been read. */
export type Glob = readonly Token[]

/**
 * Reads a pattern of Go's `filepath.Match`: `*`, `?`, `[…]` and `\`.
 *
 * @param isDeep `**` goes over directories, as in `.dockerignore`
 * @returns undefined when it is malformed
 */
export function readGlob(pattern: string, isDeep = false): Glob | undefined {
  const tokens: Token[] = []
  const piece = /\\([^])|(\*\*\/?|\*)|(\?)|\[(\^?)((?:\\[^]|[^\]\\])+)\]|([^])/gu
  for (const found of pattern.matchAll(piece)) {
    const [all, escaped, stars, one, not, set, plain] = found
    if (stars !== undefined) {
      const isLast = found.index + all.length === pattern.length
      const token = !isDeep || stars === '*' ? 'star' : isLast ? 'any' : 'directories'
      // Two of them take what one takes.
      if (tokens.at(-1) !== token) tokens.push(token)
      if (!isDeep && stars.endsWith('/')) tokens.push(character => character === '/')
      continue
    }
    if (one !== undefined) tokens.push(character => character !== '/')
    else if (set !== undefined) {
      const ranges = rangesOf(set)
      if (ranges === undefined) return undefined
      tokens.push(
        character =>
          character !== '/' && ranges.some(([from, to]) => character >= from && character <= to) === (not === '')
      )
    } else {
      if (plain === '[' || plain === '\\') return undefined
      tokens.push(character => character === (escaped ?? plain))
    }
  }
  return tokens
}

function rangesOf(set: string): (readonly [from: string, to: string])[] | undefined {
  const found = [...set.matchAll(/(\\?[^])(?:-(\\?[^]))?/gu)].map(([, from = '', to = from]) => {
    return [from.replace(/^\\(?=[^])/, ''), to.replace(/^\\(?=[^])/, '')] as const
  })
  return found.some(([from, to]) => from > to) ? undefined : found
}

/** Whether a pattern matches the whole of a path. Follows all ways at once: no pattern takes time without end. */
export function matches(glob: Glob, path: string): boolean {
  let states = new Set<number>()
  const enter = (into: Set<number>, state: number): void => {
    let at = state
    into.add(at)
    while (typeof glob[at] === 'string') into.add(++at)
  }
  enter(states, 0)
  for (const character of path) {
    const next = new Set<number>()
    for (const at of states) {
      const token = glob[at]
      if (token === undefined) continue
      if (token === 'directories') {
        next.add(at)
        if (character === '/') enter(next, at + 1)
      } else if (typeof token === 'string') {
        if (token === 'any' || character !== '/') enter(next, at)
      } else if (token(character)) enter(next, at + 1)
    }
    if (next.size === 0) return false
    states = next
  }
  return states.has(glob.length)
}
