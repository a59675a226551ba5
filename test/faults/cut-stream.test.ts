import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { HookCalls, type CallResult } from '../harness/hook-calls.js'
import { NOVOLUME_ROLE, VOLUME_ROLE, withWatch } from '../harness/roles.js'
import type { Mode } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { variants } from '../harness/variants.js'
import { ApiProxy } from './api-proxy.js'
import { Lanes } from './lanes.js'
import { numbered, printNumbered } from './numbered-lines.js'
import { Sight } from './sight.js'

const TIMEOUT = 400_000
/** Long enough for steps that begin seconds after each other, as on a busy machine, to be under way at the same time. */
const COUNT = 40
/** Seen when a step is in its middle, and within a line. */
const MIDDLE = 'line 9'

/** Ways in which a connection goes while a step runs. */
const LOSSES = {
  RST: (proxy: ApiProxy) => {
    proxy.cut('rst')
    return Promise.resolve()
  },
  FIN: (proxy: ApiProxy) => {
    proxy.cut('fin')
    return Promise.resolve()
  },
  // A stream that is silent is given up after 10 to 15 s: a shorter stall may pass unnoticed.
  'a stall of 20 s': (proxy: ApiProxy) => proxy.stall(20_000),
  // An outage is told after 5 s.
  'an API outage of 12 s': (proxy: ApiProxy) => proxy.refuse(sleep(12_000)),
  'six cuts in a row': async (proxy: ApiProxy) => {
    for (let n = 0; n < 6; n += 1) {
      proxy.cut(n % 2 === 0 ? 'rst' : 'fin')
      await sleep(150 * n)
    }
  }
} as const satisfies Record<string, (proxy: ApiProxy) => Promise<void>>
type Loss = keyof typeof LOSSES

/** Milliseconds after which a step's connections are cut one after the other, while they are being opened. */
const EARLY_CUTS = [0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192]

type Kind = 'script' | 'container'
interface Try {
  readonly kind: Kind
  readonly loss: Loss
  /** Steps at the same time. */
  readonly count: number
}

interface Row {
  readonly mode: Mode
  /** Connections are lost while the job is prepared, while steps begin, and while it is cleaned up, too. */
  readonly isRough?: true
  /** The role lets the hook watch pods, so that watches are lost too. */
  readonly isWatched?: true
  readonly tries: readonly Try[]
}

const tryOf = (kind: Kind, loss: Loss, count = 1): Try => ({ kind, loss, count })

/** What is done in a runner pod each. Script steps are an exec, container steps a log; six cuts are RST and FIN. */
const ROWS = variants<Row>(
  [
    {
      mode: 'volume',
      isRough: true,
      tries: [tryOf('script', 'six cuts in a row'), tryOf('script', 'an API outage of 12 s')]
    },
    {
      mode: 'novolume',
      isWatched: true,
      tries: [tryOf('script', 'a stall of 20 s'), tryOf('container', 'six cuts in a row')]
    }
  ],
  [
    {
      mode: 'volume',
      tries: [tryOf('script', 'RST', 3), tryOf('script', 'FIN', 3), tryOf('script', 'a stall of 20 s', 3)]
    },
    {
      mode: 'novolume',
      tries: [tryOf('script', 'RST'), tryOf('script', 'FIN'), tryOf('container', 'a stall of 20 s')]
    },
    {
      mode: 'volume',
      isWatched: true,
      tries: [tryOf('container', 'RST'), tryOf('container', 'FIN'), tryOf('container', 'an API outage of 12 s')]
    }
  ]
)
const triesOf = (kind: Kind): (Try & { readonly mode: Mode })[] =>
  ROWS.flatMap(({ mode, tries }) => tries.map(each => ({ ...each, mode }))).filter(each => each.kind === kind)

const suite = new Suite('cut-stream')
const lanes = new Lanes<readonly CallResult[]>()
const proxies: ApiProxy[] = []

beforeAll(async () => {
  for (const [index, { mode, isRough, isWatched = false, tries }] of ROWS.entries()) {
    const behind = await calls(mode, isWatched)
    const around = (call: () => Promise<CallResult>) => async () => (isRough ? whileCut(behind, call) : [await call()])
    lanes.start({
      [`prepare_job ${index}`]: around(() => behind.calls.prepare(suite.cluster.images.debian)),
      ...(isRough ? { 'early cuts': () => earlyCuts(behind) } : {}),
      ...Object.fromEntries(
        tries.map(({ kind, loss, count }) => [`${kind} ${mode} ${loss}`, () => steps(behind, kind, loss, count)])
      ),
      [`cleanup_job ${index}`]: around(() => behind.calls.cleanup())
    })
  }
}, TIMEOUT)

afterAll(async () => {
  await Promise.all(proxies.map(async proxy => proxy.stop()))
})

