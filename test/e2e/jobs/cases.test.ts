import { join } from 'node:path'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { Lanes } from '../../faults/lanes.js'
import { readCases, runCase, type Case } from '../../harness/case.js'
import { pushedBy } from '../../harness/dockerfile-action.js'
import { complaints } from '../../harness/expectation.js'
import type { JobResult } from '../../harness/job.js'
import { imagesIn } from '../../harness/registry.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'

const suite = new Suite('cases')
const lanes = new Lanes<Done>()

const cases = readCases(join(import.meta.dirname, '..', '..', 'cases'))
/** `CASES=stages` or `CASES='odd-files, novolume'` runs what this pattern finds, in every mode: for whoever writes a case. */
const CASES = process.env['CASES']
const wanted = new RegExp(CASES ?? '')
const modesOf = ({ expectation: { modes, inLongRun } }: Case): readonly Mode[] =>
  CASES === undefined ? variants(modes, inLongRun) : [...modes, ...inLongRun]
const casesIn = (mode: Mode): readonly Case[] =>
  cases.filter(each => modesOf(each).includes(mode) && wanted.test(`${each.name}, ${mode}`))
const MODES = (['volume', 'novolume'] as const).filter(mode => casesIn(mode).length > 0)
/** No verdict: on a busy machine a case may take minutes. */
const TIMEOUT = 600_000

interface Done {
  readonly result: JobResult
  /** What the registry and the namespace have of it afterwards. */
  readonly left: readonly string[]
}

beforeAll(async () => {
  await Promise.all(
    MODES.map(async mode => {
      const runner = await suite.runner({ mode })
      lanes.start(
        Object.fromEntries(
          casesIn(mode).map(each => [
            `${each.name}, ${mode}`,
            async () => {
              const result = await runCase(runner, each)
              const pushed = pushedBy(result)
              const images = (await imagesIn(suite.cluster)).filter(image => pushed.includes(image))
              return { result, left: [...(await suite.left(runner)), ...images] }
            }
          ])
        )
      )
    })
  )
}, TIMEOUT)

for (const mode of MODES) {
  for (const { name, expectation } of casesIn(mode)) {
    describe(`${name}, ${mode}`, () => {
      const done = async (): Promise<Done> => lanes.result(`${name}, ${mode}`)

      test(
        'the job ends as it should and leaves nothing behind',
        async () => {
          const { result, left } = await done()
          expect(result).toHaveProperty('conclusion', expectation.conclusion)
          expect(left).toEqual([])
        },
        TIMEOUT
      )

      test.each(
        expectation.right.map(
          right => [right.known?.modes.includes(mode) ? `known: ${right.name}` : right.name, right] as const
        )
      )(
        '%s',
        async (_, right) => {
          expect(complaints((await done()).result, right, mode)).toEqual([])
        },
        TIMEOUT
      )
    })
  }
}
