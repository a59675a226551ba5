import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { V1Pod, V1PodSpec } from '@kubernetes/client-node'
import { load, loadAll } from 'js-yaml'

import { Api } from '../../harness/cluster/api.js'
import { run as runProgram } from '../../harness/cluster/run.js'
import { createVolume, deleteVolume } from '../../harness/cluster/index.js'
import { execInPod } from '../../harness/exec.js'
import { nodePortRegistry, tlsRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { runJob, type JobResult } from '../../harness/job.js'
import { apply, getJson, kubectl } from '../../harness/kubectl.js'
import { leftIn } from '../../harness/namespace.js'
import { observe, type Seen } from '../../harness/observe.js'
import { imagesIn } from '../../harness/registry.js'
import { RUNNER, type RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('examples')

const ROOT = join(import.meta.dirname, '..', '..', '..')
const EXAMPLES = join(ROOT, 'examples')
const STAND_IN = '/tmp/stand-in.cjs'

/** A repository with one Dockerfile action, and the job that uses it. */
const FILES = {
  '.github/actions/hello/action.yml': '{ name: hello, description: x, runs: { using: docker, image: Dockerfile } }',
  '.github/actions/hello/Dockerfile': `FROM docker.io/library/busybox:1.36
RUN echo "built for $(cat /etc/hostname 2>/dev/null | wc -l)" >/built
ENTRYPOINT ["sh", "-c", "echo hello from $(id -u)"]
`
}
const STEPS = [{ name: 'hello', uses: './.github/actions/hello' }]

let directory: string
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'examples-'))))
afterAll(async () => rm(directory, { recursive: true }))

const example = async (file: string): Promise<string> => readFile(join(EXAMPLES, file), 'utf8')

/** A text with other words in it, the longest first. */
function replaced(text: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text)
}