interface Behind {
  readonly proxy: ApiProxy
  readonly calls: HookCalls
}

/** A runner pod whose hook reaches the API server only through a proxy of its own. */
async function calls(mode: Mode, isWatched = false): Promise<Behind> {
  const proxy = await ApiProxy.start(suite.cluster)
  proxies.push(proxy)
  const stock = mode === 'volume' ? VOLUME_ROLE : NOVOLUME_ROLE
  const runner = await suite.runner({ mode, env: proxy.env, rules: isWatched ? withWatch(stock) : stock })
  return { proxy, calls: new HookCalls(runner) }
}

/** Steps at the same time; the connections of all are lost when each is in its middle. */
async function steps(behind: Behind, kind: Kind, loss: Loss, count: number): Promise<CallResult[]> {
  const script = printNumbered(COUNT)
  const { busybox } = suite.cluster.images
  return lost(behind, loss, count, onOutput =>
    kind === 'script'
      ? behind.calls.script(script, { onOutput })
      : behind.calls.container(busybox, script, { onOutput })
  )
}

/** Makes calls at the same time and takes their connections away once each is under way. */
async function lost(
  { proxy }: Behind,
  loss: Loss,
  count: number,
  call: (onOutput: (chunk: Buffer) => void) => Promise<CallResult>
): Promise<CallResult[]> {
  const sights = Array.from({ length: count }, () => new Sight(MIDDLE))
  const results = Promise.all(sights.map(async ({ look }) => call(look)))
  await Promise.race([results, Promise.all(sights.map(async ({ seen }) => seen))])
  const { opened } = proxy
  await LOSSES[loss](proxy)
  await results
  // Otherwise nothing was cut.
  expect(proxy.opened).toBeGreaterThanOrEqual(opened + count)
  return results
}

/** Short steps whose first connections are cut ever later, so that some cut meets each moment of the start. */
async function earlyCuts({ proxy, calls }: Behind): Promise<CallResult[]> {
  const results: CallResult[] = []
  for (const shift of [0, 2]) {
    proxy.cutNext(EARLY_CUTS.map(ms => ms + shift))
    results.push(await calls.script(printNumbered(5)))
  }
  return results
}

/** A call whose connections are cut every 100 ms until it has opened some, and then left alone. */
async function whileCut({ proxy }: Behind, call: () => Promise<CallResult>): Promise<CallResult[]> {
  const start = proxy.opened
  const timer = setInterval(() => {
    if (proxy.opened - start < 12) proxy.cut('rst')
  }, 100)
  try {
    return [await call()]
  } finally {
    clearInterval(timer)
  }
}

const OUTAGE = /^The cluster is not available: .*\(no answer\).*\nThe cluster is available again, after \d+ s\.\n$/

describe('the connection of a script step is lost in mid-step', () => {
  test.each(triesOf('script'))(
    '$mode, $loss: the exit code and every line once',
    async ({ kind, mode, loss, count }) => {
      const results = await lanes.result(`${kind} ${mode} ${loss}`)
      expect(results).toHaveLength(count)
      // What lasts is told beside the log; what is over at once is not.
      const told = loss === 'an API outage of 12 s' ? OUTAGE : /^$/
      for (const { code, lines, stderr } of results) {
        expect({ code, lines }).toEqual({ code: 7, lines: numbered(COUNT) })
        expect(stderr).toMatch(told)
      }
    },
    TIMEOUT
  )

  test(
    'cuts at every moment of the start: the step runs once',
    async () => {
      const results = await lanes.result('early cuts')
      expect(results.map(({ code, lines }) => ({ code, lines }))).toEqual([
        { code: 7, lines: numbered(5) },
        { code: 7, lines: numbered(5) }
      ])
    },
    TIMEOUT
  )
})

describe('the connection of a container step is lost in mid-step', () => {
  test.each(triesOf('container'))(
    '$mode, $loss: the exit code and every line once',
    async ({ kind, mode, loss }) => {
      const [result] = await lanes.result(`${kind} ${mode} ${loss}`)
      // A container's log comes by lines.
      expect(result?.lines.filter(line => /^line |missing/.test(line))).toEqual(numbered(COUNT))
      expect(result?.code).toBe(7)
    },
    TIMEOUT
  )
})

describe('the connection is cut again and again', () => {
  test.each(['prepare_job', 'cleanup_job'])(
    '%s succeeds',
    async command => {
      const [result] = await lanes.result(`${command} ${ROWS.findIndex(({ isRough }) => isRough)}`)
      expect(result).toMatchObject({ code: 0, text: '' })
    },
    TIMEOUT
  )
})

test(
  'nothing is left',
  async () => {
    for (const index of ROWS.keys()) await lanes.result(`cleanup_job ${index}`)
    expect(await suite.left()).toEqual([])
  },
  TIMEOUT
)
