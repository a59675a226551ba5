import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { execInPod } from '../harness/exec.js'
import { HookCalls, type CallResult } from '../harness/hook-calls.js'
import type { Mode, RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { variants } from '../harness/variants.js'
import { ApiProxy } from './api-proxy.js'
import { Lanes } from './lanes.js'
import { numbered, printNumbered } from './numbered-lines.js'
import { Sight } from './sight.js'

const TIMEOUT = 300_000
/** The shortest that is taken. */
const SETTINGS = { steps: { orphanTimeout: '30s' } }
/** Lines of a step that lasts longer than that. */
const COUNT = 76
/** A program that nothing else runs, and what the step would do after it. */
const MARK = 'sleep 87654'
const LONG = `echo ready; ${MARK}; touch /tmp/finished`

/** A step's watch is the same in every mode, and unit tests let it run in real shells. */
const MODES = variants<Mode>(['volume'], ['novolume'])

const suite = new Suite('orphan')
const lanes = new Lanes<readonly CallResult[]>()
const proxies: ApiProxy[] = []

interface Behind {
  readonly runner: RunnerPod
  readonly proxy: ApiProxy
  readonly calls: HookCalls
}

const TASKS: Readonly<Record<Mode, (one: Behind) => Record<string, () => Promise<readonly CallResult[]>>>> = {
  volume: one => ({
    // The outage lasts until its own step is ended too.
    'volume: the hook is killed': () => killed(one, () => during(one, LONG, 'ready', () => ended(one)))
  }),
  novolume: one => ({
    'novolume: an outage that is shorter': () => during(one, printNumbered(COUNT), 'line 7', () => sleep(10_000)),
    'novolume: the hook is killed': () => killed(one, () => ended(one))
  })
}

async function behind(mode: Mode): Promise<Behind> {
  const proxy = await ApiProxy.start(suite.cluster)
  proxies.push(proxy)
  const runner = await suite.runner({ mode, env: proxy.env, settings: SETTINGS })
  return { runner, proxy, calls: new HookCalls(runner) }
}

beforeAll(async () => {
  for (const mode of MODES) {
    const one = await behind(mode)
    lanes.start({
      [`${mode} prepare`]: async () => [await one.calls.prepare(suite.cluster.images.debian)],
      ...TASKS[mode](one),
      [`${mode} cleanup`]: async () => [await one.calls.cleanup()]
    })
  }
}, TIMEOUT)

afterAll(async () => {
  await Promise.all(proxies.map(async proxy => proxy.stop()))
})

/** A script step in whose middle the API server is away while something happens. */
async function during(
  { proxy, calls }: Behind,
  script: string,
  word: string,
  away: () => Promise<unknown>
): Promise<CallResult[]> {
  const { look, seen } = new Sight(word)
  const result = calls.script(script, { onOutput: look })
  await Promise.race([seen, result])
  await proxy.refuse(away())
  return [await result]
}

/** A script step whose hook is killed as by the kernel that is out of memory; then the calls that are made meanwhile. */
async function killed(
  { runner, calls }: Behind,
  meanwhile: () => Promise<readonly CallResult[]>
): Promise<readonly CallResult[]> {
  const { look, seen } = new Sight('ready')
  const result = calls.script(LONG, { onOutput: look })
  await Promise.race([seen, result])
  const kill = 'for p in /proc/[0-9]*; do [ "$(cat "$p/comm")" != node ] || kill -9 "${p#/proc/}"; done'
  await runner.exec(['sh', '-c', kill])
  return [await result, ...(await meanwhile())]
}

/** Waits until steps that still run in the job container are ended. Not one of them may come to its end. */
async function ended({ runner, calls }: Behind): Promise<CallResult[]> {
  // The pattern is not in the words of its own grep.
  const runs = `cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -q "[s]${MARK.slice(1)}"`
  const script = `${runs} && echo running; while ${runs}; do sleep 1; done; [ ! -e /tmp/finished ] || echo finished`
  const target = { namespace: runner.namespace, pod: calls.jobPod, container: 'job' }
  const { code, stdout } = await execInPod(suite.cluster, { ...target, command: ['sh', '-c', script] })
  expect({ code, said: stdout.toString().split('\n') }).toMatchObject({ code: 0, said: ['running', ''] })
  return []
}

describe.each(MODES)('a step whose hook is killed, %s', mode => {
  test(
    'is ended in its pod, and its last command never runs',
    async () => {
      const [call] = await lanes.result(`${mode}: the hook is killed`)
      expect(call).toMatchObject({ code: 137, text: 'ready\n' })
      const [cleaned] = await lanes.result(`${mode} cleanup`)
      expect(cleaned).toMatchObject({ code: 0, text: '' })
    },
    TIMEOUT
  )
})

for (const title of variants([], ['a step that is followed again in time goes on, though it lasts longer'])) {
  test(
    title,
    async () => {
      const [call] = await lanes.result('novolume: an outage that is shorter')
      expect(call?.lines.filter(line => line.startsWith('line '))).toEqual(numbered(COUNT))
      expect(call?.code).toBe(7)
    },
    TIMEOUT
  )
}

test(
  'whoever comes too late is told that the step was ended, and why',
  async () => {
    const [, late] = await lanes.result('volume: the hook is killed')
    expect(late?.code).toBe(130)
    expect(late?.text).toMatch(/^ready$/m)
    expect(late?.text).toMatch(/^::error::.*was ended.*30s.*steps\.orphanTimeout/m)
  },
  TIMEOUT
)

test(
  'nothing is left',
  async () => {
    for (const mode of MODES) await lanes.result(`${mode} cleanup`)
    expect(await suite.left()).toEqual([])
  },
  TIMEOUT
)
