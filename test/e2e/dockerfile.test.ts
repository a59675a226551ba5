import { setTimeout as sleep } from 'node:timers/promises'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { action, pushedBy, script, use } from '../support/dockerfile-action.js'
import { outputOf, runJob, stepOf, type JobRequest, type JobResult } from '../support/job.js'
import { getJson } from '../support/kubectl.js'
import { observe } from '../support/observe.js'
import { imagesIn } from '../support/registry.js'
import type { Mode, RunnerPod } from '../support/runner-pod.js'
import { Suite } from '../support/suite.js'
import { workflowOf, type StepText } from '../support/workflow.js'

const suite = new Suite('dockerfile')

async function imagesOf(result: JobResult): Promise<string[]> {
  const pushed = pushedBy(result)
  return (await imagesIn(suite.cluster)).filter(image => pushed.includes(image))
}

async function run(
  runner: RunnerPod,
  steps: readonly StepText[],
  files: JobRequest['files'],
  more: Partial<JobRequest> = {}
) {
  return runJob(runner, {
    workflow: workflowOf({ container: suite.cluster.images.debian, steps }),
    ...(files === undefined ? {} : { files }),
    ...more
  })
}

function errorsOf(result: JobResult, step: string): string[] {
  return outputOf(stepOf(result, step)).filter(line => line.startsWith('##[error]') || line.startsWith('::error'))
}

describe.each<Mode>(['volume', 'novolume'])('a Dockerfile action, %s', mode => {
  let runner: RunnerPod
  beforeAll(async () => {
    runner = await suite.runner({ mode })
  }, 120_000)

  test('has the owners and modes that Docker gives; its exit code, pre, post and second use are right; built once', async () => {
    const files = action(
      'modes',
      [
        'FROM busybox:1.36',
        'COPY tree /tree',
        'COPY entry.sh pre.sh post.sh /',
        'RUN touch /made && chmod 4711 /made && mkdir -m 2770 /dir && chown 12:34 /dir',
        'ENTRYPOINT ["/entry.sh"]'
      ].join('\n'),
      {
        'tree/read-only': { content: 'x', mode: 0o440 },
        'tree/open': { content: 'x', mode: 0o666 },
        'tree/run.sh': script('echo ran'),
        'entry.sh': script(
          'stat -c "%a %u:%g %n" /tree/* /made /dir /entry.sh; echo "args: $*"; echo "ci: $CI $GITHUB_ACTIONS"; echo "said=from $1" >>"$GITHUB_OUTPUT"; exit $2'
        ),
        'pre.sh': script('echo "pre ran"'),
        'post.sh': script('echo "post ran"')
      },
      { 'pre-entrypoint': '/pre.sh', 'post-entrypoint': '/post.sh', args: ['a b', '7'] }
    )
    for (const [path, file] of Object.entries(files)) {
      const target = path.replace('.github/actions/modes', '/tmp/actions/octo/modes/v1')
      const { content, mode } = typeof file === 'string' ? { content: file, mode: 0o644 } : file
      await runner.write(target, content)
      await runner.exec(['chmod', mode.toString(8), target])
    }
    const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
      run(
        runner,
        [
          // The runner skips the pre of an action that lies in the repository, so this one is as if downloaded.
          { ...use('modes', { id: 'first', 'continue-on-error': true }), uses: 'octo/modes@v1' },
          {
            name: 'result',
            run: 'echo "${{ steps.first.outcome }}: ${{ steps.first.outputs.said }}"; echo "ci: $CI $GITHUB_ACTIONS"'
          },
          { ...use('modes', { 'continue-on-error': true }), name: 'again' }
        ],
        files,
        { args: ['--actions', '/tmp/actions'] }
      )
    )
    const output = outputOf(stepOf(result, 'modes'))
    expect(output).toEqual(
      expect.arrayContaining([
        '440 0:0 /tree/read-only',
        '666 0:0 /tree/open',
        '755 0:0 /tree/run.sh',
        '4711 0:0 /made',
        '2770 12:34 /dir',
        '755 0:0 /entry.sh',
        'args: a b 7',
        'ci: true true'
      ])
    )
    expect(stepOf(result, 'modes').exitCode).toBe(7)
    expect(outputOf(stepOf(result, 'result'))).toEqual(['failure: from a b', 'ci: true true'])
    expect(outputOf(stepOf(result, 'again')).join('\n')).toMatch(/was built earlier in this job/)
    expect(result.log).toMatch(/pre ran/)
    expect(result.log).toMatch(/post ran/)
    expect(seen.filter(({ metadata }) => metadata?.name?.includes('-build-'))).toHaveLength(1)
    expect(pushedBy(result)).toHaveLength(1)
    expect(await imagesOf(result)).toEqual([])
    expect(await suite.left()).toEqual([])
  }, 240_000)

  test('fails with the failing instruction, its last words and its exit code', async () => {
    const files = action(
      'broken',
      'FROM busybox:1.36\nRUN echo fine\nRUN echo the last word >&2; exit 9\nRUN echo never\n'
    )
    const result = await run(runner, [use('broken', { 'continue-on-error': true })], files)
    const [error] = errorsOf(result, 'broken')
    expect(error).toMatch(/RUN echo the last word/)
    expect(error).toMatch(/\b9\b/)
    expect(error).toMatch(/the last word/)
    expect(result.log).not.toMatch(/Pushed in/)
    expect(await imagesOf(result)).toEqual([])
    expect(await suite.left()).toEqual([])
  }, 180_000)

  test('a cancelled build is gone within 7 s', async () => {
    const files = action('slow', 'FROM busybox:1.36\nRUN echo begun; sleep 100\n')
    const cancelFile = `/tmp/cancel-${mode}`
    let cancelledAt = Infinity
    const result = await run(runner, [use('slow')], files, {
      args: ['--cancel-file', cancelFile],
      onLog: text => {
        if (!/^\s*begun$/m.test(text)) return
        cancelledAt = Math.min(cancelledAt, Date.now())
        void runner.exec(['touch', cancelFile])
      }
    })
    const step = stepOf(result, 'slow')
    expect(result.conclusion).toBe('cancelled')
    expect(Date.parse(step.startedAt) + step.ms - cancelledAt).toBeLessThan(7_000)
    expect(result.steps.find(({ name }) => name === 'Stop containers')?.conclusion).toBe('success')
    expect(await suite.left()).toEqual([])
  }, 120_000)
})

