/*
 * BuildKit's rules for words (frontend/dockerfile/shell/lex.go): quotes go, what a backslash stands before is meant as it is,
 * and `$name` and `${name…}` are filled in, with the operators of a shell.
 */

/** Names and values that are known at a place of a Dockerfile. */
export type Variables = ReadonlyMap<string, string>

/** A longer value is not looked through for patterns: each of its lengths would be tried. */
const LONGEST_VALUE = 4096

/** A word with its variables and quotes resolved; a variable that is not known is empty. */
export function expand(word: string, variables: Variables): string {
  return new Word(word, variables, true).expanded()
}

/** The same, or undefined when that depends on what is not known here: the base image may have more variables. */
export function resolve(word: string, variables: Variables): string | undefined {
  return known(new Word(word, variables, true))
}

/** The text of a here-document of COPY or ADD with its variables filled in: quotes are no more than characters there. */
export function expandDocument(text: string, variables: Variables): string | undefined {
  return known(new Word(text, variables, false))
}

function known(word: Word): string | undefined {
  const expanded = word.expanded()
  return word.isKnown ? expanded : undefined
}

/** Reads a word from its beginning to its end. */
class Word {
  /** Whether nothing depends on variables without a value here, and nothing was wrong. */
  isKnown = true
  readonly #text: string
  readonly #variables: Variables
  readonly #hasQuotes: boolean
  #at = 0

  constructor(text: string, variables: Variables, hasQuotes: boolean) {
    this.#text = text
    this.#variables = variables
    this.#hasQuotes = hasQuotes
  }

  expanded(): string {
    return this.#upTo(undefined, false)
  }

  /** @param keepsEscapes whether a backslash stays, before what is meant as it is */
  #upTo(stop: string | undefined, keepsEscapes: boolean): string {
    let result = ''
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at++] ?? ''
      if (char === stop) return result
      if (char === '\\') result += (keepsEscapes ? char : '') + (this.#text[this.#at++] ?? '')
      else if (char === '$') result += this.#dollar()
      else if (char === "'" && this.#hasQuotes) result += this.#single()
      else if (char === '"' && this.#hasQuotes) result += this.#double()
      else result += char
    }
    if (stop !== undefined) this.isKnown = false
    return result
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at)
    if (end === -1) this.isKnown = false
    const text = this.#text.slice(this.#at, end === -1 ? undefined : end)
    this.#at += text.length + 1
    return text
  }

  #double(): string {
    let result = ''
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at++] ?? ''
      if (char === '"') return result
      if (char === '$') result += this.#dollar()
      else if (char === '\\' && /["$\\]/.test(this.#text[this.#at] ?? '')) result += this.#text[this.#at++] ?? ''
      else result += char
    }
    this.isKnown = false
    return result
  }

  #dollar(): string {
    if (this.#text[this.#at] !== '{') {
      const name = this.#name()
      return name === '' ? '$' : this.#value(name)
    }
    this.#at++
    const name = this.#name()
    const operator = this.#take(/[:]?[^]/y)
    if (name === '' || operator === '') return this.#wrong()
    if (operator === '}') return this.#value(name)
    if (/^:?[-+?]$/.test(operator)) return this.#chosen(name, operator)
    if (operator === '#' || operator === '%') return this.#trimmed(name, operator)
    return operator === '/' ? this.#replaced(name) : this.#wrong()
  }

  /** `-` a default, `+` a text in place of the value, `?` an error without one; with `:` an empty value is none. */
  #chosen(name: string, operator: string): string {
    const value = this.#variables.get(name)
    const wasKnown = this.isKnown
    const word = this.#upTo('}', false)
    const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'))
    const usesWord = operator.endsWith('-') ? !isSet : operator.endsWith('+') && isSet
    // What is not used may depend on anything.
    if (!usesWord) this.isKnown = wasKnown && this.#at <= this.#text.length && this.#text[this.#at - 1] === '}'
    if (value === undefined) this.isKnown = false
    if (operator.endsWith('+')) return isSet ? word : ''
    return isSet ? value : operator.endsWith('-') ? word : ''
  }

  /** `#` and `##` cut off a beginning, `%` and `%%` an end; doubled, the longest that fits. */
  #trimmed(name: string, operator: '#' | '%'): string {
    const value = this.#value(name)
    let pattern = this.#upTo('}', true)
    const isLongest = pattern.startsWith(operator)
    if (isLongest) pattern = pattern.slice(1)
    if (value.length > LONGEST_VALUE) return this.#wrong()
    const whole = new RegExp(`^(?:${patternOf(pattern)})$`, 's')
    const lengths = Array.from({ length: value.length + 1 }, (_, length) => length)
    if (isLongest) lengths.reverse()
    const cut = (length: number): string =>
      operator === '#' ? value.slice(0, length) : value.slice(value.length - length)
    const found = lengths.find(length => whole.test(cut(length))) ?? 0
    return operator === '#' ? value.slice(found) : value.slice(0, value.length - found)
  }

  /** `/` the first that fits, `//` each. */
  #replaced(name: string): string {
    const value = this.#value(name)
    const flags = this.#take(/\//y) === '' ? 's' : 'gs'
    const pattern = this.#upTo('/', true)
    const replacement = this.#upTo('}', true)
    if (value.length > LONGEST_VALUE) return this.#wrong()
    return value.replace(new RegExp(patternOf(pattern), flags), () => replacement)
  }

  #value(name: string): string {
    const value = this.#variables.get(name)
    if (value === undefined) this.isKnown = false
    return value ?? ''
  }

  #name(): string {
    return this.#take(/\d+|[@*#?\-!$]|[\p{L}_][\p{L}\p{Nd}_]*/uy)
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  /** The builder says what is wrong. */
  #wrong(): string {
    this.isKnown = false
    return ''
  }
}

/** The pattern of a shell as a regular expression: `*`, `?`, and a backslash before what is meant as it is. */
function patternOf(pattern: string): string {
  return pattern.replace(/\\([^])|([^])/g, (_, escaped?: string, char = '') => {
    if (escaped === undefined && char === '*') return '.*'
    if (escaped === undefined && char === '?') return '.'
    return (escaped ?? char).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  })
}
