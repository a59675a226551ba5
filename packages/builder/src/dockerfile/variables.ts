import { expand, resolve, type Variables } from './expand.js'
import type { Instruction } from './parse.js'

/** Adds the defaults of an `ARG` before the first `FROM`; a given value wins. */
export function readArguments(instruction: Instruction, given: Variables, variables: Map<string, string>): void {
  for (const { name, value } of argumentsOf(instruction)) {
    if (value === undefined || given.has(name)) continue
    variables.set(name, expand(value, variables))
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
    for (const [key, value] of pairsOf(args)) {
      const known = resolve(value, before)
      if (known === undefined) after.delete(key)
      else after.set(key, known)
    }
  }
  return after
}

/** The names and values of ENV or LABEL, as written: `a=1 b="2"`, and the old form `a 1 2` of one. */
export function pairsOf(args: string): readonly (readonly [name: string, value: string])[] {
  const [, name, single] = /^([^\s=]+)\s+([^]*)$/.exec(args) ?? []
  if (name !== undefined) return [[name, single ?? '']]
  const pairs = args.matchAll(/([^\s=]+)=((?:"(?:[^"\\]|\\[^])*"|'[^']*'|\\[^]|[^\s"'])*)/g)
  return [...pairs].map(([, key = '', value = '']) => [key, value])
}
