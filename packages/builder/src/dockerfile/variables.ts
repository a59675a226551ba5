import type { Instruction } from './parse.js'

/** Names and values that are known at a place of a Dockerfile. */
export type Variables = ReadonlyMap<string, string>

/** Adds the defaults of an `ARG` before the first `FROM`; a given value wins. */
export function readArguments(instruction: Instruction, given: Variables, variables: Map<string, string>): void {
  for (const { name, value } of argumentsOf(instruction)) {
    if (value === undefined || given.has(name)) continue
    variables.set(name, expand(value.replace(/['"]/g, ''), variables))
  }
}

/** What an `ARG` declares; several names may stand in one. */
export function argumentsOf({ args }: Instruction): { readonly name: string; readonly value: string | undefined }[] {
  return (args.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? []).map(word => {
    const [, name = '', value] = /^([^=]+)(?:=([^]*))?$/.exec(word) ?? []
    return { name, value }
  })
}

/**
 * The variables behind an instruction of a stage. What the base image brings along is not known.
 *
 * @param before those before it
 * @param globals given arguments, and defaults before the first `FROM`
 */
export function variablesAfter(
  instruction: Instruction,
  before: Variables,
  given: Variables,
  globals: Variables
): Variables {
  const { keyword, args } = instruction
  const after = new Map(before)
  if (keyword === 'ARG') {
    for (const { name, value } of argumentsOf(instruction)) {
      const known = given.get(name) ?? (value === undefined ? globals.get(name) : resolve(value, before))
      if (known === undefined) after.delete(name)
      else after.set(name, known)
    }
  }
  if (keyword === 'ENV') {
    const [, name, single] = /^([^\s=]+)\s+([^]*)$/.exec(args) ?? []
    const pairs = [...args.matchAll(/([^\s=]+)=((?:"(?:[^"\\]|\\[^])*"|'[^']*'|\\[^]|[^\s"'])*)/g)]
    const found =
      name === undefined
        ? pairs.map(([, key = '', value = '']) => [key, value] as const)
        : [[name, single ?? ''] as const]
    for (const [key, value] of found) {
      const known = resolve(value, before)
      if (known === undefined) after.delete(key)
      else after.set(key, known)
    }
  }
  return after
}

/** A word with its variables and quotes resolved; undefined when that depends on what is not known here. */
export function resolve(word: string, variables: Variables): string | undefined {
  const plain = word.replace(/'[^']*'|\\[^]/g, '')
  for (const [, bare, braced] of plain.matchAll(/\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:\}|:?[-+][^}]*\}))/g)) {
    if (!variables.has(bare ?? braced ?? '')) return undefined
  }
  const resolved = expand(word, variables)
  return resolved.includes('$') ? undefined : resolved
}

/** `$name`, `${name}`, `${name:-default}` and `${name:+other}`, with and without the colon; not in single quotes. */
export function expand(text: string, variables: Variables): string {
  const piece = /'[^']*'|"|\\[^]|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^}]*))?\})/g
  return text.replace(piece, (match: string, bare?: string, braced?: string, operator?: string, word?: string) => {
    if (match === '"') return ''
    if (match.startsWith("'")) return match.slice(1, -1)
    if (match.startsWith('\\')) return match.slice(1)
    const value = variables.get(bare ?? braced ?? '')
    const isSet = operator?.startsWith(':') === true ? value !== undefined && value !== '' : value !== undefined
    if (operator?.endsWith('-') === true) return isSet ? (value ?? '') : expand(word ?? '', variables)
    if (operator?.endsWith('+') === true) return isSet ? expand(word ?? '', variables) : ''
    return value ?? ''
  })
}
