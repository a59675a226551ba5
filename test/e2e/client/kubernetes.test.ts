import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { list } from 'tar'

import {
  KubernetesBackend,
  type BuildOutcome,
  type ImageBuild,
  type Phase
} from '../../../packages/client/src/index.js'
import { until } from '../../harness/cluster/wait.js'
import { getJson, kubectl } from '../../harness/kubectl.js'
import { NO_SECRETS_ROLE } from '../../harness/roles.js'
import { Suite } from '../../harness/suite.js'
import { nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { basicOf } from '../../stand-ins/registries/catalogue.js'
import { nodeAddress } from '../../stand-ins/registries/objects.js'
import { request } from '../../stand-ins/registries/request.js'

const suite = new Suite('client')

let open: Registry
let closed: Registry
/** Names that pods and this machine know alike. */
let openHost: string
let closedHost: string
let home: string

beforeAll(async () => {
  const { cluster, namespace } = suite
  const [one, two, address] = await Promise.all([
    nodePortRegistry(cluster, namespace, { name: 'open' }),
    nodePortRegistry(cluster, namespace, { name: 'closed', auth: true }),
    nodeAddress(cluster)
  ])
  ;[open, closed] = [one, two]
  openHost = open.pullHost.replace('localhost', address)
  closedHost = closed.pullHost.replace('localhost', address)
  home = mkdtempSync(join(tmpdir(), 'client-'))
  const { username, password } = closed.users?.push ?? { username: '', password: '' }
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  write('.docker/config.json', JSON.stringify({ auths: { [closedHost]: { auth } } }))
}, 400_000)

afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await Promise.all([open.remove(), closed.remove()])
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true })
  writeFileSync(join(home, path), text)
}

function backend(kubeconfig = suite.cluster.kubeconfig, env: Readonly<Record<string, string>> = {}): KubernetesBackend {
  const { images } = suite.cluster
  return new KubernetesBackend({
    env: { HOME: home, PATH: process.env['PATH'], ...env },
    kubeconfig,
    namespace: suite.namespace,
    kaniko: { image: images.kaniko, fork: 'chainguard' },
    pushImage: images.crane
  })
}

interface Told {
  readonly lines: string[]
  readonly phases: Phase[]
}

async function build(
  dockerfile: string,
  over: Partial<ImageBuild> = {},
  options: { readonly signal?: AbortSignal; readonly told?: Told } = {}
): Promise<BuildOutcome> {
  const { signal = new AbortController().signal, told = { lines: [], phases: [] } } = options
  const directory = `context-${Math.random()}`
  write(`${directory}/Dockerfile`, dockerfile)
  const { mirror } = suite.cluster
  return backend().build(
    {
      context: { kind: 'directory', path: join(home, directory) },
      tags: [],
      push: true,
      buildArgs: {},
      labels: {},
      annotations: {},
      secrets: [],
      files: [],
      engineArgs: [],
      registryMirrors: [mirror],
      insecureRegistries: [mirror, openHost, closedHost],
      pushRetries: 0,
      timeoutMs: 120_000,
      ...over
    },
    { line: line => void told.lines.push(line), phase: phase => void told.phases.push(phase) },
    signal
  )
}

/** What builds left in the cluster. */
async function left(): Promise<readonly string[]> {
  const selector = ['-n', suite.namespace, '-l', 'app.kubernetes.io/managed-by=kbuild']
  const list = await getJson<{
    items: readonly { kind: string; metadata: { name: string; deletionTimestamp?: string } }[]
  }>(suite.cluster, ['pods,secrets', ...selector])
  return list.items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
}

interface Content {
  readonly digest: string
  readonly manifest: {
    readonly config: { readonly digest: string }
    readonly layers: readonly { readonly size: number }[]
    readonly annotations?: object
  }
  readonly config: { readonly config: { readonly Labels?: object; readonly Env?: readonly string[] } }
}

async function imageAt(host: string, name: string, tag: string): Promise<Content> {
  const admin = host === closedHost ? closed.users?.admin : undefined
  const headers = {
    accept: 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json',
    ...(admin === undefined ? {} : { authorization: basicOf(admin) })
  }
  const answer = await request(`http://${host}/v2/${name}/manifests/${tag}`, { headers })
  expect(answer.status).toBe(200)
  const manifest = JSON.parse(answer.body) as Content['manifest']
  const blob = await request(`http://${host}/v2/${name}/blobs/${manifest.config.digest}`, { headers })
  const config = JSON.parse(blob.body) as Content['config']
  return { digest: String(answer.headers['docker-content-digest']), manifest, config }
}