/** The kubectl commands that stand in an example's comments. */
function commandsIn(text: string): string[] {
  const lines = [...text.matchAll(/^# {3}(.*)$/gm)].map(([, line = '']) => line)
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => line.startsWith('kubectl '))
}

/** Runs a command as its reader would, with the test cluster's kubectl. */
async function asReader(command: string, cwd: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const program = `${suite.cluster.kubectl} --kubeconfig=${suite.cluster.kubeconfig}`
  return runProgram('sh', ['-c', command.replace(/^kubectl/, program)], { cwd, env: { ...process.env, ...env } })
}

/** A settings file for the test cluster, which has no internet: its own Kaniko, crane and Docker Hub. */
function here(text: string): string {
  const { images, mirror } = suite.cluster
  const { build, ...others } = load(text) as { readonly build?: object }
  return JSON.stringify({
    ...others,
    engine: { kaniko: { image: images.kaniko, fork: 'chainguard' } },
    build: { ...build, pushImage: images.crane, registryMirrors: [mirror], insecureRegistries: [mirror] }
  })
}

/** The records that jobs left: of images that are kept. */
async function records(): Promise<number> {
  const { items } = await getJson<{ items: unknown[] }>(suite.cluster, [
    ...['-n', suite.namespace, 'secrets', '-l', 'kaniko-hooks/image']
  ])
  return items.length
}

/** As settings/nodeport.yaml has it. */
const PULLED_BY_NODE_PORT = /Pulled.* in .*: localhost:31500\/kaniko-hooks\/actions@sha256:/

/** The image that a job pushed to the registry of settings/nodeport.yaml is gone, and so is its record. */
async function expectRemoved(log: string): Promise<void> {
  const [tag] = /actions:[0-9a-f]{12}-[0-9a-f]{8}/.exec(log) ?? []
  expect(tag).toBeDefined()
  expect(await imagesIn(suite.cluster)).not.toContain(`kaniko-hooks/${tag ?? ''}`)
  expect(await records()).toBe(0)
}

test('every example is tried by this file, by the tests of registries, connectors and clean-up, or by the demo', async () => {
  const files = (await readdir(EXAMPLES, { recursive: true })).filter(file => /\.ya?ml$/.test(file))
  const others = files.filter(
    file => !/^(registry-[\w-]+\.yaml|(settings\/)?connector[\w-]*\.yaml|repository\/.*)$/.test(file)
  )
  expect(others.sort()).toEqual([
    // e2e/kbuild/doctor.test.ts
    'doctor-job.yaml',
    'hook-template.yaml',
    // e2e/destinations/registries.test.ts
    'job-networkpolicy.yaml',
    'rbac-other-namespace.yaml',
    'rbac.yaml',
    'settings/nodeport-auth.yaml',
    'settings/nodeport.yaml',
    'settings/remote.yaml',
    'values/kubernetes-novolume.yaml',
    'values/kubernetes.yaml'
  ])
})

describe('a settings file', () => {
  let runner: RunnerPod
  const registries: Registry[] = []

  /** A runner to which only its settings file names a registry. Its job needs no pod. */
  const startRunner = async (): Promise<RunnerPod> =>
    suite.runner({
      mode: 'volume',
      env: {
        ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false',
        ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_HOST: undefined,
        ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_PORT: undefined,
        ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_NODE_PORT: undefined
      }
    })
  beforeAll(async () => (runner = await startRunner()), 120_000)
  afterAll(async () => {
    for (const registry of registries) await registry.remove()
  })
  // The Secrets of one example have the names of those of another.
  afterEach(async () => {
    const forget = ['-n', suite.namespace, 'delete', 'secret', '--ignore-not-found']
    await kubectl(suite.cluster, [...forget, 'registry-push', 'registry-pull', 'registry-layers', 'registry-ca'])
    await kubectl(suite.cluster, [...forget, '-l', 'kaniko-hooks/image'])
  })

  /** Puts the example into the runner, makes its Secrets by its own commands, and runs the job. */
  async function job(file: string, words: Readonly<Record<string, string>>, registry?: Registry): Promise<JobResult> {
    const text = replaced(await example(file), { 'arc-runners': suite.namespace, ...words })
    if (registry !== undefined) {
      const { push, pull, delete: layers } = registry.users ?? {}
      await writeFile(join(directory, 'ca.crt'), registry.ca ?? '')
      for (const command of commandsIn(text)) {
        const named = replaced(command, {
          '--docker-username=builder': `--docker-username='${push?.username ?? ''}'`,
          '--docker-username=node': `--docker-username='${pull?.username ?? ''}'`,
          '--docker-username=layers': `--docker-username='${layers?.username ?? ''}'`
        })
        await asReader(named, directory, {
          BUILDER: push?.password ?? '',
          NODE: pull?.password ?? '',
          LAYERS: layers?.password ?? ''
        })
      }
    }
    const path = `/tmp/${file}`
    await runner.write(path, here(text))
    return runJob(runner, { workflow: workflowOf({ steps: STEPS }), files: FILES, env: { KANIKO_HOOKS_CONFIG: path } })
  }

  // The runners of the values below have this file too.
  for (const title of variants([], ['nodeport.yaml: built, run, removed'])) {
    test(
      title,
      async () => {
        const result = await job('settings/nodeport.yaml', {})
        expect(result.log).toContain('hello from 0')
        expect(result.log).toMatch(PULLED_BY_NODE_PORT)
        expect(result.conclusion).toBe('success')
        await expectRemoved(result.log)
      },
      400_000
    )
  }

  test('nodeport-auth.yaml: built and kept; the next runner need not build', async () => {
    const registry = await nodePortRegistry(suite.cluster, suite.namespace, { name: 'passwords', auth: true })
    registries.push(registry)
    const [host = ''] = registry.pushHost.split(':')
    const [, nodePort = ''] = registry.pullHost.split(':')
    const words = { 'registry.kaniko-hooks.svc.cluster.local': host, '31500': nodePort }
    const result = await job('settings/nodeport-auth.yaml', words, registry)
    expect(result.log).toContain('hello from 0')
    expect(result.conclusion).toBe('success')
    expect(await registry.images()).toHaveLength(1)
    expect(await records()).toBe(1)
    runner = await startRunner()
    const again = await job('settings/nodeport-auth.yaml', words)
    expect(again.log).toContain('was kept by')
    expect(again.log).toContain('hello from 0')
    expect(again.log).not.toContain('Built in')
  }, 300_000)

  test('remote.yaml: over TLS of a private authority, with a layer cache', async () => {
    const registry = await tlsRegistry(suite.cluster, suite.namespace, { name: 'tls' })
    registries.push(registry)
    const result = await job('settings/remote.yaml', { 'registry.example.com': registry.pushHost }, registry)
    expect(result.log).toContain('hello from 0')
    expect(result.log).toMatch(/Pulled.* in .*\/acme\/actions@sha256:/)
    expect(result.conclusion).toBe('success')
    const repositories = (await registry.images()).map(image => image.split(':', 1)[0])
    expect(repositories).toContain('acme/actions')
    expect(repositories).toContainEqual(expect.stringMatching(/^acme\/layers-[0-9a-f]{12}$/))
  }, 300_000)
})

interface Values {
  readonly containerMode: {
    readonly type: 'kubernetes' | 'kubernetes-novolume'
    readonly kubernetesModeWorkVolumeClaim?: object
  }
  readonly template: { readonly spec: V1PodSpec }
}

/** The pod that the chart makes of its values, with the runner's program asleep and an image that the node has. */
function runnerPod(name: string, { containerMode, template }: Values): object {
  const { images } = suite.cluster
  const claim = { ...containerMode.kubernetesModeWorkVolumeClaim, storageClassName: 'local' }
  const hasVolume = containerMode.kubernetesModeWorkVolumeClaim !== undefined
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: suite.namespace },
    spec: {
      ...template.spec,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      serviceAccountName: 'kaniko-hooks-runner',
      containers: template.spec.containers.map(container => ({
        ...container,
        image: images.runner,
        command: ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"],
        env: [
          ...(container.env ?? []),
          { name: 'ACTIONS_RUNNER_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER', value: 'true' },
          ...(hasVolume ? [] : [{ name: 'ACTIONS_RUNNER_IMAGE', value: images.runner }])
        ],
        volumeMounts: [
          ...(container.volumeMounts ?? []),
          ...(hasVolume ? [{ name: 'work', mountPath: RUNNER.work }] : [])
        ]
      })),
      volumes: [
        ...(template.spec.volumes ?? []),
        ...(hasVolume ? [{ name: 'work', ephemeral: { volumeClaimTemplate: { spec: claim } } }] : [])
      ]
    }
  }
}

