import { beforeAll, describe, expect, test } from '@jest/globals'

import { restart, type Component } from '../harness/cluster/restart.js'
import type { CallResult } from '../harness/hook-calls.js'
import { RUNNER, type Mode, type RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { Lanes } from './lanes.js'
import { numbered, printNumbered, printWhole } from './numbered-lines.js'
import { Sight } from './sight.js'
import { UnattendedCalls } from './unattended-calls.js'

const TIMEOUT = 300_000
/** Long enough for what has begun first to be under way still when the last has begun to print. */
const COUNT = 80
/** Seen when a step is in its middle, and within a line. */
const MIDDLE = 'line 4 of'

/** How long each is away, in milliseconds. A word is due after 5 s. */
const AWAY = { kubelet: 8_000, containerd: 2_000, 'kube-apiserver': 4_000 } as const satisfies Record<Component, number>

const suite = new Suite('restarts')
const lanes = new Lanes<readonly CallResult[]>()

interface Runner {
  readonly pod: RunnerPod
  readonly calls: UnattendedCalls
}

async function runnerOf(mode: Mode): Promise<Runner> {
  const pod = await suite.runner({ mode })
  return { pod, calls: new UnattendedCalls(pod) }
}

/** An action whose image prints numbered lines while it is built; it ends with exit code 7. */
async function buildAction({ pod }: Runner, name: string): Promise<string> {
  const directory = `${RUNNER.work}/demo/demo/action-${name}`
  const print = printWhole(COUNT).replace('exit 7', `echo ${name} >/name`)
  await pod.write(
    `${directory}/Dockerfile`,
    `FROM busybox:1.36\nRUN ${print}\nENTRYPOINT ["sh", "-c", "cat /name; exit 7"]\n`
  )
  return `${directory}/Dockerfile`
}

/** A build, a container step and script steps in both modes, of which each is in its middle when a part goes away. */
async function during(name: Component, volume: Runner, novolume: Runner): Promise<readonly CallResult[]> {
  const dockerfile = await buildAction(volume, name)
  const { busybox } = suite.cluster.images
  const sights = [new Sight('line 2 of'), new Sight(MIDDLE), new Sight(MIDDLE), new Sight(MIDDLE)] as const
  // The steps begin when it prints: until then it may take longer than they do.
  const build = volume.calls.action(dockerfile, { onOutput: sights[0].look })
  await Promise.race([sights[0].seen, build])
  const all = [
    build,
    volume.calls.script(printNumbered(COUNT), { onOutput: sights[1].look }),
    novolume.calls.script(printNumbered(COUNT), { onOutput: sights[2].look }),
    // Its log is the container runtime's, which loses what it has of a line when it is killed.
    volume.calls.container(busybox, printWhole(COUNT), { onOutput: sights[3].look })
  ]
  let ended = 0
  for (const call of all) {
    void call.then(
      () => (ended += 1),
      () => (ended += 1)
    )
  }
  await Promise.race([Promise.all(sights.map(async ({ seen }) => seen)), Promise.all(all)])
  // Otherwise a part would go away in nobody's middle.
  expect(ended).toBe(0)
  await restart(name, AWAY[name])
  return Promise.all(all)
}

beforeAll(async () => {
  const [volume, novolume] = await Promise.all([runnerOf('volume'), runnerOf('novolume')])
  const { debian } = suite.cluster.images
  lanes.start({
    prepare: () => Promise.all([volume.calls.prepare(debian), novolume.calls.prepare(debian)]),
    kubelet: () => during('kubelet', volume, novolume),
    containerd: () => during('containerd', volume, novolume),
    'kube-apiserver': () => during('kube-apiserver', volume, novolume),
    cleanup: () => Promise.all([volume.calls.cleanup(), novolume.calls.cleanup()])
  })
}, TIMEOUT)

test(
  'the jobs are prepared',
  async () => {
    for (const { code } of await lanes.result('prepare')) expect(code).toBe(0)
  },
  TIMEOUT
)

describe.each(['kubelet', 'containerd', 'kube-apiserver'] as const)('%s is killed and comes back in mid-step', name => {
  test(
    'script steps: the exit code and every line once',
    async () => {
      const [, volume, novolume] = await lanes.result(name)
      expect({ code: volume?.code, lines: volume?.lines }).toEqual({ code: 7, lines: numbered(COUNT) })
      // Without a volume the log says too what was sent.
      const printed = novolume?.lines.filter(line => /line |missing|^::/.test(line))
      expect({ code: novolume?.code, lines: printed }).toEqual({ code: 7, lines: numbered(COUNT) })
    },
    TIMEOUT
  )

  test(
    'a container step: the exit code and every line once',
    async () => {
      const step = (await lanes.result(name))[3]
      expect(step?.lines.filter(line => /^line |missing|^::/.test(line))).toEqual(numbered(COUNT))
      expect(step?.code).toBe(7)
    },
    TIMEOUT
  )

  test(
    'a build: every line once, and its image runs',
    async () => {
      const [build] = await lanes.result(name)
      expect(build?.lines.filter(line => /^line |missing|^::(error|warning)/.test(line))).toEqual(numbered(COUNT))
      expect(build?.lines).toContain(name)
      expect(build?.code).toBe(7)
    },
    TIMEOUT
  )
})

test(
  'a kubelet that is away is told beside the log, and that it is back',
  async () => {
    for (const { stderr } of await lanes.result('kubelet')) {
      expect(stderr).toMatch(/^The cluster is not available: could not .* for 5 s .*\nThe cluster is available again/m)
    }
  },
  TIMEOUT
)

test(
  'nothing is left',
  async () => {
    for (const { code } of await lanes.result('cleanup')) expect(code).toBe(0)
    expect(await suite.left()).toEqual([])
  },
  TIMEOUT
)