describe('an image with several names', () => {
  const told: Told = { lines: [], phases: [] }
  let outcome: BuildOutcome
  const tags = (): string[] => [`${openHost}/acme/app:1.2`, `${openHost}/acme/app:latest`, `${closedHost}/team/app:1.2`]

  beforeAll(async () => {
    outcome = await build(
      `FROM busybox:1.36 AS base
LABEL team=file kept=file
RUN cat /kaniko/credentials/config.json; env; true
FROM base AS app
ARG VERSION
RUN echo "version $VERSION" >/version
FROM base AS other
COPY --parents a b`,
      {
        tags: tags(),
        target: 'app',
        buildArgs: { VERSION: '7' },
        labels: { team: 'wanted', 'org.example.title': 'a "b" $c' },
        annotations: { note: 'n' }
      },
      { told }
    )
  }, 200_000)

  test('is in each registry under each of them, and the outcome says so', async () => {
    const all = await Promise.all([
      imageAt(openHost, 'acme/app', '1.2'),
      imageAt(openHost, 'acme/app', 'latest'),
      imageAt(closedHost, 'team/app', '1.2')
    ])
    expect(all.map(({ digest }) => digest)).toEqual([outcome.digest, outcome.digest, outcome.digest])
    const [{ manifest }] = all
    expect(outcome).toMatchObject({
      pushed: tags(),
      imageId: manifest.config.digest,
      size: manifest.layers.reduce((sum, { size }) => sum + size, 0),
      backend: 'kubernetes',
      buildId: expect.stringMatching(/^kbuild-[0-9a-f]{8}$/)
    })
    expect(Object.values(outcome.durationsMs).every(ms => ms >= 0)).toBe(true)
  })

  test('is uploaded once to a repository: the second tag costs a request', async () => {
    const requests = await open.requests()
    const puts = requests.filter(({ method, path }) => method === 'PUT' && path.includes('/acme/app/'))
    expect(puts.filter(({ path }) => path.includes('/manifests/')).map(({ path }) => path)).toEqual([
      '/v2/acme/app/manifests/1.2',
      '/v2/acme/app/manifests/latest'
    ])
    const blobs = puts
      .filter(({ path }) => path.includes('/blobs/'))
      .map(({ path }) => /digest=([^&]+)/.exec(path)?.[1])
    expect(new Set(blobs).size).toBe(blobs.length)
  })

  test('has the labels that were asked for, those of the file, and none of ours', async () => {
    const { config, manifest } = await imageAt(openHost, 'acme/app', '1.2')
    expect(config.config.Labels).toEqual({ team: 'wanted', kept: 'file', 'org.example.title': 'a "b" $c' })
    expect(manifest.annotations).toEqual({ note: 'n' })
  })

  test('was built without the credential of its push', async () => {
    const log = told.lines.join('\n')
    expect(log).toContain("can't open '/kaniko/credentials/config.json'")
    expect(log).not.toContain('canary-')
    expect(JSON.stringify(await imageAt(closedHost, 'team/app', '1.2'))).not.toContain('canary-')
  })

  test('is told in phases, and leaves nothing behind', async () => {
    expect(told.phases.filter((phase, at, all) => phase !== all[at - 1])).toEqual(['context', 'bases', 'build', 'push'])
    expect(await left()).toEqual([])
  })
})

test('without a push there is a digest, and no registry hears of it', async () => {
  const before = await open.images()
  const outcome = await build('FROM busybox:1.36\nRUN echo a >/a', { push: false, tags: [`${openHost}/acme/none:1`] })
  expect(outcome).toMatchObject({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), pushed: [] })
  expect(await open.images()).toEqual(before)
  expect(await left()).toEqual([])
})

