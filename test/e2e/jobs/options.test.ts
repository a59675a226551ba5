import { beforeAll, describe, expect, test } from '@jest/globals'

import { callHook } from '../../harness/call.js'
import { fetching } from '../../harness/fetching.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('options')

const JOB_OPTIONS = `
  --cpus 0.5 -m128m --shm-size=32m --user 1234:2345 --group-add 3456
  --hostname builder --add-host db.example:10.9.8.7 --dns-search svc.example --dns-option ndots:2
  --cap-drop all --security-opt no-new-privileges --read-only --tmpfs /run/fast:size=1m,mode=1777
  --env "FROM_OPTIONS=a  \\"b\\" $(HOSTNAME)" -eFROM_BOTH=options -v cache:/cache
  --label team=build --init --ulimit nofile=1024 --sysctl net.ipv4.ip_unprivileged_port_start=81
`

const LIMITS = `
cd /sys/fs/cgroup
cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes
cut -d" " -f1 cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us
df -k /dev/shm /run/fast | awk '{print $2, $6}'
`

const WRITE = `
touch /here 2>&1 | sed 's/.*: //'
for place in . ~ "$RUNNER_TEMP" /tmp /cache /run/fast /dev/shm; do
  touch "$place/made" 2>/dev/null && echo "$place"
done
echo x=1 >>"$GITHUB_OUTPUT"
`

describe.each(variants<Mode>(['volume'], ['novolume']))('options of containers, %s', mode => {
  let result: JobResult
  const output = (name: string): string[] => outputOf(stepOf(result, name))

  beforeAll(async () => {
    const runner = await suite.runner({ mode })
    const { busybox } = suite.cluster.images
    result = await runJob(runner, {
      workflow: workflowOf({
        container: { image: busybox, env: { FROM_BOTH: 'env' }, options: JOB_OPTIONS },
        services: {
          web: {
            image: busybox,
            options: '--entrypoint httpd -w /etc --user 65534 -m 64m --read-only -h web-host --network-alias alias',
            command: '-f -p 8080'
          }
        },
        steps: [
          {
            name: 'user',
            run: 'id -u; id -g; id -G; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status | cut -f2'
          },
          { name: 'limits', run: LIMITS },
          {
            name: 'network',
            run: 'hostname; grep db.example /etc/hosts; grep -E "^(search|options)" /etc/resolv.conf; cat /proc/sys/net/ipv4/ip_unprivileged_port_start'
          },
          { name: 'variables', run: 'echo "$FROM_OPTIONS"; echo "$FROM_BOTH"' },
          { name: 'write', id: 'write', run: WRITE },
          {
            name: 'service',
            run: `${fetching('http://localhost:8080/passwd')} | head -n 1; wget -qO- http://localhost:8080/hostname`
          },
          { name: 'container', uses: `docker://${busybox}`, with: { args: 'sh -c "ls made; touch by-container"' } },
          { name: 'after', run: 'ls made by-container; pwd; echo "${{ steps.write.outputs.x }}"' }
        ].map(step => ({ ...step, 'continue-on-error': true }))
      })
    })
  }, 400_000)

  test('user, groups and capabilities are those of the options', () => {
    expect(output('user')).toEqual(['1234', '2345', '2345 3456', '0000000000000000', '0000000000000000', '1'])
  })

  test('limits and sizes, too', () => {
    expect(output('limits')).toEqual([
      String(128 * 1024 ** 2),
      '50000',
      expect.any(String),
      `${32 * 1024} /dev/shm`,
      '1024 /run/fast'
    ])
  })

  test('names and resolver', () => {
    const [hostname, hosts = '', search = '', options = '', port] = output('network')
    expect([hostname, port]).toEqual(['builder', '81'])
    expect(hosts).toMatch(/^10\.9\.8\.7\s+db\.example$/)
    expect(search).toContain('svc.example')
    expect(options).toContain('ndots:2')
  })

  test('variables; those of env: win', () => {
    expect(output('variables')).toEqual(['a  "b" $(HOSTNAME)', 'env'])
  })

  test('a root that is read-only leaves what jobs write to', () => {
    expect(output('write')).toEqual([
      'Read-only file system',
      '.',
      '/github/home',
      '/__w/_temp',
      '/cache',
      '/run/fast',
      '/dev/shm'
    ])
    expect(output('after')).toEqual(['by-container', 'made', expect.stringMatching(/^\/__w\//), '1'])
    expect(result.conclusion).toBe('success')
  })

  test('a service has its own', () => {
    const [passwd, hostname] = output('service')
    expect([passwd, hostname]).toEqual([expect.stringContaining('root'), 'builder'])
  })

  test('what has no meaning is told, once for the container', () => {
    expect(result.log.match(/options without meaning in a pod are ignored.*/g)).toEqual([
      expect.stringMatching(/ignored: (?=.*--ulimit)(?=.*--init)(?=.*--tmpfs mode).*\.$/)
    ])
  })

  test('nothing is left', async () => expect(await suite.left()).toEqual([]))
})

describe('options that are refused', () => {
  let runner: RunnerPod
  const refused = async (options: string, env: readonly string[] = []): Promise<string> => {
    const report = await callHook(runner, {
      input: {
        command: 'prepare_job',
        state: null,
        args: { container: { image: suite.cluster.images.busybox, createOptions: options }, services: [] }
      },
      env
    })
    expect(report).toMatchObject({ exitCode: 1, response: '' })
    expect(await suite.left()).toEqual([])
    return report.stdout.filter(line => line.startsWith('::error')).join('\n')
  }

  beforeAll(async () => {
    runner = await suite.runner({ mode: 'volume', settings: { options: { allow: ['privileged'] } } })
  }, 400_000)

  test.each(
    variants<readonly [options: string, words: RegExp]>(
      [
        ['--memory lots', /The options of the job container cannot be used: invalid argument "lots" for "--memory"/],
        // The settings allow it; the namespace has a say of its own.
        ['--privileged', /violates PodSecurity "baseline.*privileged/]
      ],
      [
        ['--cap-add SYS_ADMIN', /options\.allow: \["cap-add=SYS_ADMIN"\]/],
        ['--network host', /--network is not possible/],
        ['-v /var/run/docker.sock:/var/run/docker.sock', /no Docker daemon/]
      ]
    )
  )('%s: %s', async (options, words) => expect(await refused(options)).toMatch(words))
})
