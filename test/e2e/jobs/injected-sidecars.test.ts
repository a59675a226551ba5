import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'

import { NODE_NAME } from '../../harness/cluster/layout.js'
import { action, script, use } from '../../harness/dockerfile-action.js'
import { Injector, type AskedPod, type Change } from '../../harness/injector.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { observe, type Seen } from '../../harness/observe.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('injected')

// A step of a volume job is a Job, which never ends beside a container that goes on; without a volume it is a pod that
// begins by waiting for its files.
const MODES = variants<Mode>(['volume'], ['novolume'])

const KINDS = ['workflow', 'step', 'build'] as const
type Kind = (typeof KINDS)[number]

/** What a pod of the hook is; the pods of Jobs have no name yet. */
function kindOf({ metadata }: V1Pod): Kind | undefined {
  const name = metadata?.name ?? metadata?.generateName ?? ''
  return KINDS.find(kind => name.includes(`-${kind}`))
}

/** A mesh that asks nobody: a proxy in front of all containers that hears no signal, an agent, and an init container that takes its time. */
function inject(pod: V1Pod, image: string): Change[] {
  const forEver = ['sh', '-c', "trap '' TERM INT; while :; do sleep 1; done"]
  const inits = [
    { name: 'mesh-agent', image, command: forEver, restartPolicy: 'Always' },
    { name: 'mesh-init', image, command: ['sleep', '2'] }
  ]
  return [
    { op: 'add', path: '/spec/containers/0', value: { name: 'mesh-proxy', image, command: forEver } },
    { op: 'add', path: '/spec/initContainers', value: [...inits, ...(pod.spec?.initContainers ?? [])] }
  ]
}

/** Goes around the scheduler to a node that must refuse: what a full one does to a pod that was just sent to it. */
const REFUSED: readonly Change[] = [
  { op: 'add', path: '/spec/nodeName', value: NODE_NAME },
  { op: 'add', path: '/spec/nodeSelector', value: { 'example.com/never': 'there' } }
]

describe.each(MODES)('webhooks that change pods, %s', mode => {
  let runner: RunnerPod
  let injector: Injector | undefined
  let result: JobResult
  let seen: V1Pod[]
  const output = (name: string): string[] => outputOf(stepOf(result, name))

  beforeAll(async () => {
    runner = await suite.runner({ mode })
    const { busybox } = suite.cluster.images
    injector = await Injector.start(suite.cluster, suite.namespace, ({ pod, isTried }, before) => {
      const kind = kindOf(pod)
      const isFirst = !before.some(other => !other.isTried && kindOf(other.pod) === kind)
      const rejecting = isFirst && !isTried ? REFUSED : []
      return [...inject(pod, busybox), ...rejecting]
    })
    const observed = await observe(suite.cluster, suite.namespace, () =>
      runJob(runner, {
        files: action(
          'build',
          'FROM busybox:1.36\nCOPY entry.sh /\nENTRYPOINT ["/entry.sh"]\n',
          { 'entry.sh': script('echo "built: $1"; echo "said=$1" >>"$GITHUB_OUTPUT"') },
          { args: ['yes'] }
        ),
        workflow: workflowOf({
          container: { image: busybox },
          steps: [
            { name: 'script', run: 'echo in the job' },
            { name: 'exit', uses: 'docker://busybox:1.36', with: { args: 'sh -c "echo in the step; exit 3"' } },
            use('build', { id: 'build' }),
            { name: 'after', run: 'echo "${{ steps.build.outputs.said }}"' }
          ].map(step => ({ ...step, 'continue-on-error': true }))
        })
      })
    )
    result = observed.result
    seen = observed.seen.filter((item): item is Seen & { kind: 'Pod' } => item.kind === 'Pod')
  }, 400_000)

  afterAll(async () => injector?.stop())

  const made = (): AskedPod[] => (injector?.asked ?? []).filter(({ isTried }) => !isTried)

  test('no step, build or push waits for what they add, or reads it', () => {
    expect(output('script')).toEqual(['in the job'])
    expect(output('exit')).toContain('in the step')
    expect(stepOf(result, 'exit').exitCode).toBe(3)
    expect(output('build')).toContain('built: yes')
    expect(output('after')).toEqual(['yes'])
    for (const kind of KINDS) {
      const pods = seen.filter(pod => kindOf(pod) === kind)
      expect(pods.length).toBeGreaterThanOrEqual(2)
      for (const { spec } of pods) {
        expect(spec?.containers[0]?.name).toBe('mesh-proxy')
        expect(spec?.initContainers?.slice(0, 2).map(({ name }) => name)).toEqual(['mesh-agent', 'mesh-init'])
      }
    }
  })

  test('a pod of each kind that its node rejects is created again, with a line for it', () => {
    for (const kind of KINDS) {
      const lines = result.log.split('\n').filter(line => line.includes('It is created again'))
      expect(lines).toContainEqual(
        expect.stringMatching(`Pod "${runner.name}-${kind}.*" was rejected .*\\(1 of 3\\)\\.$`)
      )
    }
  })

  test('every pod asks meshes and autoscalers to leave it alone, and says what it runs', () => {
    const ours = made().filter(({ pod }) => kindOf(pod) !== undefined)
    expect(new Set(ours.map(({ pod }) => kindOf(pod))).size).toBe(KINDS.length)
    for (const { pod } of ours) {
      expect(pod.metadata?.labels).toMatchObject({
        'sidecar.istio.io/inject': 'false',
        'kuma.io/sidecar-injection': 'disabled',
        'kaniko-hooks/job': 'build',
        'kaniko-hooks/repository': expect.stringMatching(/^[A-Za-z0-9]+_/)
      })
      expect(pod.metadata?.annotations).toMatchObject({
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
        'karpenter.sh/do-not-disrupt': 'true',
        'linkerd.io/inject': 'disabled',
        'kaniko-hooks/repository': expect.stringContaining('/')
      })
    }
  })

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})