test('an image comes back as files, with and without a push', async () => {
  const files = (['docker', 'oci'] as const).map(kind => ({ kind, path: join(home, `${kind}.tar`) }))
  const tag = `${openHost}/acme/filed:1`
  const entry = async (path: string, name: string): Promise<string> => {
    const chunks: Buffer[] = []
    await list({
      file: path,
      onReadEntry: found => {
        if (found.path.replace(/^\.\//, '') === name) found.on('data', (chunk: Buffer) => void chunks.push(chunk))
      }
    })
    return Buffer.concat(chunks).toString('utf8')
  }
  for (const push of [true, false]) {
    const { digest } = await build('FROM busybox:1.36\nRUN echo a >/a', { push, tags: [tag], files })
    const index = JSON.parse(await entry(join(home, 'oci.tar'), 'index.json')) as {
      readonly manifests: readonly { readonly digest: string }[]
    }
    expect(index.manifests.map(manifest => manifest.digest)).toEqual([digest])
    const manifest = await entry(join(home, 'docker.tar'), 'manifest.json')
    expect(JSON.parse(manifest)).toMatchObject([{ RepoTags: [push ? tag : 'image:latest'] }])
    expect((await open.images()).includes('acme/filed:1')).toBe(true)
  }
  expect(await left()).toEqual([])
})

test('a RUN that fails is told with its line and its words, as the fault of who wrote it', async () => {
  const secrets = [{ id: 'npm', value: Buffer.from('canary-said') }]
  const dockerfile = 'FROM busybox:1.36\nRUN echo canary-said; ls /nowhere'
  const told: Told = { lines: [], phases: [] }
  const failing = build(dockerfile, { tags: [`${openHost}/acme/fails:1`], secrets }, { told })
  await expect(failing).rejects.toMatchObject({
    code: 'DOCKERFILE_FAILED',
    fault: 'user',
    message: expect.stringMatching(/RUN echo \*\*\*; ls \/nowhere[^]*\/nowhere: No such file/)
  })
  await expect(failing).rejects.not.toThrow(/canary-said/)
  expect(told.lines.join('\n')).not.toContain('canary-said')
  expect(await left()).toEqual([])
})

test('a registry that refuses is told with the image that the other one has', async () => {
  write('.docker/config.json', JSON.stringify({ auths: { [closedHost]: { auth: btoa('nobody:wrong-canary') } } }))
  const tags = [`${openHost}/acme/partly:1`, `${closedHost}/team/partly:1`]
  await expect(build('FROM busybox:1.36', { tags })).rejects.toMatchObject({
    code: 'PUSH_FAILED',
    message: expect.not.stringContaining('wrong-canary'),
    cause: expect.objectContaining({ pushed: [tags[0]] })
  })
  expect(await left()).toEqual([])
})

test.each(['build', 'start'])('an abort in mid-%s leaves nothing', async when => {
  const abort = new AbortController()
  const told: Told = { lines: [], phases: [] }
  const secrets = [{ id: 'npm', value: Buffer.from('canary-secret') }]
  const building = build(
    'FROM busybox:1.36\nRUN echo begun; sleep 60',
    { tags: [`${openHost}/acme/aborted:1`], secrets },
    { signal: abort.signal, told }
  )
  const ending = expect(building).rejects.toMatchObject({ code: 'ABORTED' })
  if (when === 'build') await until('the build to begin', 60, () => Promise.resolve(told.lines.includes('begun')))
  else await until('Secrets to be there', 60, async () => (await left()).some(name => name.startsWith('Secret/')))
  abort.abort()
  await ending
  expect(await left()).toEqual([])
})

test('its credentials go with a pod that somebody deletes, whatever becomes of the client', async () => {
  const told: Told = { lines: [], phases: [] }
  const secrets = [{ id: 'npm', value: Buffer.from('canary-secret') }]
  const building = build('FROM busybox:1.36\nRUN echo begun; sleep 60', { push: false, secrets }, { told })
  const ending = expect(building).rejects.toMatchObject({ code: 'POD_FAILED' })
  await until('the build to begin', 60, () => Promise.resolve(told.lines.includes('begun')))
  interface Owned {
    readonly items: readonly {
      readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly kind: string }[] }
    }[]
  }
  const labelled = ['secrets', '-n', suite.namespace, '-l', 'app.kubernetes.io/managed-by=kbuild']
  const { items } = await getJson<Owned>(suite.cluster, labelled)
  const [pod = ''] = (await left()).filter(name => name.startsWith('Pod/'))
  // The context's is made before its pod, so that it has no owner; kbuild gc knows it by the pod's name.
  const others = items.filter(({ metadata }) => metadata.name !== pod.slice('Pod/'.length))
  expect(items.length - others.length).toBe(1)
  expect(others.map(({ metadata }) => metadata.ownerReferences)).toEqual([[expect.objectContaining({ kind: 'Pod' })]])
  await kubectl(suite.cluster, ['delete', '-n', suite.namespace, pod.toLowerCase(), '--now', '--wait=false'])
  await ending
  expect(await left()).toEqual([])
})

test('a secret that the fork cannot give is told before a pod starts', async () => {
  const secrets = [{ id: 'npm', value: Buffer.from('x') }]
  const building = build('FROM busybox:1.36\nRUN --mount=type=secret,id=npm cat /run/secrets/npm', {
    push: false,
    secrets
  })
  await expect(building).rejects.toMatchObject({
    code: 'DOCKERFILE_UNSUPPORTED',
    message: expect.stringContaining('line 2')
  })
})

describe('whether it can build here', () => {
  test('an administrator can', async () => {
    expect(await backend().missing(30_000)).toBeUndefined()
  })

  test('an account without some right cannot, and the right is named', async () => {
    const runner = await suite.runner({ mode: 'volume', rules: NO_SECRETS_ROLE })
    const { cluster, namespace } = suite
    const token = (await kubectl(cluster, ['create', 'token', '-n', namespace, runner.name])).trim()
    const view = [
      'config',
      'view',
      '--raw',
      '-o',
      'jsonpath={.clusters[0].cluster.server} {.clusters[0].cluster.certificate-authority-data}'
    ]
    const [server = '', ca = ''] = (await kubectl(cluster, view)).split(' ')
    const kubeconfig = JSON.stringify(
      {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': ca } }],
        users: [{ name: 'u', user: { token } }]
      },
      undefined,
      1
    )
    expect(await backend(kubeconfig).missing(30_000)).toBe(
      `the account may not create secrets, delete secrets in namespace ${namespace}`
    )
  })

  test('without an account and a kubeconfig nobody can', async () => {
    const nowhere = new KubernetesBackend({ env: { HOME: home } })
    expect(await nowhere.missing()).toMatch(/no kubeconfig/)
  })
})
