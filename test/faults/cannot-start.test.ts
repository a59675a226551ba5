import { beforeAll, describe, expect, test } from '@jest/globals'

import { HookCalls, type CallOptions, type CallResult } from '../harness/hook-calls.js'
import { apply, kubectl } from '../harness/kubectl.js'
import type { Mode, RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { variants } from '../harness/variants.js'
import { Lanes } from './lanes.js'
import { leftAt } from './owned.js'
import { IMPOSSIBLE, withTemplate } from './template.js'

const TIMEOUT = 400_000
/** When a person has to know what is wrong. */
const LIMIT_MS = 60_000
/** What a busy kubelet takes to end a pod that is deleted with 1 s of grace; a Job's own deletion would give it 30 s. */
const KUBELET_MS = 20_000
/** How long a pod may stay unschedulable in these tests; by default 10 minutes, for an autoscaler. */
const PATIENCE = { ACTIONS_RUNNER_PREPARE_JOB_TIMEOUT_SECONDS: '12' }

interface Refused {
  readonly call: CallResult
  /** When the reason was printed first, in milliseconds after the start. */
  readonly firstWordMs: number | undefined
  readonly left: readonly string[]
}

interface Reason {
  /** What has to stand in the one `::error::` line. */
  readonly says: RegExp
  /** An image; a present one unless it is the reason. */
  readonly image?: string
  readonly unschedulable?: true
}

const REASONS = {
  'a registry that is not there': {
    image: 'registry.invalid/team/image:1',
    says: /registry\.invalid.*cannot be pulled.*no such host/
  },
  'a tag that is not there': {
    image: 'localhost:31500/no-such/image:none',
    says: /no-such\/image:none.*cannot be pulled.*not found/
  },
  'a name that is not valid': { image: 'Not A/valid:name', says: /name.*not valid.*Not A\/valid:name/ },
  'no node with so many processors': { unschedulable: true, says: /Unschedulable.*Insufficient cpu/ },
  'PodSecurity restricted': { says: /violates PodSecurity "restricted.*allowPrivilegeEscalation/ },
  'a quota that is used up': { says: /exceeded quota: no-more-pods, requested: pods=1/ }
} as const satisfies Record<string, Reason>

const suite = new Suite('cannot-start')
const places = { here: suite, restricted: new Suite('restricted'), quota: new Suite('quota') }
const lanes = new Lanes<Refused>()

type Command = 'prepare_job' | 'run_container_step'
type ReasonName = keyof typeof REASONS

interface Line {
  readonly place: keyof typeof places
  readonly mode: Mode
  readonly tries: readonly (readonly [Command, ReasonName])[]
}

/** What is tried, one runner pod for each line. In novolume mode the role has no jobs, so a step's pod is bare. */
const PLAN = variants<Line>(
  [
    {
      place: 'here',
      mode: 'volume',
      tries: [
        ['prepare_job', 'a registry that is not there'],
        ['prepare_job', 'a name that is not valid']
      ]
    },
    // What takes long has a lane each.
    {
      place: 'here',
      mode: 'volume',
      tries: [
        ['run_container_step', 'a tag that is not there'],
        ['run_container_step', 'no node with so many processors']
      ]
    },
    { place: 'restricted', mode: 'volume', tries: [['run_container_step', 'PodSecurity restricted']] },
    { place: 'quota', mode: 'volume', tries: [['prepare_job', 'a quota that is used up']] }
  ],
  [
    {
      place: 'here',
      mode: 'volume',
      tries: [
        ['prepare_job', 'a tag that is not there'],
        ['prepare_job', 'no node with so many processors']
      ]
    },
    {
      place: 'here',
      mode: 'volume',
      tries: [
        ['run_container_step', 'a registry that is not there'],
        ['run_container_step', 'a name that is not valid']
      ]
    },
    {
      place: 'here',
      mode: 'novolume',
      tries: [
        ['run_container_step', 'no node with so many processors'],
        ['run_container_step', 'a registry that is not there'],
        ['run_container_step', 'a name that is not valid'],
        ['run_container_step', 'a tag that is not there']
      ]
    },
    { place: 'restricted', mode: 'volume', tries: [['prepare_job', 'PodSecurity restricted']] },
    { place: 'restricted', mode: 'novolume', tries: [['run_container_step', 'PodSecurity restricted']] },
    { place: 'quota', mode: 'volume', tries: [['run_container_step', 'a quota that is used up']] },
    { place: 'quota', mode: 'novolume', tries: [['run_container_step', 'a quota that is used up']] }
  ]
)

interface Runner {
  readonly runner: RunnerPod
  readonly calls: HookCalls
}

beforeAll(async () => {
  const runners = await Promise.all(
    PLAN.map(async ({ mode, place }) => {
      const runner = await places[place].runner({ mode })
      return { runner, calls: new HookCalls(runner) }
    })
  )
  await refuseFromNowOn()
  for (const [index, { mode, tries }] of PLAN.entries()) {
    const one = runners[index]
    if (one === undefined) continue
    lanes.start(
      Object.fromEntries(
        tries.map(([command, name]) => [`${command} in ${mode} mode: ${name}`, () => refused(one, command, name)])
      )
    )
  }
}, TIMEOUT)

/** The runner pods run already; no other pod may. */
async function refuseFromNowOn(): Promise<void> {
  const { cluster } = suite
  const [restricted, quota] = [places.restricted.namespace, places.quota.namespace]
  const level = 'pod-security.kubernetes.io/enforce=restricted'
  await kubectl(cluster, ['label', 'namespace', restricted, '--overwrite', level])
  const pods = String(PLAN.filter(({ place }) => place === 'quota').length)
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'no-more-pods', namespace: quota },
    spec: { hard: { pods } }
  })
  const counted = `--for=jsonpath={.status.used.pods}=${pods}`
  await kubectl(cluster, ['-n', quota, 'wait', 'resourcequota/no-more-pods', counted, '--timeout=30s'])
}

