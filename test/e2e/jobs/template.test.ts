import { beforeAll, describe, expect, test } from '@jest/globals'
import type { V1Container } from '@kubernetes/client-node'

import { callHook } from '../../harness/call.js'
import { action, use } from '../../harness/dockerfile-action.js'
import { fetching } from '../../harness/fetching.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { observe, type Seen } from '../../harness/observe.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('template')

const FILE = '/home/runner/template/content'
const ENV = { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: FILE }

const TEMPLATE = `
metadata:
  labels: { team: build, runner-pod: nobody }
  annotations: { example.com/cost: "7" }
spec:
  hostAliases: [{ ip: 127.0.0.1, hostnames: [from-template] }]
  initContainers:
    - { name: fs-init, resources: { requests: { cpu: 1m } } }
    - { name: first, image: docker.io/library/busybox:1.36, command: [sh, -c, 'echo made >/shared/file'], volumeMounts: [{ name: shared, mountPath: /shared }] }
  volumes: [{ name: shared, emptyDir: {} }]
  containers:
    - name: $job
      volumeMounts: [{ name: shared, mountPath: /shared, readOnly: true }]
      image: not.used/image:1
      env: [{ name: FROM_TEMPLATE, value: "job's" }]
      resources:
        requests: { cpu: 10m, memory: 32Mi }
        limits: { memory: 256Mi }
      securityContext: { runAsUser: 65532, runAsGroup: 65532, runAsNonRoot: true }
    - name: $default
      env: [{ name: FROM_TEMPLATE, value: overridden }, { name: FROM_DEFAULT, value: "every service's" }]
    - name: $busybox
      command: [sh, -c, 'mkdir /tmp/www; echo "$FROM_TEMPLATE $FROM_DEFAULT" >/tmp/www/index.html; exec httpd -f -p 8081 -h /tmp/www']
      env: [{ name: FROM_TEMPLATE, value: "the service's" }]
    - name: beside
      image: docker.io/library/busybox:1.36
      command: [sh, -c, 'trap "exit 0" TERM; while :; do sleep 1; done']
`

// What a user other than the runner's may write is seen where both write into one volume.
const MODES = variants<Mode>(['volume'], ['novolume'])
const runners = new Map<Mode, RunnerPod>()

beforeAll(async () => {
  // A name of this length is as long as a label can be, and longer than our names leave room for.
  await Promise.all(MODES.map(async mode => runners.set(mode, await suite.runner({ mode, nameLength: 63 }))))
}, 400_000)

function runnerIn(mode: Mode): RunnerPod {
  const runner = runners.get(mode)
  if (runner === undefined) throw new Error(`no runner was started in ${mode} mode`)
  return runner
}

describe.each(MODES)('a hook template, %s', mode => {
  let runner: RunnerPod
  let result: JobResult
  let seen: Seen[]
  const output = (name: string): string[] => outputOf(stepOf(result, name))

  beforeAll(async () => {
    runner = runnerIn(mode)
    await runner.write(FILE, TEMPLATE)
    const observed = await observe(suite.cluster, suite.namespace, () =>
      runJob(runner, {
        env: ENV,
        files: { 'file.txt': 'from the runner\n' },
        workflow: workflowOf({
          container: {
            image: suite.cluster.images.busybox,
            env: { FROM_WORKFLOW: 'kept' },
            volumes: ['Cache_1:/cache', 'Cache_1:/read:ro', '/scratch', '${{ github.workspace }}:/data:ro']
          },
          services: { web: { image: suite.cluster.images.busybox } },
          steps: [
            { name: 'who', run: `id -u; echo "$FROM_TEMPLATE $FROM_WORKFLOW"; ${fetching('http://localhost:8081/')}` },
            {
              name: 'write',
              id: 'write',
              run: 'echo x=1 >>"$GITHUB_OUTPUT"; echo more >>file.txt 2>/dev/null || echo more >other.txt; echo home >~/file; mkdir sub; echo "$RUNNER_TEMP" >"$RUNNER_TEMP/file"'
            },
            {
              name: 'container',
              uses: 'docker://busybox:1.36',
              with: {
                args: 'sh -c "id -u; echo $FROM_TEMPLATE; echo y=2 >>$GITHUB_OUTPUT; touch sub/by-container"'
              }
            },
            {
              name: 'volumes',
              run: 'cat /shared/file; grep -c from-template /etc/hosts; grep -c busybox /etc/hosts; echo c >/cache/f; cat /read/f; echo s >/scratch/f; touch /read/g 2>/dev/null || echo read-only; head -n 1 /data/file.txt; touch /data/g 2>/dev/null || echo read-only'
            },
            { name: 'after', run: 'echo "${{ steps.write.outputs.x }}"; ls sub; cat ~/file "$RUNNER_TEMP/file"' }
          ].map(step => ({ ...step, 'continue-on-error': true }))
        })
      })
    )
    result = observed.result
    seen = observed.seen.filter(({ metadata }) => metadata?.labels?.['runner-pod'] === runner.name)
  }, 400_000)

  const containers = (name: RegExp): readonly V1Container[] => {
    const pod = seen.find(item => item.kind === 'Pod' && name.test(item.metadata?.name ?? ''))
    return pod?.kind === 'Pod' ? (pod.spec?.containers ?? []) : []
  }

  test('changes the job container and the service, and leaves the rest of them', () => {
    expect(output('who')).toEqual(['65532', "job's kept", "the service's every service's"])
    const [job] = containers(/-workflow$/)
    expect(job).toMatchObject({
      name: 'job',
      image: suite.cluster.images.busybox,
      resources: { limits: { memory: '256Mi' }, requests: { cpu: '10m' } }
    })
  })

  test('a job container of another user can write what steps write', () => {
    expect(stepOf(result, 'write').exitCode).toBe(0)
    expect(stepOf(result, 'write').outputs).toEqual({ x: '1' })
    expect(output('after')).toEqual(['1', 'by-container', 'home', '/__w/_temp'])
  })

  test('volumes of the template and of the workflow are there, each as it was asked for', () => {
    expect(output('volumes')).toEqual(['made', '1', '1', 'c', 'read-only', 'from the runner', 'read-only'])
  })

  test('changes the container of a step as it does the job', () => {
    expect(output('container')).toEqual(expect.arrayContaining(['65532', "job's"]))
    expect(stepOf(result, 'container').exitCode).toBe(0)
  })

  test('adds its sidecar to the job pod only: a step would not end beside it', () => {
    const work = mode === 'novolume' ? ['kaniko-hooks-work'] : []
    expect(containers(/-workflow$/).map(({ name }) => name)).toEqual(['job', 'busybox', ...work, 'beside'])
    expect(containers(/-step-/).length).toBeGreaterThan(0)
    expect(containers(/-step-/).map(({ name }) => name)).not.toContain('beside')
  })

  test('labels the pods, but not over the label by which they are found', () => {
    const pods = seen.filter(({ kind }) => kind === 'Pod')
    expect(pods.length).toBeGreaterThanOrEqual(2)
    for (const { metadata } of pods) {
      expect(metadata?.labels).toMatchObject({ team: 'build', 'runner-pod': runner.name })
      expect(metadata?.annotations).toMatchObject({ 'example.com/cost': '7' })
    }
  })

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})

