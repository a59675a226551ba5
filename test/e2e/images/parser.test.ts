import { expect, test } from '@jest/globals'

import { findDifferences } from '../../corpus/parser/compare.js'
import { CONSTRUCTS } from '../../corpus/parser/constructs.js'
import { makeDockerfiles } from '../../corpus/parser/mutate.js'
import { findSeeds } from '../../corpus/parser/seeds.js'

const COUNT = 50_000

/** The program may have to be compiled first. */
const PARSER_MS = 900_000

// No cluster takes part: BuildKit's parser alone is a program of a second.
test(
  'Dockerfiles that BuildKit accepts, of the tests and made ones, are read here as BuildKit reads them',
  async () => {
    const seeds = findSeeds()
    // Another run tries others, and the message says which.
    const seed = Math.floor(Date.now() / 1000)
    const made = [...makeDockerfiles(seed, COUNT, [...seeds, ...CONSTRUCTS])]
    const { accepted, differences } = await findDifferences([...seeds, ...CONSTRUCTS, ...made], () => undefined)
    expect({ seed, differences: differences.slice(0, 3) }).toEqual({ seed, differences: [] })
    expect(accepted).toBeGreaterThan(COUNT / 2)
  },
  PARSER_MS
)
