import { createHash } from 'node:crypto'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { HookCalls, type CallResult } from '../harness/hook-calls.js'
import { RUNNER, type Mode, type RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { variants } from '../harness/variants.js'
import { ApiProxy, type Cut } from './api-proxy.js'

const TIMEOUT = 400_000
const MIB = 1024 * 1024
/** How much output the test of memory prints; `BIG_LOG_MIB=1024` for the budget's whole GiB. */
const HUGE_MIB = Number(process.env['BIG_LOG_MIB'] ?? 300)

/** Steps, each of which prints the bytes of the file $want, 16 MiB or more. */
const STEPS = {
  'lines of text': 'cat $want',
  'in turn to stdout, /dev/stderr and tee': `
    head -c 6000000 $want
    tail -c +6000001 $want | head -c 4000000 >/dev/stderr
    tail -c +10000001 $want | head -c 3000000 | tee /dev/stderr >/dev/null
    tail -c +13000001 $want | tee /tmp/copy`,
  'from a background process': 'cat $want & wait',
  'random bytes, without a last newline': 'head -c 16777216 /dev/urandom >$want; cat $want',
  'a line of 5 MB between short ones': `
    { seq 100; head -c 5000000 /dev/zero | tr '\\0' x; echo; seq 2000000; } >$want; cat $want`,
  'byte by byte at first': 'head -c 1000 $want | dd bs=1 2>/dev/null; tail -c +1001 $want'
} as const

const suite = new Suite('big-log')
let proxy: ApiProxy
let runner: RunnerPod
let calls: HookCalls

/** Without a volume a second connection is open while the step runs, and is cut too. */
const MODES = variants<Mode>(['novolume'], ['volume'])

beforeAll(async () => {
  proxy = await ApiProxy.start(suite.cluster)
}, TIMEOUT)

afterAll(async () => {
  await proxy.stop()
})

/** Runs a step that prints the file $want, and asks afterwards what was in it. */
async function print(
  step: string,
  options: Parameters<HookCalls['script']>[1] = {}
): Promise<{ result: CallResult; want: { bytes: number; sha256: string } }> {
  const text = `
    want=/tmp/want
    head -c 12582912 /dev/urandom | base64 >$want
    ${step}
    { sha256sum <$want; wc -c <$want; } >/__w/_temp/want`
  const result = await calls.script(text, options)
  const { stdout } = await runner.exec(['cat', `${RUNNER.work}/_temp/want`])
  const [sum = '', bytes = ''] = stdout.toString().split('\n')
  return { result, want: { bytes: Number(bytes), sha256: sum.slice(0, 64) } }
}

/** The checksum of a text that is repeated up to so many bytes. */
function sha256Of(text: string, bytes: number): string {
  const hash = createHash('sha256')
  const block = Buffer.from(text.repeat(10_000))
  for (let left = bytes; left > 0; left -= block.length) hash.update(block.subarray(0, left))
  return hash.digest('hex')
}

describe.each(MODES)('in %s mode', mode => {
  beforeAll(async () => {
    runner = await suite.runner({ mode, env: proxy.env })
    calls = new HookCalls(runner)
    expect(await calls.prepare(suite.cluster.images.debian)).toMatchObject({ code: 0 })
  }, TIMEOUT)

  describe('16 MB of a script step reach the log byte by byte', () => {
    test.each(Object.entries(STEPS))(
      '%s',
      async (_name, step) => {
        const { result, want } = await print(step)
        expect(want.bytes).toBeGreaterThan(15 * MIB)
        expect(result).toMatchObject({ code: 0, stderr: '', ...want })
      },
      TIMEOUT
    )

    test(
      'while the connection is cut three times',
      async () => {
        const cuts: { at: number; how: Cut }[] = [
          { at: 3 * MIB, how: 'rst' },
          { at: 7 * MIB, how: 'fin' },
          { at: 12 * MIB, how: 'rst' }
        ]
        let bytes = 0
        const { opened } = proxy
        const { result, want } = await print('for n in $(seq 60); do head -c 300000; sleep 0.05; done <$want', {
          onOutput: chunk => {
            bytes += chunk.length
            const next = cuts[0]
            if (next === undefined || bytes < next.at) return
            cuts.shift()
            proxy.cut(next.how)
          }
        })
        expect(result).toMatchObject({ code: 0, stderr: '', ...want })
        expect(proxy.opened - opened).toBeGreaterThanOrEqual(4)
      },
      TIMEOUT
    )
  })

  test(
    `${HUGE_MIB} MiB of output: byte by byte, and the hook stays below 114 MiB (120 MB)`,
    async () => {
      const line = 'The quick brown fox jumps over the lazy dog, again and again.\n'
      const result = await calls.script(`yes '${line.trim()}' | head -c ${HUGE_MIB * MIB}`)
      const speed = Math.round(HUGE_MIB / (result.ms / 1000))
      process.stdout.write(`${HUGE_MIB} MiB in ${result.ms} ms (${speed} MiB/s), ${result.peakMiB} MiB of memory\n`)
      expect(result).toMatchObject({ code: 0, bytes: HUGE_MIB * MIB, sha256: sha256Of(line, HUGE_MIB * MIB) })
      expect(result.peakMiB).toBeLessThan(114)
    },
    TIMEOUT
  )

  test(
    'nothing is left',
    async () => {
      expect(await calls.cleanup()).toMatchObject({ code: 0 })
      expect(await suite.left()).toEqual([])
    },
    TIMEOUT
  )
})
