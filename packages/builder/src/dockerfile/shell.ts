import { readPattern, replaceMatches, trimMatch } from './pattern.js'

/*
 * BuildKit's words (frontend/dockerfile/shell/lex.go and parser/line_parsers.go), character by character: variables,
 * quotes and escapes mean here what they mean there, also where nobody would write them so.
 */

export type Escape = '\\' | '`'

const BLANKS = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

/** What Go calls white space; JavaScript counts U+FEFF and not U+0085. */
const BLANK = new RegExp(`^[${BLANKS}]$`)

const LEADING_BLANKS = new RegExp(`^[${BLANKS}]+`)

export function isBlank(character: string): boolean {
  return BLANK.test(character)
}

export function trimStart(text: string): string {
  return text.replace(LEADING_BLANKS, '')
}

/** Without white space at both ends. */
export function trim(text: string): string {
  // A pattern that has to end at the end of the text would begin at each blank of a long row anew.
  let end = text.length
  while (end > 0 && isBlank(text.charAt(end - 1))) end--
  return trimStart(text.slice(0, end))
}

/** The words of a list, as EXPOSE, FROM and COPY have them. */
export function splitList(text: string): readonly string[] {
  return text === '' ? [] : text.split(/[\t\v\f\r ]+/)
}

/** The words of ARG, ENV and LABEL, with their quotes and escapes. */
export function splitQuoted(text: string, escape: Escape): readonly string[] {
  const words: string[] = []
  let word = ''
  let isBegun = false
  let quote = ''
  const characters = [...text]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (quote === '' && isBlank(character)) {
      if (isBegun) words.push(word)
      word = ''
      isBegun = false
      continue
    }
    if (character === escape && quote !== "'") {
      // The last one of the text is dropped.
      if (at + 1 === characters.length) break
      word += character + (characters[++at] ?? '')
      isBegun = true
      continue
    }
    if (quote === character) quote = ''
    else if (quote === '' && (character === "'" || character === '"')) quote = character
    word += character
    isBegun = true
  }
  return isBegun ? [...words, word] : words
}

export interface Filling {
  readonly escape: Escape
  /** The value of a variable. */
  readonly valueOf: (name: string) => string | undefined
  /** Variables without a value stay as they are written; else they become nothing. */
  readonly keepsUnset?: boolean
  /** Quotes are no more than characters. */
  readonly ignoresQuotes?: boolean
  readonly keepsQuotes?: boolean
  readonly keepsEscapes?: boolean
}

export interface Filled {
  readonly text: string
  readonly words: readonly string[]
  /** Whether nothing of it depends on variables without a value. */
  readonly isKnown: boolean
}

/**
 * A text with its variables filled in; undefined where BuildKit refuses it, or when it becomes too long.
 *
 * @param cuts whether it is also cut into words
 */
