import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { Api } from '../harness/cluster/api.js'
import { KUBERNETES_SERVICE } from '../harness/cluster/layout.js'
import { HookCalls, type CallOptions, type CallResult } from '../harness/hook-calls.js'
import { pushImage, type TestImage } from '../harness/image.js'
import { apply, kubectl } from '../harness/kubectl.js'
import { VOLUME_ROLE } from '../harness/roles.js'
import type { Mode, RunnerPod } from '../harness/runner-pod.js'
import { Suite } from '../harness/suite.js'
import { variants } from '../harness/variants.js'
import { Lanes } from './lanes.js'
import { leftAt } from './owned.js'
import { IMPOSSIBLE, resources, withTemplate } from './template.js'

const TIMEOUT = 400_000
/** When a person has to know what is wrong. */
const LIMIT_MS = 60_000
/** What a busy kubelet takes to end a pod that is deleted with 1 s of grace; a Job's own deletion would give it 30 s. */
const KUBELET_MS = 20_000
/** For what is told by how far the pod got: after 45 s. */
const SLOW_S = 58

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
  readonly image?: string | (() => string)
  /** The hook template's spec. */
  readonly template?: object
  /** What keeps the pod may pass, so that it is waited for: the seconds for which it is in this test. */
  readonly patience?: number
  /** What is printed while it is waited for, or before the error. */
  readonly before?: RegExp
}

const busyboxWith = (name: string, script: string): object => ({
  initContainers: [{ name, image: 'docker.io/library/busybox:1.36', command: ['sh', '-c', script] }]
})
const MISSING_MAP = {
  volumes: [{ name: 'settings', configMap: { name: 'no-such-map' } }],
  containers: [{ name: '$job', volumeMounts: [{ name: 'settings', mountPath: '/settings' }] }]
}

const REASONS = {
  'a registry that is not there': {
    image: 'registry.invalid/team/image:1',
    // In the words of the name server that the machine has.
    says: /registry\.invalid.*cannot be pulled.*(?:no such host|server misbehaving|i\/o timeout)/
  },
  'a tag that is not there': {
    image: 'localhost:31500/no-such/image:none',
    says: /no-such\/image:none.*cannot be pulled.*not found/
  },
  'a name that is not valid': { image: 'Not A/valid:name', says: /name.*not valid.*Not A\/valid:name/ },
  'no node with so many processors': {
    template: IMPOSSIBLE,
    patience: 12,
    before: /^Pod \S+ waits: Unschedulable: .*Insufficient cpu/m,
    says: /Unschedulable.*Insufficient cpu/
  },
  'an image without a shell': {
    image: () => noShell.tagged,
    says: /^::error::The job container's image has no sh, in which the steps of a job run.*executable file not found/m
  },
  'an init container of the template that fails': {
    template: busyboxWith('fetch', 'echo no route to the mirror; exit 3'),
    before: /^no route to the mirror$/m,
    says: /^::error::Runner configuration: Init container "fetch" of pod .* ended with exit code 3\.$/m
  },
  'an init container of the template that hangs': {
    template: busyboxWith('fetch', 'sleep 600'),
    patience: SLOW_S,
    before: /^Pod \S+ waits: PodInitializing: The init container "fetch" .* still runs/m,
    says: /did not get as far as needed in 58 s\. The init container "fetch"/
  },
  'a Secret of the template that is not there': {
    template: {
      containers: [{ name: '$job', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no-such', key: 'a' } } }] }]
    },
    before: /waits: CreateContainerConfigError/,
    says: /^::error::Runner configuration: Container "job" .* cannot be created\. secret "no-such" not found/m
  },
  'a service account of the template that is not there': {
    template: { serviceAccountName: 'nobody' },
    says: /serviceaccount "nobody" not found\. Create it, or name another one/
  },
  'a claim of the template that is not there': {
    template: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'no-such-claim' } }] },
    patience: 12,
    before: /waits: Unschedulable: .*persistentvolumeclaim "no-such-claim" not found/,
    says: /persistentvolumeclaim "no-such-claim" not found/
  },
  'a volume that cannot be mounted': {
    template: MISSING_MAP,
    patience: SLOW_S,
    before: /^Pod \S+ waits: NotReadyToStartContainers: .*grant it list on events/m,
    says: /most likely a volume cannot be mounted/
  },
  'a volume that cannot be mounted, by its event': {
    template: MISSING_MAP,
    patience: 30,
    before: /^Pod \S+ waits: FailedMount: .*configmap "no-such-map" not found/m,
    says: /\(FailedMount\): .*configmap "no-such-map" not found/
  },
  'a sandbox that cannot be made, by its event': {
    template: { runtimeClassName: 'cannot-start' },
    patience: 30,
    before: /^Pod \S+ waits: FailedCreatePodSandBox: .*cannot-start-runtime/m,
    says: /\(FailedCreatePodSandBox\): .*no runtime for "cannot-start-runtime"/
  },
  'no scheduler': {
    template: { schedulerName: 'nobody' },
    patience: SLOW_S,
    before: /waits: NotScheduled: No scheduler has looked at pod/,
    says: /is there one called nobody in the cluster/
  },
  'a registry whose certificate is of nobody': {
    image: () => `${KUBERNETES_SERVICE}:443/team/image:1`,
    says: /cannot be pulled.*x509.*does not trust it/
  },
  'PodSecurity restricted': { says: /violates PodSecurity "restricted.*allowPrivilegeEscalation/ },
  'a quota that asks for limits': { says: /failed quota: .*must specify limits\.memory.*hook template/ },
  'more than the limit range allows': {
    template: resources({ limits: { cpu: '2' } }),
    says: /maximum cpu usage per Container is 1, but limit is 2/
  },
  'a quota that is used up': { says: /exceeded quota: no-more-pods, requested: pods=1/ }
} as const satisfies Record<string, Reason>

