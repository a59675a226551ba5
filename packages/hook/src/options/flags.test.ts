import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from '@jest/globals'

import { FLAGS } from './flags.js'

/** The flags of `docker create --help`: name, letter, type. */
function helpOf(version: string): Map<string, readonly [type: string, short: string | undefined]> {
  const help = readFileSync(join(import.meta.dirname, `docker-${version}.help.txt`), 'utf8')
  const lines = help.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)(?: ([\w-]+))? {2,}/gm)
  return new Map([...lines].map(([, short, name = '', type = 'boolean']) => [name, [type, short] as const]))
}

describe.each(['20.10', '28'])('the flags of docker %s', version => {
  const listed = helpOf(version)

  test('are many', () => expect(listed.size).toBeGreaterThan(90))

  test.each([...listed])('--%s is in the table with its type and its letter', (name, [type, short]) => {
    expect(FLAGS.get(name)).toMatchObject({ type })
    expect(FLAGS.get(name)?.short).toBe(short)
  })
})

test('the table has no flag that docker does not have', () => {
  const known = new Set([...helpOf('20.10').keys(), ...helpOf('28').keys()])
  expect([...FLAGS.keys()].filter(name => !known.has(name))).toEqual([])
})
