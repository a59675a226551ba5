import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { BothWays } from '../../judge/both-ways.js'
import { judge, readDifferences } from '../../judge/differences.js'
import { aTenth, readWorkflows } from '../../judge/workflows.js'

/** No verdict: on a busy machine a workflow may take minutes. */
const TIMEOUT = 600_000

const suite = new Suite('judge')
/** `WORKFLOWS=service` runs the workflows whose name has `service` in it, in every mode: for whoever writes one. */
const WORKFLOWS = process.env['WORKFLOWS']
const all = readWorkflows()
const wanted = new RegExp(WORKFLOWS ?? '')
const tenth = new Set(variants(aTenth(all), all).map(({ name }) => name))
const workflows = all.filter(({ name }) => (WORKFLOWS === undefined ? tenth.has(name) : wanted.test(name)))
/** The modes differ in the way of files, which the cases and the workspace's own tests look at in both. */
const modes: readonly Mode[] =
  WORKFLOWS === undefined ? variants<Mode>(['volume'], ['novolume']) : ['volume', 'novolume']
const accepted = readDifferences()
let both: BothWays | undefined

beforeAll(async () => {
  const runners = new Map<Mode, RunnerPod>()
  for (const mode of modes) runners.set(mode, await suite.runner({ mode, fsGroup: false }))
  both = await BothWays.start(suite.cluster, runners, workflows)
}, TIMEOUT)

afterAll(async () => {
  await both?.stop()
}, TIMEOUT)

describe.each(modes)('%s', mode => {
  test.each(workflows.map(({ name }) => name))(
    '%s does the same as on a Docker runner',
    async name => {
      expect(judge(name, mode, (await both?.differences(name, mode)) ?? [], accepted)).toEqual([])
    },
    TIMEOUT
  )
})

test('every accepted difference is of a workflow that there is', () => {
  const names = all.map(({ name }) => name)
  expect(accepted.filter(({ workflow }) => !names.includes(workflow))).toEqual([])
})