describe('the values of a scale set', () => {
  const COMMANDS = 'values/kubernetes.yaml'

  beforeAll(async () => {
    const manifest = replaced(await example('rbac.yaml'), { 'arc-runners': suite.namespace })
    await apply(suite.cluster, ...(loadAll(manifest) as object[]))
    // The repository, as a reader has it, and what differs on the test cluster.
    const settings = join(directory, 'nodeport.yaml')
    await writeFile(settings, here(await example('settings/nodeport.yaml')))
    for (const [path, content] of Object.entries(FILES)) {
      await mkdir(join(directory, 'source', dirname(path)), { recursive: true })
      await writeFile(join(directory, 'source', path), content)
    }
    const workflow = workflowOf({ container: suite.cluster.images.busybox, steps: STEPS })
    await writeFile(join(directory, 'workflow.yml'), workflow)
    const commands = commandsIn(await example(COMMANDS))
    expect(commands).toHaveLength(1)
    for (const command of commands) {
      const words = { 'arc-runners': suite.namespace, 'examples/settings/nodeport.yaml': settings }
      await asReader(replaced(command, words), ROOT)
    }
  }, 400_000)

  const inRunner = async (pod: string, command: readonly string[]) =>
    execInPod(suite.cluster, { namespace: suite.namespace, pod, container: 'runner', command })

  /** An exec's stdin was seen to arrive empty once in some 50 tries, and so was its stdout. */
  const TRIES = 5

  async function runIn(pod: string): Promise<{ log: string; result: JobResult }> {
    const copies = [
      [join(ROOT, 'dist', 'test', 'runner.cjs'), STAND_IN],
      [join(directory, 'source'), '/tmp/source'],
      [join(directory, 'workflow.yml'), '/tmp/workflow.yml']
    ]
    for (const [from = '', to = ''] of copies) {
      for (let tries = 1; (await inRunner(pod, ['test', '-e', to])).code !== 0; tries += 1) {
        if (tries > TRIES) throw new Error(`${to} did not arrive in ${pod}`)
        await kubectl(suite.cluster, ['-n', suite.namespace, 'cp', from, `${pod}:${to}`, '-c', 'runner'])
      }
    }
    const script = [
      // The hook where the values say it is.
      'exec /home/runner/externals/node20/bin/node "$0" run --workflow /tmp/workflow.yml --job build --source /tmp/source',
      '--hook "$ACTIONS_RUNNER_CONTAINER_HOOKS" --work /home/runner/_work --result /tmp/result.json'
    ].join(' ')
    const { stdout, stderr } = await inRunner(pod, ['sh', '-c', script, STAND_IN])
    const log = `${stdout.toString()}${stderr}`
    let json = ''
    for (let tries = 1; json === '' && tries <= TRIES; tries += 1)
      json = (await inRunner(pod, ['cat', '/tmp/result.json'])).stdout.toString()
    if (json === '') throw new Error(`the stand-in gave no result:\n${log}`)
    return { log, result: JSON.parse(json) as JobResult }
  }

  // The main job has a build with a volume: jobs/main-job.
  test.each(variants<Values['containerMode']['type']>(['kubernetes-novolume'], ['kubernetes']))(
    '%s.yaml, with rbac.yaml and hook-template.yaml: a green job',
    async type => {
      const values = load(await example(`values/${type}.yaml`)) as Values
      expect(values.containerMode.type).toBe(type)
      const name = `scale-set-${type}`
      const volume =
        type === 'kubernetes'
          ? await createVolume(suite.cluster, {
              claimNamespace: suite.namespace,
              claimName: `${name}-work`,
              sizeGi: 10
            })
          : undefined
      try {
        await apply(suite.cluster, runnerPod(name, values))
        const wait = ['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s']
        await kubectl(suite.cluster, ['-n', suite.namespace, ...wait])
        const { result: job, seen } = await observe(suite.cluster, suite.namespace, async () => runIn(name))
        expect(job.log).toContain('hello from 0')
        expect(job.log).toMatch(PULLED_BY_NODE_PORT)
        expect(job.result.conclusion).toBe('success')
        expectTemplate(seen.filter(({ metadata }) => metadata?.name?.startsWith(`${name}-`)))
        // Without a volume nobody waits for the end of the job's pod.
        expect(await leftIn(suite.cluster, suite.namespace, [name], name)).toEqual([])
        await expectRemoved(job.log)
      } finally {
        await kubectl(suite.cluster, ['-n', suite.namespace, 'delete', 'pod', name])
        if (volume !== undefined) await deleteVolume(suite.cluster, volume)
      }
    },
    240_000
  )

  /** What hook-template.yaml asks for, in the pods that the hook made. */
  function expectTemplate(seen: readonly Seen[]): void {
    const pods = seen.filter((item): item is V1Pod & { kind: 'Pod' } => item.kind === 'Pod')
    const build = pods.find(({ metadata }) => metadata?.labels?.['kaniko-hooks/build'] === 'true')
    expect(build?.metadata?.annotations).toMatchObject({ 'example.com/cost-centre': 'ci' })
    expect(build?.spec?.nodeSelector).toMatchObject({ 'kubernetes.io/os': 'linux' })
    expect(build?.spec?.tolerations).toContainEqual(expect.objectContaining({ key: 'example.com/builds' }))
    expect(build?.spec?.containers[0]?.resources).toMatchObject({ limits: { memory: '2Gi' } })
    const others = pods.filter(pod => pod !== build)
    expect(others.length).toBeGreaterThanOrEqual(2)
    for (const { metadata } of others) expect(metadata?.labels).toMatchObject({ 'example.com/team': 'platform' })
    const job = others.find(({ spec }) => spec?.containers.some(container => container.name === 'job'))
    expect(job?.spec?.containers[0]?.resources?.requests).toMatchObject({ cpu: '100m' })
  }
})

test('the check of a node port in docs/destinations/nodeport.md', async () => {
  const page = await readFile(join(ROOT, 'docs', 'destinations', 'nodeport.md'), 'utf8')
  const command = /^kubectl run pull-check .*$/m.exec(page)?.[0] ?? ''
  await asReader(`${command} -n ${suite.namespace}`, ROOT)
  const api = new Api(suite.cluster.kubeconfig)
  // The kubelet pulls one image after the other.
  const until = Date.now() + 120_000
  let said = ''
  while (!said.includes('not found') && Date.now() < until) {
    await sleep(500)
    const pod = await api.get<V1Pod>(`/api/v1/namespaces/${suite.namespace}/pods/pull-check`)
    said = pod?.status?.containerStatuses?.[0]?.state?.waiting?.message ?? said
  }
  expect(said).toContain('not found')
})
