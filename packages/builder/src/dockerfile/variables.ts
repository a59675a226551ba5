import { ChangedVariables } from './changed-variables.js'
import { expand, resolve, type Variables } from './expand.js'
import type { Instruction } from './parse.js'
import { splitQuoted } from './shell.js'

/** Adds the defaults of an `ARG` before the first `FROM`; a given value wins. */
export function readArguments(instruction: Instruction, given: Variables, variables: Map<string, string>): void {
  for (const { name, value } of argumentsOf(instruction)) {
    if (value === undefined || given.has(name)) continue
    variables.set(name, expand(value, variables, instruction.escape))
  }
}

/** What an `ARG` declares; several names may stand in one. */
export function argumentsOf({
  args,
  escape
}: Instruction): { readonly name: string; readonly value: string | undefined }[] {
  return splitQuoted(args, escape).map(word => {
    const [name, value] = splitPair(word)
    return { name, value }
  })
}

function splitPair(word: string): readonly [name: string, value?: string] {
  const at = word.indexOf('=')
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)]
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
  const { keyword, escape } = instruction
  if (keyword !== 'ARG' && keyword !== 'ENV') return before
  const after = new ChangedVariables(before)
  if (keyword === 'ARG') {
    for (const { name, value } of argumentsOf(instruction)) {
      const known =
        given.get(name) ?? (value === undefined ? filledIn(globals.get(name)) : resolve(value, after, escape))
      after.set(name, known)
    }
  }
  if (keyword === 'ENV') {
    for (const [name, value] of pairsOf(instruction)) {
      const key = resolve(name, before, escape)
      // It may be any of them.
      if (key === undefined) return new Map()
      const known = resolve(value, before, escape)
      after.set(key, known)
    }
  }
  return after
}

/** What could not be filled in before the first stage still has its `$`. */
function filledIn(value: string | undefined): string | undefined {
  return value?.includes('$') === true ? undefined : value
}

/** The names and values of ENV or LABEL, as written: `a=1 b="2"`, and the old form `a 1 2` of one. */
export function pairsOf({ args, escape }: Instruction): readonly (readonly [name: string, value: string])[] {
  const words = splitQuoted(args, escape)
  if (words[0]?.includes('=') === false) {
    const [, name = '', value = ''] = /^([^\t\v\f\r ]*)[\t\v\f\r ]*([^]*)$/.exec(args) ?? []
    return [[name, value]]
  }
  return words.map(word => {
    const [name, value = ''] = splitPair(word)
    return [name, value]
  })
}