describe('what cannot be built', () => {
  let runner: RunnerPod
  beforeAll(async () => {
    runner = await suite.runner({ mode: 'volume' })
  }, 120_000)

  test('is refused before a pod starts, with line and instruction', async () => {
    const files = action(
      'modern',
      'FROM busybox:1.36\n\nRUN <<EOF\necho x\nEOF\nRUN --mount=type=cache,target=/c true\n'
    )
    const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
      run(runner, [use('modern', { 'continue-on-error': true })], files)
    )
    const [error] = errorsOf(result, 'modern')
    expect(error).toMatch(/line 3 \(RUN <<EOF.*\).*line 6 \(RUN --mount=type=cache/)
    expect(seen.filter(({ metadata }) => metadata?.name?.includes('-build-'))).toEqual([])
  }, 120_000)

  test('a bad base image is named, with what the registry said', async () => {
    const files = action('based', 'FROM busybox:no-such-tag\nRUN true\n')
    const result = await run(runner, [use('based', { 'continue-on-error': true })], files)
    const [error] = errorsOf(result, 'based')
    expect(error).toMatch(/busybox:no-such-tag/)
    expect(stepOf(result, 'based').ms).toBeLessThan(60_000)
    expect(await suite.left()).toEqual([])
  }, 120_000)

  test('a Dockerfile action whose context cannot be found', async () => {
    const files = action('missing', 'FROM busybox:1.36\nCOPY not-there /x\n')
    const result = await run(runner, [use('missing', { 'continue-on-error': true })], files)
    expect(errorsOf(result, 'missing')[0]).toMatch(/COPY not-there/)
  }, 120_000)
})

