import { afterAll, expect } from '@jest/globals'

import { variants } from './variants.js'

/**
 * Which jobs of a file `npm test` runs; the long run runs all. One choice for the jobs that are started and for the tests that
 * look at them.
 */
export class Choice {
  readonly #always: readonly string[]
  readonly #known = new Set<string>()

  /** Fails the file when it has no job of one of these names: a misspelt job would be left out without a word. */
  constructor(always: readonly string[]) {
    this.#always = always
    afterAll(() => {
      expect(always.filter(name => !this.#known.has(name))).toEqual([])
    })
  }

  /** Whether one of these jobs is run. */
  has(...names: readonly string[]): boolean {
    return names.some(name => variants(this.#always, [name]).includes(name))
  }

  /** The jobs that are run, in their order. */
  jobs<T>(all: Readonly<Record<string, T>>): Record<string, T> {
    for (const name of Object.keys(all)) this.#known.add(name)
    return Object.fromEntries(Object.entries(all).filter(([name]) => this.has(name)))
  }

  /** The rows of a table of tests whose job is run: the job's name is the row, or its first cell. */
  rows<T extends string | readonly [string, ...unknown[]]>(all: readonly T[]): readonly T[] {
    return all.filter(row => this.has(typeof row === 'string' ? row : row[0]))
  }
}