const suite = new Suite('cannot-start')
const places = {
  here: suite,
  restricted: new Suite('restricted'),
  quota: new Suite('quota'),
  limits: new Suite('limits'),
  range: new Suite('range')
}
const EVENTS = { apiGroups: [''], resources: ['events'], verbs: ['list'] }
/** A class of containers for which the node's runtime has no handler. */
const NO_RUNTIME = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'cannot-start' },
  handler: 'cannot-start-runtime'
}
let noShell: TestImage
const lanes = new Lanes<Refused>()

type Command = 'prepare_job' | 'run_container_step'
type ReasonName = keyof typeof REASONS

interface Line {
  readonly place: keyof typeof places
  readonly mode: Mode
  /** Its role has the right to events, which the stock role has not. */
  readonly hasEvents?: true
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
        ['prepare_job', 'a name that is not valid'],
        ['prepare_job', 'an image without a shell'],
        ['prepare_job', 'an init container of the template that fails']
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
    {
      place: 'here',
      mode: 'novolume',
      hasEvents: true,
      tries: [['prepare_job', 'a volume that cannot be mounted, by its event']]
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
    {
      place: 'here',
      mode: 'volume',
      tries: [
        ['prepare_job', 'a volume that cannot be mounted'],
        ['run_container_step', 'a claim of the template that is not there'],
        ['prepare_job', 'a service account of the template that is not there']
      ]
    },
    {
      place: 'here',
      mode: 'volume',
      tries: [
        ['prepare_job', 'no scheduler'],
        ['run_container_step', 'a service account of the template that is not there'],
        ['run_container_step', 'a Secret of the template that is not there']
      ]
    },
    {
      place: 'here',
      mode: 'novolume',
      tries: [
        ['prepare_job', 'an init container of the template that hangs'],
        ['prepare_job', 'a Secret of the template that is not there'],
        ['prepare_job', 'an image without a shell'],
        ['run_container_step', 'an init container of the template that fails']
      ]
    },
    {
      place: 'here',
      mode: 'volume',
      hasEvents: true,
      tries: [
        ['run_container_step', 'a sandbox that cannot be made, by its event'],
        ['prepare_job', 'a registry whose certificate is of nobody']
      ]
    },
    {
      place: 'limits',
      mode: 'volume',
      tries: [
        ['prepare_job', 'a quota that asks for limits'],
        ['run_container_step', 'a quota that asks for limits']
      ]
    },
    { place: 'range', mode: 'volume', tries: [['prepare_job', 'more than the limit range allows']] },
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
  noShell = await pushImage(suite.cluster, {
    repository: 'test/no-shell',
    tools: [],
    programs: { '/bin/busybox': '/bin/busybox' }
  })
  const runners = await Promise.all(
    PLAN.map(async ({ mode, place, hasEvents }) => {
      const rules = hasEvents === true ? { rules: [...VOLUME_ROLE, EVENTS] } : {}
      const runner = await places[place].runner({ mode, ...rules })
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

afterAll(async () => {
  await noShell.remove()
  await new Api(suite.cluster.kubeconfig).delete(`/apis/node.k8s.io/v1/runtimeclasses/${NO_RUNTIME.metadata.name}`)
})

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
  await apply(
    cluster,
    NO_RUNTIME,
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'memory', namespace: places.limits.namespace },
      spec: { hard: { 'limits.memory': '1Gi' } }
    },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'small', namespace: places.range.namespace },
      spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] }
    }
  )
  const counted = `--for=jsonpath={.status.used.pods}=${pods}`
  await kubectl(cluster, ['-n', quota, 'wait', 'resourcequota/no-more-pods', counted, '--timeout=30s'])
}

async function refused({ runner, calls }: Runner, command: Command, name: ReasonName): Promise<Refused> {
  const reason: Reason = REASONS[name]
  const { image: named = suite.cluster.images.busybox, template, patience } = reason
  const image = typeof named === 'string' ? named : named()
  const start = Date.now()
  let text = ''
  let firstWordMs: number | undefined
  const options: CallOptions = {
    env: {
      ...(patience === undefined ? {} : { ACTIONS_RUNNER_PREPARE_JOB_TIMEOUT_SECONDS: String(patience) }),
      ...(template === undefined ? {} : await withTemplate(runner, template))
    },
    onOutput: chunk => {
      text += chunk.toString()
      if ((reason.before ?? reason.says).test(text)) firstWordMs ??= Date.now() - start
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
      if (reason.before !== undefined) expect(call.lines.slice(0, -1).join('\n')).toMatch(reason.before)
      expect(errors).toEqual([expect.stringMatching(reason.says)])
      expect(call.code).toBe(1)
      expect(firstWordMs).toBeLessThan(LIMIT_MS)
      expect(left).toEqual([])
    },
    TIMEOUT
  )
})