export function fillIn(text: string, filling: Filling, cuts = false): Filled | undefined {
  try {
    return new Lexer(text, filling, cuts).all()
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

class Refusal extends Error {}

/** Nobody nests as deep, and the stack would not bear what a stranger can write into one line. */
const MAX_DEPTH = 500

/** A few lines like `ENV A=$A$A` would fill the memory. */
const MAX_LENGTH = 1 << 13

class Lexer {
  readonly #characters: readonly string[]
  readonly #filling: Filling
  readonly #cuts: boolean
  #at = 0
  #keepsEscapes: boolean
  #depth = 0
  #isKnown = true
  /** One for all depths: BuildKit loses what stands before a nested word. */
  #word = ''

  constructor(text: string, filling: Filling, cuts: boolean) {
    this.#cuts = cuts
    this.#characters = [...text.replace(/^\uFEFF/, '')]
    this.#filling = filling
    this.#keepsEscapes = filling.keepsEscapes ?? false
  }

  all(): Filled {
    return { ...this.#until(undefined), isKnown: this.#isKnown }
  }

  /** Up to a character, which is read too; `undefined` is the end. */
  #until(stop: string | undefined): Omit<Filled, 'isKnown'> {
    if (++this.#depth > MAX_DEPTH) throw new Refusal()
    let text = ''
    const words: string[] = []
    let isInWord = false
    this.#word = ''
    const add = (piece: string): void => {
      if (!this.#cuts) return
      this.#word += piece
      isInWord = true
    }
    const addCutting = (piece: string): void => {
      if (!this.#cuts) return
      for (const character of piece) {
        if (!isBlank(character)) add(character)
        else if (isInWord && this.#word !== '') {
          words.push(this.#word)
          this.#word = ''
          isInWord = false
        }
      }
    }
    const end = (): Omit<Filled, 'isKnown'> => {
      this.#limit(text)
      if (this.#word !== '') words.push(this.#word)
      this.#word = ''
      this.#depth--
      return { text, words }
    }
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      this.#limit(text)
      if (next === stop) {
        this.#at++
        return end()
      }
      const piece = this.#special(next)
      if (piece !== undefined) {
        text += piece
        if (next === '$') addCutting(piece)
        else add(piece)
        continue
      }
      this.#at++
      if (next !== this.#filling.escape) {
        addCutting(next)
        text += next
        continue
      }
      if (this.#keepsEscapes) {
        add(next)
        text += next
      }
      const escaped = this.#next()
      if (escaped === undefined) break
      add(escaped)
      text += escaped
    }
    if (stop !== undefined) throw new Refusal()
    return end()
  }

  #limit(text: string): void {
    if (!this.#cuts && text.length > MAX_LENGTH) throw new Refusal()
  }

  /** What begins with a character of its own meaning. */
  #special(character: string): string | undefined {
    if (character === '$') return this.#dollar()
    if (character === '<') return this.#angle()
    if (this.#filling.ignoresQuotes === true) return undefined
    if (character === "'") return this.#single()
    return character === '"' ? this.#double() : undefined
  }

  #single(): string {
    const quote = this.#quote()
    let text = quote
    for (;;) {
      const character = this.#next()
      if (character === undefined) throw new Refusal()
      if (character === "'") return text + quote
      text += character
    }
  }

  #double(): string {
    const quote = this.#quote()
    let text = quote
    for (;;) {
      this.#limit(text)
      const character = this.#peek()
      if (character === undefined) throw new Refusal()
      if (character === '$') {
        text += this.#dollar()
        continue
      }
      this.#at++
      if (character === '"') return text + quote
      if (character !== this.#filling.escape) {
        text += character
        continue
      }
      if (this.#keepsEscapes) text += character
      const escaped = this.#peek()
      if (escaped === undefined) continue
      if (escaped === '"' || escaped === '$' || escaped === this.#filling.escape) {
        text += escaped
        this.#at++
      } else text += character
    }
  }

  #quote(): string {
    const quote = this.#next() ?? ''
    return this.#filling.keepsQuotes === true ? quote : ''
  }

  #dollar(): string {
    this.#at++
    const { keepsUnset = false } = this.#filling
    if (this.#peek() !== '{') {
      const name = this.#name()
      return name === '' ? '$' : (this.#valueOf(name) ?? (keepsUnset ? `$${name}` : ''))
    }
    this.#at++
    const first = this.#peek()
    if (first === undefined || '{}:'.includes(first)) throw new Refusal()
    const name = this.#name()
    let operator = this.#next()
    if (operator === '}') return this.#valueOf(name) ?? (keepsUnset ? `\${${name}}` : '')
    if (operator === '/') return this.#replaced(name)
    const colon = operator === ':' ? ':' : ''
    if (colon !== '') operator = this.#next()
    if (operator === '#' || operator === '%') {
      if (colon !== '') throw new Refusal()
      return this.#trimmed(name, operator)
    }
    if (operator === undefined || (colon === '' && !'+-?'.includes(operator))) throw new Refusal()
    return this.#chosen(name, colon + operator)
  }

  /** `-` a default, `+` a text in place of the value, `?` an error without one; with `:` an empty value is none. */
  #chosen(name: string, operator: string): string {
    const wasKnown = this.#isKnown
    const word = this.#nested('}', false)
    const isWordKnown = this.#isKnown
    this.#isKnown = wasKnown
    const value = this.#valueOf(name)
    if (value === undefined && this.#filling.keepsUnset === true) return `\${${name}${operator}${word}}`
    const isSet = value !== undefined && (operator.length === 1 || value !== '')
    const usesWord = operator.endsWith('-') ? !isSet : operator.endsWith('+') && isSet
    // What is not used may depend on anything.
    if (usesWord) this.#isKnown &&= isWordKnown
    if (operator.endsWith('-')) return isSet ? value : word
    if (operator.endsWith('+')) return isSet ? word : ''
    if (operator.endsWith('?') && isSet) return value
    throw new Refusal()
  }

  /** `#` and `##` cut off a beginning, `%` and `%%` an end; doubled, the longest that fits. */
  #trimmed(name: string, operator: '#' | '%'): string {
    const word = this.#nested('}', true)
    const value = this.#valueOf(name)
    if (value === undefined && this.#filling.keepsUnset === true) return `\${${name}${operator}${word}}`
    const isLongest = word.startsWith(operator)
    const pattern = readPattern(isLongest ? word.slice(1) : word)
    const trimmed = pattern === undefined ? undefined : trimMatch(value ?? '', pattern, operator, isLongest)
    if (trimmed === undefined) throw new Refusal()
    return trimmed
  }

  /** `/` the first that fits, `//` each. */
  #replaced(name: string): string {
    const isEach = this.#peek() === '/'
    if (isEach) this.#at++
    const word = this.#nested('/', true)
    const other = this.#nested('}', true)
    const value = this.#valueOf(name)
    if (value === undefined && this.#filling.keepsUnset === true) return `\${${name}/${word}/${other}}`
    const pattern = readPattern(word)
    const replaced = pattern === undefined ? undefined : replaceMatches(value ?? '', pattern, other, isEach)
    if (replaced === undefined) throw new Refusal()
    return replaced
  }

  #nested(stop: string, keepsEscapes: boolean): string {
    const before = this.#keepsEscapes
    this.#keepsEscapes = keepsEscapes
    const { text } = this.#until(stop)
    this.#keepsEscapes = before
    return text
  }

  #valueOf(name: string): string | undefined {
    const value = this.#filling.valueOf(name)
    if (value === undefined) this.#isKnown = false
    return value
  }

  #name(): string {
    const first = this.#peek()
    if (first !== undefined && /^[@*#?\-$!]$/.test(first)) {
      this.#at++
      return first
    }
    const allowed = first !== undefined && /^\p{Nd}$/u.test(first) ? /^\p{Nd}$/u : /^[\p{L}\p{Nd}_]$/u
    let name = ''
    for (let next = this.#peek(); next !== undefined && allowed.test(next); next = this.#peek()) {
      name += next
      this.#at++
    }
    return name
  }

  /** A here-document may have white space between `<<` and its name. */
  #angle(): string {
    this.#at++
    if (this.#peek() !== '<') return '<'
    this.#at++
    let text = '<<'
    for (let next = this.#peek(); next !== undefined && /^[\t\r ]$/.test(next); next = this.#peek()) {
      text += next
      this.#at++
    }
    return text
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #next(): string | undefined {
    const character = this.#characters[this.#at]
    if (character !== undefined) this.#at++
    return character
  }
}
