import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { dockerConfigSecret, nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { request } from '../../stand-ins/registries/request.js'
import { outputOf, runJob, stepOf, type Files, type JobResult } from '../../harness/job.js'
import { ASK, MANIFESTS, PULL } from '../../harness/ask.js'
import { observe, type Seen } from '../../harness/observe.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf, type StepText } from '../../harness/workflow.js'

const TIMEOUT = 400_000
const suite = new Suite('broker')
const servers = new Suite('broker-registry', 'restricted')

const FILES = {
  'pull.cjs': PULL,
  'container.json': JSON.stringify({ version: 1, context: '/github/workspace/app', target: 'base' }),
  'ask.sh': ASK,
  'app/Dockerfile': [
    'FROM busybox:1.36 AS base',
    'ARG WORD',
    'RUN echo "$WORD" >/word; echo "::error::from a RUN"; id -u',
    'COPY made /made',
    'FROM scratch AS unwanted',
    'COPY nothing /'
  ].join('\n'),
  'slow/Dockerfile': 'FROM busybox:1.36\nRUN echo going on; sleep 300\n'
}

/** Waits for the build that was asked for last: it counts, and goes on when the step ends. */
const UNTIL_GOING_ON =
  'n=0; until grep -qs "going on" "$KBUILD_BROKER/$(cat /tmp/last-id).log" || [ $((n += 1)) -gt 600 ]; do sleep 0.2; done'

let open: Registry
let closed: Registry

beforeAll(async () => {
  const { cluster, namespace } = servers
  ;[open, closed] = await Promise.all([
    nodePortRegistry(cluster, namespace, { name: 'open' }),
    nodePortRegistry(cluster, namespace, { name: 'closed', auth: true })
  ])
  const { push } = closed.users ?? {}
  if (push === undefined) throw new Error('the registry has no users')
  await dockerConfigSecret(suite.cluster, suite.namespace, 'apps', { [closed.pushHost]: push })
}, TIMEOUT)

afterAll(async () => {
  await Promise.all([open.remove(), closed.remove()])
})

const ask = (content: object, option = ''): string =>
  `sh ask.sh '${JSON.stringify({ version: 1, context: '/__w/demo/demo/app', ...content })}' ${option}`

function settings(): object {
  return {
    build: { insecureRegistries: [closed.pushHost] },
    broker: {
      maxPerJob: 7,
      pushTo: [
        { repository: `${closed.pushHost}/apps/{repository}/*`, plainHttp: true, pushSecret: 'apps' },
        { repository: `${closed.pushHost}/own/*`, plainHttp: true },
        { repository: `${open.pushHost}/open/*`, plainHttp: true }
      ]
    }
  }
}

/** Whether a registry has an image by its digest, and what its configuration says. */
async function imageIn(
  registry: Registry,
  repository: string,
  reference: string
): Promise<{ digest: unknown; id: unknown; config: string }> {
  const url = `http://127.0.0.1:${registry.pullHost.split(':')[1] ?? ''}`
  const credentials = registry.users?.admin
  const basic = Buffer.from(`${credentials?.username ?? ''}:${credentials?.password ?? ''}`).toString('base64')
  const headers = {
    accept: MANIFESTS,
    ...(credentials === undefined ? {} : { authorization: `Basic ${basic}` })
  }
  const manifest = await request(`${url}/v2/${repository}/manifests/${reference}`, { headers })
  const { config } = JSON.parse(manifest.body) as { readonly config?: { readonly digest: string } }
  const blob = await request(`${url}/v2/${repository}/blobs/${config?.digest ?? ''}`, { headers })
  return { digest: manifest.headers['docker-content-digest'], id: config?.digest, config: blob.body }
}

async function run(
  runner: RunnerPod,
  steps: readonly StepText[],
  more: { readonly cancelAt?: string; readonly event?: string; readonly files?: Files } = {}
): Promise<{ readonly result: JobResult; readonly seen: readonly Seen[] }> {
  const { event = 'push', files = {}, ...rest } = more
  return observe(suite.cluster, suite.namespace, async () =>
    runJob(runner, {
      workflow: workflowOf({ container: 'debian:bookworm-slim', steps }),
      files: { ...FILES, ...files },
      args: ['--event-name', event, '--ref', 'refs/heads/main'],
      ...rest
    })
  )
}

/** What is the same in the other mode. */
const ALSO = variants<Mode>(['novolume'], ['volume'])

describe.each<Mode>(['volume', 'novolume'])('in mode %s', mode => {
  let runner: RunnerPod
  let done: Awaited<ReturnType<typeof run>>
  const lines = (name: string): readonly string[] => outputOf(stepOf(done.result, name))
  const answer = (name: string): Record<string, unknown> =>
    JSON.parse(lines(name).findLast(line => line.startsWith('{"version"')) ?? '{}') as Record<string, unknown>

  beforeAll(async () => {
    runner = await suite.runner({ mode, settings: settings() })
    const { push } = closed.users ?? {}
    const apps = `${closed.pushHost}/apps/octo/demo/app`
    const credentials = [{ registry: closed.pushHost, username: push?.username ?? '', password: push?.password ?? '' }]
    const own = {
      version: 1,
      context: '/__w/demo/demo/app',
      tags: [`${closed.pushHost}/own/app:1`],
      push: true,
      target: 'base',
      credentials
    }
    const files = {
      'own.json': JSON.stringify(own),
      'private.json': JSON.stringify({ version: 1, context: '/__w/demo/demo/private', baseCredentials: credentials }),
      'private/Dockerfile': `FROM ${closed.pushHost}/own/app:1\nRUN test -s /word\n`
    }
    const steps = [
      {
        name: 'build',
        id: 'build',
        // What is built is what this very step has made.
        run: [
          'date +%s%N >app/made',
          ask({
            tags: [`${apps}:1`, `${apps}:latest`, `${open.pushHost}/open/app:1`],
            push: true,
            target: 'base',
            buildArgs: { WORD: 'word' },
            labels: { 'org.opencontainers.image.title': 'an app' }
          }),
          'echo "digest=$(cat /tmp/digest)" >>"$GITHUB_OUTPUT"',
          'test -s /tmp/digest && ls -A "$(dirname "$KBUILD_BROKER")/_kbuild"'
        ].join('\n')
      },
      {
        name: 'pull',
        run: [
          `/__e/node20/bin/node pull.cjs http://${open.pushHost} open/app "\${{ steps.build.outputs.digest }}"`,
          'ls -A "$KBUILD_BROKER"'
        ].join('\n')
      },
      {
        name: 'own credential',
        // The runner prints scripts.
        run: 'sh ask.sh @own.json'
      },
      { name: 'private base', run: 'sh ask.sh @private.json' },
      { name: 'not allowed', run: ask({ tags: ['elsewhere.example.com/app:1'], push: true }) },
      { name: 'a link', run: `ln -s /etc app/link; ${ask({ context: '/__w/demo/demo/app/link' })}` },
      { name: 'unknown', run: ask({ serviceAccountName: 'admin', context: '/etc' }) },
      { name: 'cancelled', run: ask({ context: '/__w/demo/demo/slow' }, '--cancel') },
      {
        name: 'container',
        uses: 'docker://busybox:1.36',
        with: {
          entrypoint: 'sh',
          args: 'ask.sh @container.json'
        }
      },
      { name: 'left', run: `${ask({ context: '/__w/demo/demo/slow' }, '--background')}; ${UNTIL_GOING_ON}` },
      { name: 'too many', run: ask({ target: 'base' }) }
    ]
    done = await run(runner, steps, { files })
  }, TIMEOUT)

  test('a step builds what it made, and pushes with a credential that it never sees', async () => {
    expect(stepOf(done.result, 'build').conclusion).toBe('success')
    const { digest, pushed } = answer('build')
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(pushed).toHaveLength(3)
    const image = await imageIn(closed, 'apps/octo/demo/app', 'latest')
    expect(image.digest).toBe(digest)
    expect(image.config).toContain('"org.opencontainers.image.title":"an app"')
    expect(image.config).not.toContain('kaniko-hooks.build')
    expect(answer('build')['imageId']).toBe(image.id)
    expect(answer('build')['size']).toBeGreaterThan(500_000)
  })

  test('lines of the build come as data, of which the runner obeys none', () => {
    expect(lines('build')).toContain('{"line":"::error::from a RUN"}')
    expect(lines('build').filter(line => line.startsWith('##[error]'))).toEqual([])
  })

  test('a following step pulls the image by its digest, and finds an empty mailbox', () => {
    expect(lines('pull').slice(-2)).toEqual([expect.stringMatching(/^whole: [1-9]\d* layers$/), 'broker.json'])
  })

  test('credentials of a request push, and stand nowhere afterwards', async () => {
    expect(answer('own credential')).toMatchObject({ outcome: 'built' })
    expect((await imageIn(closed, 'own/app', '1')).digest).toBe(answer('own credential')['digest'])
    expect(done.result.log).not.toContain(closed.users?.push.password)
  })

  test('a base image comes with the credential of the request, which no container that pushes has', () => {
    expect(answer('private base')).toMatchObject({ outcome: 'built', pushed: [] })
  })

  test.each([
    ['not allowed', /^tags\.0: elsewhere\.example\.com\/app may not be pushed to: the request has no credential/],
    ['a link', /leads out of the runner's work directory by a symbolic link/],
    ['too many', /^Runner configuration: this job has asked for 7 builds already/]
  ])('what is refused is one sentence: %s', (name, sentence) => {
    expect(answer(name)).toMatchObject({ outcome: 'failed', problems: [expect.stringMatching(sentence)] })
  })

  test('all that is wrong with a request comes at once', () => {
    expect(answer('unknown')).toMatchObject({ problems: ['serviceAccountName: is not a known field'] })
  })

  test('a container step asks too', () => {
    expect(answer('container')).toMatchObject({ outcome: 'built' })
  })

  test('a cancelled build ends, and the step goes on', () => {
    expect(answer('cancelled')).toMatchObject({ code: 'CANCELLED' })
    expect(stepOf(done.result, 'cancelled').conclusion).toBe('success')
  })

  test('builds have no token, no volume of the job, and the same pod as those of actions', () => {
    const pods = done.seen.flatMap(item =>
      item.kind === 'Pod' && item.metadata?.name?.includes('-build-') ? [item] : []
    )
    expect(pods.length).toBeGreaterThanOrEqual(5)
    for (const { spec } of pods) {
      expect(spec?.automountServiceAccountToken).toBe(false)
      expect(spec?.volumes?.some(volume => volume.persistentVolumeClaim !== undefined)).toBe(false)
    }
  })

  test('a step that ends takes its builds along, and nothing is left', async () => {
    expect(stepOf(done.result, 'left').conclusion).toBe('success')
    expect(await suite.left(runner)).toEqual([])
  })

  if (!ALSO.includes(mode)) return

  test(
    'so does a step that is cancelled',
    async () => {
      const hang = { name: 'hang', run: ask({ context: '/__w/demo/demo/slow' }) }
      const { result } = await run(runner, [hang], { cancelAt: 'hang:12' })
      expect(result.conclusion).toBe('cancelled')
      expect(await suite.left(runner)).toEqual([])
    },
    TIMEOUT
  )

  test(
    'code that may be foreign does not push with the credential of the runner',
    async () => {
      const tags = [`${closed.pushHost}/apps/octo/demo/app:2`]
      done = await run(runner, [{ name: 'foreign', run: ask({ tags, push: true }) }], { event: 'pull_request_target' })
      expect(answer('foreign')).toMatchObject({ problems: [expect.stringMatching(/only code that was accepted/)] })
    },
    TIMEOUT
  )
})