async function refused({ runner, calls }: Runner, command: Command, name: ReasonName): Promise<Refused> {
  const reason: Reason = REASONS[name]
  const image = reason.image ?? suite.cluster.images.busybox
  const start = Date.now()
  let text = ''
  let firstWordMs: number | undefined
  const options: CallOptions = {
    env: reason.unschedulable ? { ...PATIENCE, ...(await withTemplate(runner, IMPOSSIBLE)) } : {},
    onOutput: chunk => {
      text += chunk.toString()
      if (reason.says.test(text)) firstWordMs ??= Date.now() - start
    }
  }
  const call = await (command === 'prepare_job'
    ? calls.prepare(image, options)
    : calls.container(image, 'true', options))
  return { call, firstWordMs, left: await leftAt(suite.cluster, runner, Date.now() + KUBELET_MS) }
}

const TRIES = PLAN.flatMap(({ mode, tries }) => tries.map(([command, name]) => ({ command, mode, name })))

describe.each(TRIES)('$command in $mode mode: $name', ({ command, mode, name }) => {
  test(
    'ends with the reason that the cluster gave, in time, and leaves nothing',
    async () => {
      const { call, firstWordMs, left } = await lanes.result(`${command} in ${mode} mode: ${name}`)
      const reason: Reason = REASONS[name]
      const errors = call.lines.filter(line => line.startsWith('::error::'))
      // Not only when it was waited for in vain.
      if (reason.unschedulable) expect(call.lines[0]).toMatch(/^Pod .* waits: Unschedulable: .*Insufficient cpu/)
      expect(errors).toEqual([expect.stringMatching(reason.says)])
      expect(call.code).toBe(1)
      expect(firstWordMs).toBeLessThan(LIMIT_MS)
      expect(left).toEqual([])
    },
    TIMEOUT
  )
})