describe('a template that cannot be used', () => {
  let runner: RunnerPod

  beforeAll(() => {
    runner = runnerIn('volume')
  })

  test.each(
    variants<readonly [what: string, content: string, words: RegExp]>(
      [
        ['broken YAML', 'spec:\n  containers: [\n', /cannot be read.*line \d|cannot be read.*\(\d+:\d+\)/],
        [
          'everything at once',
          'spec: { nodeName: n, containers: [{ image: x }, { name: $job, volumeMount: [] }] }\n',
          /volumeMounts meant\?; spec.nodeName: .*containers\[0\] is without a name\./
        ]
      ],
      [
        ['a list', '- name: x\n', /is not a YAML mapping/],
        ['containers that are no list', 'spec: { containers: { name: $job } }\n', /containers/]
      ]
    )
  )('%s is refused with the name of the file', async (_, content, words) => {
    await runner.write(FILE, content)
    const report = await callHook(runner, {
      input: { command: 'prepare_job', state: null, args: { container: { image: 'busybox:1.36' }, services: [] } },
      env: Object.entries(ENV).map(([name, value]) => `${name}=${value}`)
    })
    const errors = report.stdout.filter(line => line.startsWith('::error'))
    expect(errors).toEqual([expect.stringContaining(FILE)])
    expect(errors[0]).toMatch(words)
    expect(report).toMatchObject({ exitCode: 1, response: '' })
    expect(await suite.left()).toEqual([])
  })

  // The old name of $build is still read.
  test('an entry $kaniko is told with each key that is wrong, before a pod builds', async () => {
    await runner.write(FILE, 'spec: { containers: [{ name: $kaniko, nodeSelektor: {} }] }\n')
    const { result, seen } = await observe(suite.cluster, suite.namespace, () =>
      runJob(runner, {
        env: { ...ENV, ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' },
        files: action('hello', 'FROM busybox:1.36\n'),
        workflow: workflowOf({ steps: [use('hello')] })
      })
    )
    expect(outputOf(stepOf(result, 'hello')).join('\n')).toMatch(/\(\$kaniko\)\.nodeSelektor is not known there/)
    expect(result.conclusion).toBe('failure')
    expect(seen.filter(({ metadata }) => metadata?.name?.includes('-build-') === true)).toEqual([])
    expect(await suite.left()).toEqual([])
  }, 400_000)

  test('what Kubernetes does not take is told in its own words', async () => {
    await runner.write(FILE, 'spec: { containers: [{ name: $job, resources: { limits: { memory: lots } } }] }\n')
    const report = await callHook(runner, {
      input: { command: 'prepare_job', state: null, args: { container: { image: 'busybox:1.36' }, services: [] } },
      env: Object.entries(ENV).map(([name, value]) => `${name}=${value}`)
    })
    expect(report.exitCode).toBe(1)
    expect(report.stdout.filter(line => line.startsWith('::error')).join('\n')).toMatch(/quantities must match/)
    expect(await suite.left()).toEqual([])
  }, 400_000)
})
