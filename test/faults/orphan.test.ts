import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { HookCalls, type CallResult } from '../harness/hook-calls.js'
import { tryKubectl } from '../harness/kubectl.js'
import type { Mode, RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
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

const suite = new Suite('orphan')
const lanes = new Lanes<CallResult>()
const proxies: ApiProxy[] = []

interface Behind {
  readonly runner: RunnerPod
  readonly proxy: ApiProxy
  readonly calls: HookCalls
}

async function behind(mode: Mode): Promise<Behind> {
  const proxy = await ApiProxy.start(suite.cluster)
  proxies.push(proxy)
  const runner = await suite.runner({ mode, env: proxy.env, settings: SETTINGS })
  return { runner, proxy, calls: new HookCalls(runner) }
}

beforeAll(async () => {
  const [volume, novolume] = await Promise.all([behind('volume'), behind('novolume')])
  const { debian } = suite.cluster.images
  lanes.start({
    'volume prepare': () => volume.calls.prepare(debian),
    'volume: an outage that is longer': () => during(volume, LONG, 'ready', 50_000),
    'volume: the hook is killed': () => killed(volume),
    'volume cleanup': () => volume.calls.cleanup()
  })
  lanes.start({
    'novolume prepare': () => novolume.calls.prepare(debian),
    'novolume: an outage that is shorter': () => during(novolume, printNumbered(COUNT), 'line 7', 10_000),
    'novolume: the hook is killed': () => killed(novolume),
    'novolume cleanup': () => novolume.calls.cleanup()
  })
}, TIMEOUT)

afterAll(async () => {
  await Promise.all(proxies.map(async proxy => proxy.stop()))
})

/** A script step in whose middle the API server is away for a time. */
async function during({ proxy, calls }: Behind, script: string, word: string, ms: number): Promise<CallResult> {
  const { look, seen } = new Sight(word)
  const result = calls.script(script, { onOutput: look })
  await Promise.race([seen, result])
  await proxy.refuse(ms)
  return result
}

/** A script step whose hook is killed as by the kernel that is out of memory, and which has ended since. */
async function killed({ runner, calls }: Behind): Promise<CallResult> {
  const { look, seen } = new Sight('ready')
  const result = calls.script(LONG, { onOutput: look })
  await Promise.race([seen, result])
  const kill = 'for p in /proc/[0-9]*; do [ "$(cat "$p/comm")" != node ] || kill -9 "${p#/proc/}"; done'
  await runner.exec(['sh', '-c', kill])
  const call = await result
  expect(await processes(runner, calls)).toContain(MARK)
  for (;;) {
    const seen = await processes(runner, calls)
    if (!seen.includes(MARK)) {
      expect(seen).not.toContain('finished')
      return call
    }
    await sleep(1_000)
  }
}

/** The command lines in the job container, and whether the step came to its end. */
async function processes(runner: RunnerPod, calls: HookCalls): Promise<string> {
  const look = 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; ls /tmp; echo looked'
  const command = ['-n', runner.namespace, 'exec', calls.jobPod, '-c', 'job', '--', 'sh', '-c', look]
  const { stdout, stderr } = await tryKubectl(suite.cluster, command)
  if (!stdout.toString().includes('looked')) throw new Error(`could not look into ${calls.jobPod}: ${stderr}`)
  return stdout.toString()
}

describe.each(['volume', 'novolume'] as const)('a step whose hook is killed, %s', mode => {
  test(
    'is ended in its pod, and its last command never runs',
    async () => {
      const call = await lanes.result(`${mode}: the hook is killed`)
      expect(call).toMatchObject({ code: 137, text: 'ready\n' })
      const cleaned = await lanes.result(`${mode} cleanup`)
      expect(cleaned).toMatchObject({ code: 0, text: '' })
    },
    TIMEOUT
  )
})

test(
  'a step that is followed again in time goes on, though it lasts longer',
  async () => {
    const { code, lines } = await lanes.result('novolume: an outage that is shorter')
    expect({ code, lines: lines.filter(line => line.startsWith('line ')) }).toEqual({ code: 7, lines: numbered(COUNT) })
  },
  TIMEOUT
)

test(
  'whoever comes too late is told that the step was ended, and why',
  async () => {
    const { code, text } = await lanes.result('volume: an outage that is longer')
    expect(code).toBe(130)
    expect(text).toMatch(/^ready$/m)
    expect(text).toMatch(/^::error::.*was ended.*30s.*steps\.orphanTimeout/m)
  },
  TIMEOUT
)

test(
  'nothing is left',
  async () => {
    for (const mode of ['volume', 'novolume']) await lanes.result(`${mode} cleanup`)
    expect(await suite.left()).toEqual([])
  },
  TIMEOUT
)
