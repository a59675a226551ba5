import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { callHook } from '../../harness/call.js'
import { pushImage, type TestImage } from '../../harness/image.js'
import { apply } from '../../harness/kubectl.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { observe, type Seen } from '../../harness/observe.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('services')

const WITHOUT_JOB_CONTAINER = { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' }

/** Serves its greeting. */
const SERVE = `#!/bin/sh
mkdir -p /tmp/www
echo "$GREETING" >/tmp/www/index.html
exec httpd -f -p "$PORT" -h /tmp/www
`

let web: TestImage
let crashing: TestImage

beforeAll(async () => {
  web = await pushImage(suite.cluster, {
    repository: 'test/web',
    tools: ['sh', 'mkdir', 'httpd'],
    files: { '/serve': SERVE },
    config: { Entrypoint: ['/serve'], Env: ['PATH=/bin', 'PORT=80'] }
  })
  crashing = await pushImage(suite.cluster, {
    repository: 'test/crashing',
    tools: ['sh'],
    config: { Entrypoint: ['sh', '-c', 'echo "reading /data"; echo "no such disk: $DISK" >&2; exit 3'] }
  })
}, 400_000)

afterAll(async () => {
  await Promise.all([web.remove(), crashing.remove()])
})

describe('a job with services', () => {
  let runner: RunnerPod
  let result: JobResult
  let seen: Seen[]
  const output = (name: string): string[] => outputOf(stepOf(result, name))

  beforeAll(async () => {
    runner = await suite.runner({ mode: 'novolume' })
    const metadata = { name: 'neighbour', namespace: suite.namespace }
    await apply(suite.cluster, { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } })
    const service = (greeting: string, port: number, ports: readonly string[]): object => ({
      image: web.tagged,
      env: { GREETING: greeting, PORT: String(port) },
      ports
    })
    const observed = await observe(suite.cluster, suite.namespace, () =>
      runJob(runner, {
        workflow: workflowOf({
          container: suite.cluster.images.busybox,
          services: {
            one: service('$(PORT) is "one"', 8081, ['8081:8081']),
            two: service('two', 8082, ['18082:8082', '53:8053/udp']),
            three: service('three', 8083, [])
          },
          steps: [
            { name: 'reach', run: 'for port in 8081 8082 8083; do wget -qO- "http://localhost:$port/"; done' },
            {
              name: 'ports',
              run: 'echo "${{ job.services.one.ports[8081] }} ${{ toJSON(job.services.two.ports) }} ${{ toJSON(job.services.three.ports) }}" | tr -d "\\n "'
            },
            { name: 'environment', run: 'echo "${GREETING-unset}"; env | grep -c "_SERVICE_HOST=" || true' },
            { name: 'by name', run: 'wget -qO- http://web-2:8082/' },
            {
              name: 'by name from a container step',
              uses: `docker://${suite.cluster.images.busybox}`,
              with: { entrypoint: 'sh', args: '-c "wget -qO- http://web:8081/"' }
            }
          ]
        })
      })
    )
    result = observed.result
    seen = observed.seen
  }, 400_000)

  test('reaches each on localhost; one image serves several, each with its own environment', () => {
    expect(output('reach')).toEqual(['$(PORT) is "one"', 'two', 'three'])
  })

  test('knows the port by which each is reached', () => {
    expect(output('ports')).toEqual(['8081{8053:8053,8082:8082}{}'])
  })

  test('has none of their environment, nor the addresses of what else runs in the namespace', () => {
    // The API server's own Service is always announced.
    expect(output('environment')).toEqual(['unset', '1'])
  })

  test('reaches each under its name in the pod, from container steps too', () => {
    expect(output('by name')).toEqual(['two'])
    expect(output('by name from a container step')).toContain('$(PORT) is "one"')
  })

  test('has them in its pod, by the names that templates use, and without ports of the node', () => {
    const pod = seen.find(item => item.kind === 'Pod' && item.metadata?.name === `${runner.name}-workflow`)
    const containers = pod?.kind === 'Pod' ? (pod.spec?.containers ?? []) : []
    expect(containers.map(({ name }) => name)).toEqual(['job', 'web', 'web-2', 'web-3', 'kaniko-hooks-work'])
    expect(JSON.stringify(containers)).not.toContain('hostPort')
    expect(JSON.stringify(containers)).not.toContain('is \\"one')
  })

  test('a service that ends at once fails the job at once, with its log and its exit code', async () => {
    const failed = await runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.busybox,
        services: {
          storage: { image: crashing.tagged, env: { DISK: '/dev/none' } },
          // The kubelet looks once in a second: while this one is made, that one is seen to have ended.
          web: { image: web.tagged, env: { GREETING: 'hi', PORT: '8081' } }
        },
        steps: [{ name: 'never', run: 'echo ran' }]
      })
    })
    const step = stepOf(failed, 'Initialize containers')
    expect(step.outcome).toBe('failure')
    // A job has ten minutes to start.
    expect(step.ms).toBeLessThan(120_000)
    expect(outputOf(step)).toEqual(expect.arrayContaining(['reading /data', 'no such disk: /dev/none']))
    expect(outputOf(step).find(line => line.startsWith('##[error]'))).toMatch(/crashing.*exit code 3/)
    expect(stepOf(failed, 'never').outcome).toBe('skipped')
    expect(await suite.left()).toEqual([])
  }, 400_000)

  // The services of job-end.test.ts have both; one that is reached need not be started each time.
  for (const title of variants([], ['a service takes an entry point and a command']))
    test(
      title,
      async () => {
        const container = { image: suite.cluster.images.busybox }
        const service = {
          ...container,
          entryPoint: 'sh',
          entryPointArgs: ['-c', '"exec', 'httpd', '-f', '-p', '8084', '-h', '/etc"']
        }
        const prepared = await callHook(runner, {
          input: { command: 'prepare_job', state: null, args: { container, services: [service] } }
        })
        expect(prepared.exitCode).toBe(0)
        const { state, context } = JSON.parse(prepared.response ?? '') as {
          state: object
          context: { services: unknown }
        }
        expect(context.services).toMatchObject([{ ports: {} }])
        const step = await callHook(runner, {
          input: {
            command: 'run_script_step',
            state,
            args: { entryPoint: 'wget', entryPointArgs: ['-qO-', 'http://localhost:8084/group'] }
          }
        })
        expect(step.stdout.join('\n')).toContain('root:x:0:')
        await callHook(runner, { input: { command: 'cleanup_job', state, args: {} } })
        expect(await suite.left()).toEqual([])
      },
      400_000
    )
})

