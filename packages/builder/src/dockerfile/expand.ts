import { type Escape, fillIn } from './shell.js'

/** Names and values that are known at a place of a Dockerfile. */
export interface Variables extends Iterable<readonly [name: string, value: string]> {
  get(name: string): string | undefined
  has(name: string): boolean
}

/** A word with its variables and quotes resolved; a variable that is not known is empty, and a word that is wrong stays. */
export function expand(word: string, variables: Variables, escape: Escape = '\\'): string {
  return fillIn(word, { escape, valueOf: name => variables.get(name) })?.text ?? word
}

/** The same, or undefined when that depends on what is not known here: the base image may have more variables. */
export function resolve(word: string, variables: Variables, escape: Escape = '\\'): string | undefined {
  const filled = fillIn(word, { escape, valueOf: name => variables.get(name) })
  return filled?.isKnown === true ? filled.text : undefined
}

/** The text of a here-document of COPY or ADD with its variables filled in: quotes are no more than characters there. */
export function expandDocument(text: string, variables: Variables): string | undefined {
  const filled = fillIn(text, { escape: '\\', valueOf: name => variables.get(name), ignoresQuotes: true })
  return filled?.isKnown === true ? filled.text : undefined
}
