import { beforeAll, describe, expect, test } from '@jest/globals'

import { Lanes } from '../../faults/lanes.js'
import { NAME_LABEL, nodePortsOf, waitUntilReady } from '../../stand-ins/registries/objects.js'
import { action, pushedBy, script, use } from '../../harness/dockerfile-action.js'
import { outputOf, placeFiles, runJob, stepOf, type JobRequest, type JobResult } from '../../harness/job.js'
import { apply } from '../../harness/kubectl.js'
import { observe } from '../../harness/observe.js'
import { imagesIn } from '../../harness/registry.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf, type StepText } from '../../harness/workflow.js'

const suite = new Suite('dockerfile')
const lanes = new Lanes<Done>()

/** A job that has ended, and what could be seen of it. */
interface Done {
  readonly result: JobResult
  /** Names of the build pods that it had. */
  readonly builds: readonly string[]
  /** When somebody asked for the deletion of each of them; the API server tells whole seconds. */
  readonly deletedAt: ReadonlyMap<string, number>
  /** What the registry has of it afterwards. */
  readonly images: readonly string[]
  readonly left: readonly string[]
}

async function run(
  runner: RunnerPod,
  steps: readonly StepText[],
  files: JobRequest['files'],
  more: Partial<JobRequest> & { readonly container?: null } = {}
): Promise<Done> {
  const { container = suite.cluster.images.debian, ...request } = more
  const deletedAt = new Map<string, number>()
  const { result, seen } = await observe(
    suite.cluster,
    suite.namespace,
    () =>
      runJob(runner, {
        workflow: workflowOf({ ...(container === null ? {} : { container }), steps }),
        ...(files === undefined ? {} : { files }),
        ...request
      }),
    ({ metadata: { name = '', deletionTimestamp, deletionGracePeriodSeconds = 0 } = {} }) => {
      if (deletionTimestamp === undefined || deletedAt.has(name)) return
      deletedAt.set(name, Date.parse(String(deletionTimestamp)) - deletionGracePeriodSeconds * 1000)
    }
  )
  const pushed = pushedBy(result)
  return {
    result,
    builds: seen
      // A build that begins with the job has its context in a Secret of the same name.
      .flatMap(({ kind, metadata }) => (kind === 'Pod' ? (metadata?.name ?? []) : []))
      .filter(name => name.startsWith(`${runner.name}-build-`)),
    deletedAt,
    images: (await imagesIn(suite.cluster)).filter(image => pushed.includes(image)),
    left: await suite.left(runner)
  }
}

function errorsOf({ result }: Done, step: string): string[] {
  return outputOf(stepOf(result, step)).filter(line => line.startsWith('##[error]') || line.startsWith('::error'))
}