describe.each(variants<Mode>(['volume'], ['novolume']))('a job with nothing but services, %s', mode => {
  test('starts them, steps run on the runner, and all goes again', async () => {
    const runner = await suite.runner({ mode })
    const { result, seen } = await observe(suite.cluster, suite.namespace, () =>
      runJob(runner, {
        env: WITHOUT_JOB_CONTAINER,
        workflow: workflowOf({
          services: { web: { image: web.tagged, env: { GREETING: 'hi', PORT: '8081' }, ports: ['8081:8081'] } },
          steps: [
            { name: 'ports', run: 'echo "port ${{ job.services.web.ports[8081] }}"' },
            { name: 'container', uses: 'docker://busybox:1.36', with: { args: 'sh -c "echo ran"' } }
          ]
        })
      })
    )
    expect(result.conclusion).toBe('success')
    expect(stepOf(result, 'ports').log.lines.at(-1)).toBe('port 8081')
    expect(outputOf(stepOf(result, 'container'))).toContain('ran')
    const pod = seen.find(({ metadata }) => metadata?.name === `${runner.name}-workflow`)
    expect(pod?.kind === 'Pod' ? pod.spec?.containers.map(({ name }) => name) : undefined).toEqual(['web'])
    expect(await suite.left()).toEqual([])
  }, 400_000)
})
