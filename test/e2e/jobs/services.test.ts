import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { callHook } from '../../harness/call.js'
import { execInPod } from '../../harness/exec.js'
import { fetching } from '../../harness/fetching.js'
import { pushImage, type TestImage } from '../../harness/image.js'
import { apply } from '../../harness/kubectl.js'
import { containerOutputOf, outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { observe, type Seen } from '../../harness/observe.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('services')

const WITHOUT_JOB_CONTAINER = { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' }

/** Serves its greeting. */
const SERVE = `#!/bin/sh
mkdir -p "$ROOT"
echo "$GREETING" >"$ROOT/index.html"
exec httpd -f -p "$PORT" -h "$ROOT"
`
/** Ends when somebody talks to it. */
const FRAGILE = `#!/bin/sh
echo "::error::listening"
nc -l -p 8085 >/dev/null
echo "goodbye"
exit 5
`

/** Is healthy some seconds after it began. */
const SLOW = `#!/bin/sh
sleep 4
touch /tmp/ready
exec sleep 3600
`
/** Lets whoever runs beside it reach the registry as the node does. */
const FORWARD = `
const net = require('node:net')
const [host, port, here] = process.argv.slice(1)
net.createServer(near => near.pipe(net.connect(port, host)).pipe(near)).listen(here, '127.0.0.1')
`
/** Runs a program beside all others, and is over when it listens on port $0, in the digits of /proc/net/tcp. */
const BESIDE = '"$@" >/dev/null 2>&1 & until grep -q ":$0 00000000:0000 0A" /proc/net/tcp; do sleep 0.1; done'

/** Prints what is at a URL, which may be there a moment later. */
const ASK = `
const ask = async tries => {
  try {
    console.log("18081", await (await fetch(process.argv[1])).text())
  } catch (error) {
    if (tries === 0) throw error
    setTimeout(ask, 200, tries - 1)
  }
}
ask(50)`

/** For a step that fails, in the job's container: that one of the services has ended is known to the API server. */
const ENDED = '/tmp/ended'

let web: TestImage
let slow: TestImage
let other: TestImage
let crashing: TestImage
let fragile: TestImage

async function slowImage(name: string): Promise<TestImage> {
  return pushImage(suite.cluster, {
    repository: `test/${name}`,
    tools: ['sh', 'sleep', 'touch', 'test'],
    files: { '/slow': SLOW },
    config: {
      Entrypoint: ['/slow'],
      ExposedPorts: { '8090/tcp': {} },
      Healthcheck: { Test: ['CMD', 'test', '-e', '/tmp/ready'], Interval: 1e9, Timeout: 5e9, Retries: 30 }
    }
  })
}

beforeAll(async () => {
  ;[web, crashing, fragile, slow, other] = await Promise.all([
    pushImage(suite.cluster, {
      repository: 'test/web',
      tools: ['sh', 'mkdir', 'httpd'],
      files: { '/serve': SERVE },
      config: { Entrypoint: ['/serve'], Env: ['PATH=/bin', 'PORT=80', 'ROOT=/tmp/www'] }
    }),
    pushImage(suite.cluster, {
      repository: 'test/crashing',
      tools: ['sh'],
      config: { Entrypoint: ['sh', '-c', 'echo "reading /data"; echo "no such disk: $DISK" >&2; exit 3'] }
    }),
    pushImage(suite.cluster, {
      repository: 'test/fragile',
      tools: ['sh', 'nc'],
      files: { '/fragile': FRAGILE },
      config: { Entrypoint: ['/fragile'] }
    }),
    slowImage('slow'),
    slowImage('other')
  ])
}, 400_000)

afterAll(async () => {
  await Promise.all([web, crashing, fragile, slow, other].map(async image => image.remove()))
})

describe('a job with services', () => {
  let runner: RunnerPod
  let result: JobResult
  let seen: Seen[]
  const output = (name: string): string[] => outputOf(stepOf(result, name))

  beforeAll(async () => {
    runner = await suite.runner({ mode: 'novolume' })
    const target = { namespace: suite.namespace, pod: `${runner.name}-workflow`, container: 'job' }
    const tellEnd = async (): Promise<unknown> => execInPod(suite.cluster, { ...target, command: ['touch', ENDED] })
    let told: Promise<unknown> | undefined
    const metadata = { name: 'neighbour', namespace: suite.namespace }
    await apply(suite.cluster, { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } })
    const service = (greeting: string, port: number, ports: readonly string[]): object => ({
      image: web.tagged,
      env: { GREETING: greeting, PORT: String(port) },
      ports
    })
    const observed = await observe(
      suite.cluster,
      suite.namespace,
      () =>
        runJob(runner, {
          workflow: workflowOf({
            container: { image: suite.cluster.images.busybox, volumes: ['shared:/shared'] },
            services: {
              One: {
                ...service('$(PORT) is "one"', 8081, ['8081:8081']),
                options: '--network-alias first --health-cmd "test -e \\"$ROOT/index.html\\"" --health-interval 1s'
              },
              two: {
                ...service('two', 8082, ['18082:8082', '53:8053/udp']),
                env: { GREETING: 'two', PORT: '8082', ROOT: '/out' },
                volumes: ['shared:/out']
              },
              third_one: { ...service('three', 8081, ['8081']), options: '--hostname third' },
              fragile: { image: fragile.tagged }
            },
            steps: [
              {
                name: 'by name',
                run: `for at in one:8081 first:8081 web:8081 localhost:8081 two:8082 web-2:8082 third:8081 web-3:8081 third_one:8081; do ${fetching('http://$at/')}; done`
              },
              {
                name: 'ports',
                run: 'echo "${{ job.services.One.ports[8081] }} ${{ toJSON(job.services.two.ports) }} ${{ toJSON(job.services.third_one.ports) }} ${{ toJSON(job.services.fragile.ports) }}" | tr -d "\\n "'
              },
              { name: 'environment', run: 'echo "${GREETING-unset}"; env | grep -c "_SERVICE_HOST=" || true' },
              { name: 'volume', run: 'cat /shared/index.html; httpd -p 8099 -h /shared' },
              {
                name: 'from a container step',
                uses: `docker://${suite.cluster.images.busybox}`,
                with: {
                  entrypoint: 'sh',
                  // The resolver of this static busybox also asks for a name server, which the cluster has not, and gives up at times.
                  args: '-c "for at in one:8081 web-2:8082 third:8081 ${{ job.container.id }}:8099; do for try in 1 2 3 4 5; do wget -qO- http://$at/ 2>/dev/null && break; sleep 1; done; done"'
                }
              },
              {
                name: 'fails',
                run: `echo | nc fragile 8085; n=0; until [ -e ${ENDED} ] || [ $((n += 1)) -gt 300 ]; do sleep 0.2; done; exit 1`,
                'continue-on-error': true
              }
            ]
          })
        }),
      item => {
        if (item.kind !== 'Pod' || item.metadata?.name !== `${runner.name}-workflow`) return
        const fragile = item.status?.containerStatuses?.find(({ name }) => name === 'fragile')
        if (fragile?.state?.terminated !== undefined) told ??= tellEnd()
      }
    )
    await told
    result = observed.result
    seen = observed.seen
  }, 400_000)

  test('waits until they are healthy, and says which names container steps cannot have', () => {
    const printed = output('Initialize containers')
    expect(printed).toContain('One service is healthy.')
    expect(printed.find(line => line.includes('third_one:'))).toMatch(/^Only run: steps and .* reach third_one: /)
  })

  test('reaches each by its key, its options and its image, also one whose port is taken', () => {
    const one = '$(PORT) is "one"'
    expect(output('by name')).toEqual([one, one, one, one, 'two', 'two', 'three', 'three', 'three'])
  })

  test('knows the port by which each is reached', () => {
    expect(output('ports')).toEqual(['8081{8053:8053,8082:8082}{8081:8081}{}'])
  })

  test('has none of their environment, nor the addresses of what else runs in the namespace', () => {
    // The API server's own Service is always announced.
    expect(output('environment')).toEqual(['unset', '1'])
  })

  test('shares a named volume with them', () => {
    expect(output('volume')).toEqual(['two'])
  })

  test('and they are reached from container steps, the job by its id', () => {
    const printed = containerOutputOf(stepOf(result, 'from a container step'))
    expect(printed).toEqual(['$(PORT) is "one"', 'two', 'three', 'two'])
  })

  test('is told by a step that fails which of them has ended', () => {
    expect(output('fails').join('\n')).toMatch(
      /The service fragile \(.*fragile.*\) has ended with exit code 5 \(Error\)/
    )
  })

  test('prints their logs at its end, in which no command is obeyed', () => {
    const printed = output('Stop containers')
    const start = printed.indexOf('##[group]Print service container logs: fragile')
    expect(printed.slice(start).join('\n')).toMatch(
      /^##\[group\].*\n(.*\n)?::error::listening\ngoodbye\n(.*\n)*##\[endgroup\]$/
    )
  })

  test('has them in its pod and in one of its own, by the names that templates use, without ports of the node', async () => {
    const pods = seen.flatMap(item => (item.kind === 'Pod' && item.metadata?.name !== runner.name ? [item] : []))
    const containers = (name: RegExp) =>
      pods.find(({ metadata }) => name.test(metadata?.name ?? ''))?.spec?.containers.map(container => container.name)
    expect(containers(/-workflow$/)).toEqual(['job', 'web', 'web-2', 'fragile', 'kaniko-hooks-work'])
    expect(containers(/-service-/)).toEqual(['web-3'])
    expect(JSON.stringify(pods)).not.toContain('hostPort')
    expect(JSON.stringify(pods)).not.toContain('is \\"one')
    expect(await suite.left()).toEqual([])
  })

  test('a service that never is healthy fails the job, with the words of its check and its log', async () => {
    const failed = await runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.busybox,
        services: {
          slow: {
            image: fragile.tagged,
            options: '--health-cmd "echo not yet; exit 3" --health-interval 1s --health-retries 2'
          }
        },
        steps: [{ name: 'never', run: 'echo ran' }]
      })
    })
    const step = stepOf(failed, 'Initialize containers')
    expect(outputOf(step)).toContain('::error::listening')
    expect(outputOf(step).find(line => line.startsWith('##[error]'))).toMatch(
      /The service slow .* is unhealthy: its health check failed 2 times, at last with exit code 3: not yet/
    )
    expect(stepOf(failed, 'never').outcome).toBe('skipped')
    expect(await suite.left()).toEqual([])
  }, 400_000)

  test('a check and ports that only the images of services have count where the settings let the hook look', async () => {
    const { host, port, nodePort } = suite.cluster.registry
    const node = '/home/runner/externals/node20/bin/node'
    const digits = nodePort.toString(16).toUpperCase().padStart(4, '0')
    const forward = ['sh', '-c', BESIDE, digits, node, '-e', FORWARD, host, `${port}`, `${nodePort}`]
    await runner.exec(forward)
    const registry = `localhost:${nodePort}`
    const settings = { services: { imageRegistries: [registry] }, build: { insecureRegistries: [registry] } }
    const result = await runJob(runner, {
      env: { KANIKO_HOOKS_CONFIG: await runner.writeSettings(settings) },
      workflow: workflowOf({
        container: suite.cluster.images.busybox,
        services: { one: { image: slow.tagged }, two: { image: other.tagged } },
        steps: [{ name: 'by name', run: 'for name in one two; do grep -cw "$name" /etc/hosts; done' }]
      })
    })
    const printed = outputOf(stepOf(result, 'Initialize containers'))
    expect(printed).toEqual(expect.arrayContaining(['one service is healthy.', 'two service is healthy.']))
    expect(printed).toContainEqual(expect.stringMatching(/^Service two has a pod of its own/))
    expect(result.conclusion).toBe('success')
    expect(await suite.left()).toEqual([])
  }, 400_000)

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
    expect(outputOf(step).find(line => line.startsWith('##[error]'))).toMatch(/service storage .*crashing.*exit code 3/)
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
          services: {
            site: {
              image: web.tagged,
              env: { GREETING: 'hi', PORT: '8081', ROOT: '/data' },
              ports: ['18081:8081'],
              ...(mode === 'volume' ? { volumes: ['${{ github.workspace }}/data:/data'] } : {})
            }
          },
          steps: [
            {
              name: 'port',
              run: `/home/runner/externals/node20/bin/node -e '${ASK}' "http://localhost:\${{ job.services.site.ports[8081] }}/"`
            },
            { name: 'container', uses: 'docker://busybox:1.36', with: { args: 'wget -qO- http://site:8081/' } },
            ...(mode === 'volume' ? [{ name: 'volume', run: 'cat "$GITHUB_WORKSPACE/data/index.html"' }] : [])
          ]
        })
      })
    )
    expect(result.conclusion).toBe('success')
    expect(stepOf(result, 'port').log.lines).toContain('18081 hi')
    expect(outputOf(stepOf(result, 'container'))).toContain('hi')
    if (mode === 'volume') expect(stepOf(result, 'volume').log.lines.at(-1)).toBe('hi')
    const pod = seen.find(({ metadata }) => metadata?.name === `${runner.name}-workflow`)
    expect(pod?.kind === 'Pod' ? pod.spec?.containers.map(({ name }) => name) : undefined).toEqual(['web'])
    expect(await suite.left()).toEqual([])
  }, 400_000)
})