describe('the registry', () => {
  const PLAIN = action('plain', 'FROM busybox:1.36\nCOPY x /x\nENTRYPOINT ["cat", "/x"]\n', { x: 'content\n' })
  const PREFIX = 'ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY'

  async function errorWith(env: Record<string, string | undefined>): Promise<{ error: string; ms: number }> {
    const runner = await suite.runner({ mode: 'volume', env })
    const result = await run(runner, [use('plain', { 'continue-on-error': true })], PLAIN)
    const [error = 'none'] = errorsOf(result, 'plain')
    return { error, ms: stepOf(result, 'plain').ms }
  }

  test.each([['HOST'], ['PORT'], ['NODE_PORT']])(
    'a missing %s is named',
    async name => {
      const { error } = await errorWith({ [`${PREFIX}_${name}`]: undefined })
      expect(error).toContain(`${PREFIX}_${name}`)
    },
    120_000
  )

  test.each([
    ['a host that no DNS knows', { [`${PREFIX}_HOST`]: 'no-such-registry.invalid' }, /no-such-registry\.invalid/],
    ['a port on which nobody listens', { [`${PREFIX}_PORT`]: '5999' }, /:5999/]
  ])(
    '%s is told within 60 s',
    async (_, env, message) => {
      const { error, ms } = await errorWith(env)
      expect(error).toMatch(message)
      expect(ms).toBeLessThan(60_000)
      expect(await suite.left()).toEqual([])
    },
    120_000
  )

  test('one that refuses deletion costs a warning, not the job', async () => {
    const { host, nodePort } = await registryWithoutDeletion()
    const runner = await suite.runner({
      mode: 'volume',
      env: { [`${PREFIX}_HOST`]: host, [`${PREFIX}_NODE_PORT`]: String(nodePort) }
    })
    const result = await run(runner, [use('plain')], PLAIN)
    expect(result.conclusion).toBe('success')
    const stop = outputOf(stepOf(result, 'Stop containers')).join('\n')
    expect(stop).toMatch(/##\[warning\].*does not delete images/)
    expect(stop).toContain(host)
  }, 180_000)
})

test('a build without a job container: the state is null', async () => {
  const runner = await suite.runner({ mode: 'volume', env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' } })
  const files = action('alone', 'FROM busybox:1.36\nENTRYPOINT ["sh", "-c", "echo alone; exit 7"]\n')
  const result = await runJob(runner, {
    workflow: workflowOf({ steps: [use('alone', { 'continue-on-error': true })] }),
    files
  })
  expect(outputOf(stepOf(result, 'alone'))).toContain('alone')
  expect(stepOf(result, 'alone').exitCode).toBe(7)
  // The runner calls no cleanup_job for such a job.
  expect(pushedBy(result)).toHaveLength(1)
  expect(await imagesOf(result)).toEqual([])
}, 180_000)

test('an image whose build was killed after its push is found by cleanup_job', async () => {
  const runner = await suite.runner({ mode: 'volume' })
  const files = action('killed', 'FROM busybox:1.36\nENTRYPOINT ["sleep", "20"]\n')
  const job = run(runner, [use('killed', { 'continue-on-error': true })], files, {
    onLog: text => {
      // The push is done, the record with the digest may not be written yet: the hook dies without a word.
      if (text.includes('Pushed registry.')) void runner.exec(['sh', '-c', KILL_HOOK])
    }
  })
  const result = await job
  expect(stepOf(result, 'killed').conclusion).toBe('success')
  expect(stepOf(result, 'killed').outcome).toBe('failure')
  expect(pushedBy(result)).toHaveLength(1)
  expect(await imagesOf(result)).toEqual([])
  expect((await suite.left()).filter(name => name !== 'pod/no-delete')).toEqual([])
}, 180_000)

/** Kills the hook's process, but not the runner, whose command line names the hook too. */
const KILL_HOOK = `for process in /proc/[0-9]*; do
  tr '\\0' ' ' <"$process/cmdline" | grep -q '/bin/node /home/runner/kaniko-hooks/index.js' && kill -9 "\${process#/proc/}"
done`

/** A registry as its maker ships it: deletion is off. */
async function registryWithoutDeletion(): Promise<{ host: string; nodePort: number }> {
  const { cluster, namespace } = suite
  const { apply } = await import('../support/kubectl.js')
  const labels = { app: 'no-delete' }
  await apply(
    cluster,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'no-delete', namespace, labels },
      spec: {
        containers: [
          {
            name: 'registry',
            image: cluster.images.registry,
            ports: [{ containerPort: 5000 }],
            readinessProbe: { httpGet: { path: '/v2/', port: 5000 }, periodSeconds: 1 }
          }
        ]
      }
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'no-delete', namespace },
      spec: { type: 'NodePort', selector: labels, ports: [{ port: 5000 }] }
    }
  )
  for (let tries = 0; tries < 100; tries += 1) {
    const pod = await getJson<{ status: { conditions?: { type: string; status: string }[] } }>(cluster, [
      ...['-n', namespace, 'pod/no-delete']
    ])
    if (pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) break
    await sleep(200)
  }
  const service = await getJson<{ spec: { ports: { nodePort: number }[] } }>(cluster, [
    '-n',
    namespace,
    'service/no-delete'
  ])
  return { host: `no-delete.${namespace}.svc.cluster.local`, nodePort: service.spec.ports[0]?.nodePort ?? 0 }
}