const TIMEOUT = 600_000
/** Without a volume a context comes a longer way: out of the job pod. */
const MODES = variants<Mode>(['novolume'], ['volume'])
const WITHOUT_JOB_CONTAINER = { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' }
const HOST = 'ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_HOST'
const PORT = 'ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_PORT'
const NODE_PORT = 'ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_NODE_PORT'

const PLAIN = action('plain', 'FROM busybox:1.36\nCOPY x /x\nENTRYPOINT ["cat", "/x"]\n', { x: 'content\n' })
const goesOn = (name: string): StepText => use(name, { 'continue-on-error': true })

const MODES_AND_OWNERS = action(
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

/** Right values of what Kaniko by itself gets wrong, in one build. */
const AS_DOCKER = action(
  'as-docker',
  [
    'ARG TARGETARCH',
    'from busybox:1.36',
    'run echo zero >/zero',
    'FROM busybox:1.36 as BuildIt',
    'VOLUME /made',
    'RUN mkdir -p /made && echo one >/made/one',
    'FROM no-such.invalid/image:${TARGETARCH} AS unused',
    'RUN exit 1',
    'FROM --platform=$BUILDPLATFORM busybox:1.36',
    'ARG TARGETARCH TARGETOS',
    'ARG TARGETPLATFORM',
    'ARG LITERAL',
    'ARG ADDRESS',
    'RUN echo "platform: $TARGETOS/$TARGETARCH $TARGETPLATFORM" >/said && echo "literal: $LITERAL $ADDRESS" >>/said',
    'VOLUME ["/data", "/more"]',
    'WORKDIR /data',
    'RUN echo kept >below && mkdir -p /var/run/daemon && echo 1 >/var/run/daemon/pid',
    'RUN mknod /device c 1 3 && stat -c "device: %F" /device >>/said && rm /device',
    'RUN httpd -f -p 80 & sleep 1; kill $! && echo "port: 80" >>/said',
    'COPY *.nothing /none/',
    'COPY --from=0 /zero /',
    'copy --from=buildit /made/one /made/',
    'COPY alias.txt /from-link',
    'COPY tree /tree',
    'COPY entry.sh /',
    'ENTRYPOINT ["/entry.sh"]'
  ].join('\n'),
  {
    'real.txt': 'through the link\n',
    'tree/file': 'in the tree\n',
    'entry.sh': script(
      [
        'cat /said; echo "numbers and names: $(cat /zero /made/one | tr "\\n" " ")"',
        'echo "volume: $(cat /data/below)"; echo "run: $(cat /var/run/daemon/pid)"',
        'echo "link: $(stat -c %F /from-link), $(cat /from-link)"; echo "in a directory: $(readlink /tree/link)"',
        'ls -d /none /workspace /kaniko 2>&1 | grep -v "No such"; echo "all told"; exit 7'
      ].join('\n')
    )
  }
)

/** The value of a build argument that the kubelet would fill in, where it is not told to leave it. */
const LITERAL = 'a$$b $(KUBERNETES_SERVICE_HOST)'
const ADDRESS = '$(HTTP_PROXY)'

const CANARY = 'canary-of-the-runner'

/** What a job's containers may put where the hook reads a Dockerfile, for the runner's files. */
const HOSTILE = {
  ...action(
    'ignoring',
    'FROM busybox:1.36\nCOPY . /x\nENTRYPOINT ["sh", "-c", "cat /x/.dockerignore /x/file; echo ended"]\n',
    {
      file: 'harmless'
    }
  ),
  ...action('environ', 'FROM busybox:1.36\n'),
  ...action('piped', 'FROM busybox:1.36\n'),
  ...action('dockerfile', 'FROM busybox:1.36\n')
}

const PLANT = [
  'cd .github/actions',
  'ln -s /home/runner/secret ignoring/.dockerignore',
  'ln -sf /proc/self/environ environ/Dockerfile',
  'mkfifo piped/.dockerignore',
  'ln -sf /home/runner/secret dockerfile/Dockerfile',
  'ln -s /home/runner/elsewhere linked'
].join('\n')

async function hostileContexts(runner: RunnerPod): Promise<Done> {
  await runner.write('/home/runner/secret', `[${CANARY}\n`)
  await placeFiles(runner, '/home/runner/elsewhere', {
    'action.yml': JSON.stringify({ name: 'x', description: 'x', runs: { using: 'docker', image: 'Dockerfile' } }),
    Dockerfile: `FROM busybox:1.36\nRUN echo ${CANARY}\n`
  })
  const steps = ['ignoring', 'environ', 'piped', 'dockerfile', 'linked'].map(goesOn)
  return run(runner, [{ name: `[${CANARY}`, run: PLANT }, ...steps], HOSTILE, { env: { CANARY: `[${CANARY}` } })
}

/** Without a job container, since no pod has to run for what is told before a build. */
async function withRegistry(runner: RunnerPod, env: Readonly<Record<string, string>>): Promise<Done> {
  return run(runner, [goesOn('plain')], PLAIN, { container: null, env: { ...WITHOUT_JOB_CONTAINER, ...env } })
}

/** The variables of which each is missing once. The settings' own tests try each, too. */
const MISSING = variants([HOST], [PORT, NODE_PORT])
const UNREACHABLE = variants<readonly [what: string, env: Readonly<Record<string, string>>, message: RegExp]>(
  [['a host that no DNS knows', { [HOST]: 'no-such-registry.invalid' }, /no-such-registry\.invalid/]],
  [['a port on which nobody listens', { [PORT]: '5999' }, /:5999/]]
)

type LongRow = readonly [title: string, start: (runner: RunnerPod) => Promise<Done>, look: (done: Done) => void]

/** What `npm test` leaves to the tests of remove-images.ts, faults/registry.test.ts and the broken build below. */
const IN_LONG_RUN = variants<LongRow>(
  [],
  [
    [
      'a registry that refuses deletion costs a warning, not the job',
      async runner => {
        const { host, nodePort } = await registryWithoutDeletion()
        return run(runner, [use('plain')], PLAIN, { env: { [HOST]: host, [NODE_PORT]: String(nodePort) } })
      },
      ({ result }) => {
        expect(result.conclusion).toBe('success')
        const stop = outputOf(stepOf(result, 'Stop containers')).join('\n')
        expect(stop).toMatch(/##\[warning\].*does not delete images/)
        expect(stop).toContain(`no-delete.${suite.namespace}.svc`)
      }
    ],
    [
      'a Dockerfile action whose context cannot be found',
      async runner => run(runner, [goesOn('missing')], action('missing', 'FROM busybox:1.36\nCOPY not-there /x\n')),
      done => expect(errorsOf(done, 'missing')[0]).toMatch(/COPY not-there/)
    ],
    [
      'an image whose build was killed after its push is found by cleanup_job',
      killedAfterPush,
      done => {
        expect(stepOf(done.result, 'killed').conclusion).toBe('success')
        expect(stepOf(done.result, 'killed').outcome).toBe('failure')
        expect(pushedBy(done.result)).toHaveLength(1)
        expectNothingOf(done)
      }
    ]
  ]
)

/** What cannot be built, by the name of its step: what is refused before a pod starts, and what the build pod finds. */
const WRONG: Readonly<Record<string, string>> = {
  modern: [
    ...[
      'FROM busybox:1.36 AS made',
      '',
      'COPY --parents \\',
      '  x/y \\',
      '  /z',
      'RUN --mount=type=cache,target=/c true'
    ],
    ...['FROM busybox:1.36', 'COPY --from=made / /', 'COPY --chmod=4755 x /x', 'RUN --network=none true']
  ].join('\n'),
  based: 'FROM busybox:no-such-tag\nRUN true\n'
}

beforeAll(async () => {
  const runner = await suite.runner({ mode: 'volume' })
  const others = await Promise.all(MODES.map(async mode => suite.runner({ mode })))
  for (const other of others) lanes.start(actionsIn(other))
  lanes.start({
    // Without a job container, which changes nothing of a build.
    'as on Docker': async () => {
      const { mirror, registry } = suite.cluster
      const proxy = {
        http: 'http://proxy.invalid:3128',
        noProxy: [mirror, registry.host, registry.host.replace(/^[^.]*/, '')]
      }
      const settings = await runner.writeSettings({ build: { args: { LITERAL, ADDRESS } }, proxy })
      const link = {
        name: 'link',
        run: 'cd .github/actions/as-docker && ln -s real.txt alias.txt && ln -s file tree/link'
      }
      return run(runner, [link, goesOn('as-docker')], AS_DOCKER, {
        container: null,
        env: { ...WITHOUT_JOB_CONTAINER, KANIKO_HOOKS_CONFIG: settings }
      })
    },
    wrong: async () => {
      const actions = Object.entries(WRONG).map(([name, dockerfile]) => action(name, dockerfile, { x: 'x' }))
      return run(runner, Object.keys(WRONG).map(goesOn), Object.assign({}, ...actions) as JobRequest['files'])
    },
    ...Object.fromEntries(MISSING.map(name => [name, () => withRegistry(runner, { [name]: '' })])),
    ...Object.fromEntries(UNREACHABLE.map(([name, env]) => [name, () => withRegistry(runner, env)])),
    ...Object.fromEntries(IN_LONG_RUN.map(([title, start]) => [title, async () => start(runner)])),
    // The last of this runner: it leaves what a later checkout might stumble over.
    'hostile contexts': async () => hostileContexts(runner)
  })
}, TIMEOUT)

function actionsIn(runner: RunnerPod): Readonly<Record<string, () => Promise<Done>>> {
  const { mode } = runner
  return {
    [`modes, ${mode}`]: async () => {
      const own = Object.entries(MODES_AND_OWNERS)
      const downloaded = own.map(([path, file]) => [path.replace('.github/actions/modes/', ''), file] as const)
      await placeFiles(runner, '/tmp/actions/octo/modes/v1', Object.fromEntries(downloaded))
      return run(
        runner,
        [
          // The runner skips the pre of an action that lies in the repository, so this one is as if downloaded.
          { ...use('modes', { id: 'first', 'continue-on-error': true }), uses: 'octo/modes@v1' },
          {
            name: 'result',
            run: 'echo "${{ steps.first.outcome }}: ${{ steps.first.outputs.said }}"; echo "ci: $CI $GITHUB_ACTIONS"'
          },
          { ...goesOn('modes'), name: 'again' }
        ],
        MODES_AND_OWNERS,
        { args: ['--actions', '/tmp/actions'] }
      )
    },
    [`broken and cancelled, ${mode}`]: () => brokenAndCancelled(runner)
  }
}

/** A build that fails, and after it a second one that is cancelled. */
async function brokenAndCancelled(runner: RunnerPod): Promise<Done> {
  const cancelFile = '/tmp/cancel'
  let isCancelled = false
  const files = {
    ...action(
      'broken',
      'FROM busybox:1.36\nRUN echo fine\nRUN <<EOF\necho the last word >&2\nexit 9\nEOF\nRUN echo never\n'
    ),
    ...action('slow', 'FROM busybox:1.36\nRUN echo begun; sleep 100\n')
  }
  return run(runner, [goesOn('broken'), use('slow')], files, {
    args: ['--cancel-file', cancelFile],
    onLog: line => {
      if (!/^\s*begun$/.test(line) || isCancelled) return
      isCancelled = true
      void runner.exec(['touch', cancelFile])
    }
  })
}

async function killedAfterPush(runner: RunnerPod): Promise<Done> {
  return run(runner, [goesOn('killed')], action('killed', 'FROM busybox:1.36\nENTRYPOINT ["sleep", "20"]\n'), {
    onLog: line => {
      // The push is done, the record with the digest may not be written yet: the hook dies without a word.
      if (line.includes('Pushed registry.')) void runner.exec(['sh', '-c', KILL_HOOK])
    }
  })
}

describe.each(MODES)('a Dockerfile action, %s', mode => {
  test(
    'has the owners and modes that Docker gives; its exit code, pre, post and second use are right; built once',
    async () => {
      const done = await lanes.result(`modes, ${mode}`)
      const { result } = done
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
      expect(done.builds).toHaveLength(1)
      expect(pushedBy(result)).toHaveLength(1)
      expectNothingOf(done)
    },
    TIMEOUT
  )

  test(
    'fails with the failing instruction, its last words and its exit code',
    async () => {
      const done = await lanes.result(`broken and cancelled, ${mode}`)
      const [error] = errorsOf(done, 'broken')
      // As the author wrote it, and not what Kaniko got.
      expect(error).toMatch(/ at RUN <<EOF \(echo the last word >&2\): it ended with exit code 9/)
      expect(done.result.log).toMatch(/Step 3: RUN <<EOF \(echo the last word >&2\)/)
      expect(error).toMatch(/the last word/)
      expect(done.result.log).not.toMatch(/Pushed in/)
      expectNothingOf(done)
    },
    TIMEOUT
  )

  test(
    'a cancelled build is taken away by the hook that built, which nobody has to kill',
    async () => {
      const { result, builds, deletedAt, left } = await lanes.result(`broken and cancelled, ${mode}`)
      expect(result.conclusion).toBe('cancelled')
      expect(stepOf(result, 'slow')).toMatchObject({ calls: [{ endedBy: null, stdioHeld: false }] })
      const stop = stepOf(result, 'Stop containers')
      expect(stop.conclusion).toBe('success')
      expect(builds).toHaveLength(2)
      const [, build = ''] = builds
      expect(deletedAt.get(build)).toBeLessThanOrEqual(Date.parse(stop.startedAt))
      expect(left).toEqual([])
    },
    TIMEOUT
  )
})

function expectNothingOf({ images, left }: Done): void {
  expect({ images, left }).toEqual({ images: [], left: [] })
}

describe('what cannot be built', () => {
  test(
    'is refused before a pod starts, with line and instruction',
    async () => {
      const done = await lanes.result('wrong')
      const [error] = errorsOf(done, 'modern')
      const lines = [...(error ?? '').matchAll(/line (\d+) \(/g)].map(([, line]) => Number(line))
      expect(lines).toEqual([3, 6, 8, 9])
      expect(error).toMatch(/line 3 \(COPY --parents .*\).*line 6 \(RUN --mount=type=cache/)
      // That of the bad base image.
      expect(done.builds).toHaveLength(1)
    },
    TIMEOUT
  )

  test(
    'a bad base image is named, with what the registry said',
    async () => {
      const done = await lanes.result('wrong')
      const [error] = errorsOf(done, 'based')
      expect(error).toMatch(/busybox:no-such-tag/)
      // A build has half an hour; a busy machine may need a minute until Kaniko asks.
      expect(stepOf(done.result, 'based').ms).toBeLessThan(120_000)
      expect(done.left).toEqual([])
    },
    TIMEOUT
  )
})

test(
  'what Kaniko by itself gets wrong is as on Docker',
  async () => {
    const done = await lanes.result('as on Docker')
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch
    const step = stepOf(done.result, 'as-docker')
    expect(outputOf(step)).toEqual(
      expect.arrayContaining([
        `platform: linux/${architecture} linux/${architecture}`,
        `literal: ${LITERAL} ${ADDRESS}`,
        'device: character special file',
        'port: 80',
        'numbers and names: zero one ',
        'volume: kept',
        'run: 1',
        'link: regular file, through the link',
        'in a directory: file',
        'all told'
      ])
    )
    expect(outputOf(step).filter(line => /^\/(?:none|workspace|kaniko)/.test(line))).toEqual([])
    expectNothingOf(done)
  },
  TIMEOUT
)

test(
  "nothing of the runner's files is seen through links in a context, and no pipe holds it up",
  async () => {
    const done = await lanes.result('hostile contexts')
    const { result } = done
    expect(outputOf(stepOf(result, 'ignoring')).join('\n')).toMatch(
      /\.dockerignore is a link to nothing in the build context/
    )
    expect(outputOf(stepOf(result, 'ignoring')).join('\n')).toMatch(/ended$/m)
    expect(errorsOf(done, 'environ')[0]).toMatch(/Dockerfile is a link to nothing/)
    expect(errorsOf(done, 'piped')[0]).toMatch(/\.dockerignore .* it is no regular file/)
    expect(errorsOf(done, 'dockerfile')[0]).toMatch(/Dockerfile is a link to nothing/)
    expect(errorsOf(done, 'linked')[0]).toMatch(/linked leads out of the runner's work directory/)
    const seen = ['ignoring', 'environ', 'piped', 'dockerfile', 'linked'].flatMap(name =>
      outputOf(stepOf(result, name))
    )
    expect(seen.join('\n')).not.toContain(CANARY)
    expect(done.builds).toHaveLength(1)
    expectNothingOf(done)
  },
  TIMEOUT
)

describe('the registry', () => {
  test.each(MISSING)(
    'a missing %s is named',
    async name => {
      expect(errorsOf(await lanes.result(name), 'plain')[0]).toContain(name)
    },
    TIMEOUT
  )

  test.each(UNREACHABLE)(
    '%s is told within 60 s',
    async (name, _, message) => {
      const done = await lanes.result(name)
      expect(errorsOf(done, 'plain')[0]).toMatch(message)
      expect(stepOf(done.result, 'plain').ms).toBeLessThan(60_000)
      expect(done.left).toEqual([])
    },
    TIMEOUT
  )
})

test(
  'a build without a job container: the state is null',
  async () => {
    const done = await lanes.result('as on Docker')
    expect(stepOf(done.result, 'as-docker').exitCode).toBe(7)
    // The runner calls no cleanup_job for such a job.
    expect(pushedBy(done.result)).toHaveLength(1)
    expectNothingOf(done)
  },
  TIMEOUT
)

for (const [title, , look] of IN_LONG_RUN) {
  test(title, async () => look(await lanes.result(title)), TIMEOUT)
}

test(
  'nothing of any name is left in the namespace',
  async () => {
    await lanes.ended()
    expect((await suite.left()).filter(name => name !== 'pod/no-delete')).toEqual([])
  },
  TIMEOUT
)

/** Kills the hook's process, but not the runner, whose command line names the hook too. */
const KILL_HOOK = `for process in /proc/[0-9]*; do
  tr '\\0' ' ' <"$process/cmdline" | grep -q '/bin/node /home/runner/kaniko-hooks/index.js' && kill -9 "\${process#/proc/}"
done`

/** A registry as its maker ships it: deletion is off. */
async function registryWithoutDeletion(): Promise<{ host: string; nodePort: number }> {
  const { cluster, namespace } = suite
  const labels = { [NAME_LABEL]: 'no-delete' }
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
  await waitUntilReady(cluster, namespace, 'no-delete')
  const [nodePort = 0] = Object.values(await nodePortsOf(cluster, namespace, 'no-delete'))
  return { host: `no-delete.${namespace}.svc.cluster.local`, nodePort }
}
