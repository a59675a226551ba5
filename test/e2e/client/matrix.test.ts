import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { KubernetesBackend, type BuildOutcome } from '../../../packages/client/src/index.js'
import { RegistryClient } from '../../../packages/registry/src/index.js'
import { ASK } from '../../harness/ask.js'
import { rightsFor, upstreamOf, USER } from '../../harness/connector-job.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { getJson } from '../../harness/kubectl.js'
import { Made } from '../../harness/made.js'
import { VOLUME_ROLE } from '../../harness/roles.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'
import {
  connectorUser,
  createConnector,
  deleteConnector,
  installConnectors,
  type Connector
} from '../../stand-ins/connector/index.js'
import {
  createAuthority,
  nodePortRegistry,
  proxiedRegistry,
  tokenRegistry,
  type Registry
} from '../../stand-ins/registries/index.js'
import { nodeAddress } from '../../stand-ins/registries/objects.js'

/** How many builds go on beside each other; two cores do not build more in less time. */
const AT_ONCE = 3

const DESTINATIONS = ['open', 'closed', 'harbor', 'connector'] as const
const ENGINES = ['chainguard', 'google'] as const

type DestinationName = (typeof DESTINATIONS)[number]

interface Cell {
  readonly tags: number
  readonly push: boolean
  /** The fork for which the Dockerfile and the arguments are made; the cluster has one executor. */
  readonly engine: (typeof ENGINES)[number]
  readonly to: DestinationName
}

const ALL: readonly Cell[] = DESTINATIONS.flatMap(to =>
  ENGINES.flatMap(engine => [true, false].flatMap(push => [1, 3].map(tags => ({ tags, push, engine, to }))))
)

/** Each value of each with each value of each other one, once at least. */
const PAIRS: readonly Cell[] = [
  { to: 'open', tags: 1, push: true, engine: 'chainguard' },
  { to: 'open', tags: 3, push: false, engine: 'google' },
  { to: 'closed', tags: 3, push: true, engine: 'google' },
  { to: 'closed', tags: 1, push: false, engine: 'chainguard' },
  { to: 'harbor', tags: 1, push: true, engine: 'google' },
  { to: 'harbor', tags: 3, push: false, engine: 'chainguard' },
  { to: 'connector', tags: 3, push: true, engine: 'chainguard' },
  { to: 'connector', tags: 1, push: false, engine: 'google' }
]

const isPair = (cell: Cell): boolean => PAIRS.some(pair => JSON.stringify(pair) === JSON.stringify(ordered(cell)))
const CELLS = variants(
  PAIRS,
  ALL.filter(cell => !isPair(cell))
).map((cell, index) => ({ ...cell, repository: `acme/app-${index}` }))

function ordered({ to, tags, push, engine }: Cell): Cell {
  return { to, tags, push, engine }
}

const suite = new Suite('matrix')
const made = new Made()

interface Place {
  /** As in the names of images. */
  readonly host: string
  readonly registry: Registry
  /** Whether the builder has a credential; a connector has it in its place. */
  readonly isOpen: boolean
}

let places: Readonly<Record<DestinationName, Place>>
let connector: Connector
let home: string
let asked: ReturnType<typeof askHook>

beforeAll(async () => {
  const { cluster, namespace } = suite
  const authority = await createAuthority()
  const [address, open, closed, token] = await Promise.all([
    nodeAddress(cluster),
    made.keep(nodePortRegistry(cluster, namespace, { name: 'open' }), one => one?.remove()),
    made.keep(nodePortRegistry(cluster, namespace, { name: 'closed', auth: true }), one => one?.remove()),
    made.keep(tokenRegistry(cluster, namespace, { path: 'acme', authority, trusted: false }), one => one?.remove()),
    installConnectors(cluster)
  ])
  const harbor = await made.keep(
    proxiedRegistry(cluster, namespace, token, { name: 'harbor', authority, deleteRules: 'harbor' }),
    one => one?.remove()
  )
  connector = await made.keep(
    createConnector(cluster, namespace, {
      name: 'matrix',
      form: 'unexposed',
      connectorClass: 'harbor',
      upstream: { ...upstreamOf(token, 'push'), address: `https://${harbor.pushHost}` }
    }),
    () => deleteConnector(cluster, namespace, 'matrix')
  )
  await connectorUser(cluster, namespace, USER, connector)
  const here = ({ pullHost }: Registry): string => pullHost.replace('localhost', address)
  places = {
    open: { host: here(open), registry: open, isOpen: true },
    closed: { host: here(closed), registry: closed, isOpen: false },
    harbor: { host: harbor.pushHost, registry: harbor, isOpen: false },
    connector: { host: harbor.pushHost, registry: harbor, isOpen: true }
  }
  home = mkdtempSync(join(tmpdir(), 'matrix-'))
  writeFileSync(join(home, 'hello'), 'hello\n')
  writeFileSync(join(home, 'Dockerfile'), 'FROM scratch\nARG NUMBER\nLABEL number=$NUMBER\nCOPY hello /\n')
  asked = askHook()
  // The test tells it.
  asked.catch(() => undefined)
}, 400_000)

afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await made.remove()
}, 60_000)

function tagsOf({ to, tags, repository }: (typeof CELLS)[number]): string[] {
  return Array.from({ length: tags }, (_, index) => `${places[to].host}/${repository}:${index + 1}`)
}

async function build(cell: (typeof CELLS)[number]): Promise<BuildOutcome> {
  const { images, kubeconfig } = suite.cluster
  const { host, registry, isOpen } = places[cell.to]
  const { username, password } = registry.users?.push ?? { username: '', password: '' }
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  const backend = new KubernetesBackend({
    env: { HOME: home, ...(isOpen ? {} : { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth } } }) }) },
    kubeconfig,
    namespace: suite.namespace,
    kaniko: { image: images.kaniko, fork: cell.engine },
    pushImage: images.crane,
    ...(registry.ca === undefined ? {} : { authorities: { [host]: registry.ca } }),
    ...(cell.to === 'connector' ? { connector: { name: connector.name, serviceAccount: USER } } : {})
  })
  return backend.build(
    {
      context: { kind: 'directory', path: home },
      tags: tagsOf(cell),
      push: cell.push,
      ...{
        buildArgs: { NUMBER: cell.repository },
        labels: {},
        annotations: {},
        secrets: [],
        files: [],
        engineArgs: []
      },
      registryMirrors: [],
      insecureRegistries: registry.ca === undefined ? [host] : [],
      pushRetries: 0,
      timeoutMs: 120_000
    },
    { line: () => undefined, phase: () => undefined },
    new AbortController().signal
  )
}

/** What a registry has by a name. */
async function digestOf(to: DestinationName, repository: string, tag: string): Promise<string | undefined> {
  const { host, registry } = places[to]
  const { ca, users } = registry
  const options = { plainHttp: ca === undefined, ...(ca === undefined ? {} : { ca }), credential: users?.admin }
  return (await new RegistryClient(host, options).headManifest(repository, tag))?.digest
}

/** What builds left in the cluster. */
async function left(): Promise<readonly string[]> {
  const { items } = await getJson<{ readonly items: readonly { readonly metadata: Meta }[] }>(suite.cluster, [
    ...['pods,secrets', '-n', suite.namespace, '-l', 'app.kubernetes.io/managed-by=kbuild']
  ])
  return items.flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.name] : []))
}

interface Meta {
  readonly name: string
  readonly deletionTimestamp?: string
}

function askedTags(): string[] {
  return ['1', '2', '3'].map(tag => `${places.connector.host}/acme/asked:${tag}`)
}

/** A job whose steps ask the hook. */
async function askHook(): Promise<{ readonly result: JobResult; readonly left: readonly string[] }> {
  const { host } = places.connector
  const pushTo = [{ repository: `${host}/acme/**`, connector: { name: connector.name, serviceAccount: USER } }]
  const runner = await suite.runner({
    mode: 'volume',
    rules: [...VOLUME_ROLE, ...rightsFor([connector.name], [USER])],
    settings: { broker: { pushTo } }
  })
  const request = { version: 1, context: '/__w/demo/demo/app', tags: askedTags(), push: true }
  const outside = { ...request, tags: [`${host}/other/app:1`] }
  const result = await runJob(runner, {
    workflow: workflowOf({
      container: suite.cluster.images.debian,
      steps: [
        { name: 'build', run: `sh ask.sh '${JSON.stringify(request)}'` },
        { name: 'outside', run: `sh ask.sh '${JSON.stringify(outside)}'` }
      ]
    }),
    files: { 'ask.sh': ASK, 'app/Dockerfile': 'FROM scratch\nCOPY hello /\n', 'app/hello': 'hello\n' },
    args: ['--event-name', 'push', '--ref', 'refs/heads/main']
  })
  return { result, left: await suite.left(runner) }
}

describe('tags × push × engine × destination', () => {
  const outcomes = new Map<string, PromiseSettledResult<BuildOutcome>>()

  beforeAll(async () => {
    const waiting = [...CELLS]
    const builder = async (): Promise<void> => {
      for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
        const [outcome] = await Promise.allSettled([build(cell)])
        outcomes.set(cell.repository, outcome)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, builder))
  }, 900_000)

  test.each(CELLS)('$tags to $to, push: $push, $engine', async cell => {
    const outcome = outcomes.get(cell.repository)
    if (outcome?.status !== 'fulfilled') throw outcome?.reason
    const { digest, pushed, imageId } = outcome.value
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(pushed).toEqual(cell.push ? tagsOf(cell) : [])
    const expected = Array.from({ length: cell.tags }, () => (cell.push ? digest : undefined))
    const found = expected.map(async (_, index) => digestOf(cell.to, cell.repository, String(index + 1)))
    expect(await Promise.all(found)).toEqual(expected)
    const all = (await places[cell.to].registry.images()).filter(name => name.startsWith(`${cell.repository}:`))
    expect(all).toHaveLength(cell.push ? cell.tags : 0)
    // Who asks a connector needs a token, which a client has not.
    const isAsked = cell.push && cell.to !== 'connector'
    expect(imageId).toEqual(isAsked ? expect.stringMatching(/^sha256:/) : undefined)
  })

  test('leaves nothing in the cluster', async () => {
    expect(await left()).toEqual([])
  })
})

test('a step pushes by a connector of the administrator’s, with no password of its own', async () => {
  const { result, left } = await asked
  const { host } = places.connector
  const tags = askedTags()
  const answer = (name: string): Record<string, unknown> =>
    JSON.parse(outputOf(stepOf(result, name)).findLast(line => line.startsWith('{"version"')) ?? '{}') as Record<
      string,
      unknown
    >
  expect(answer('build')).toMatchObject({
    outcome: 'built',
    pushed: tags,
    imageId: expect.stringMatching(/^sha256:/),
    size: expect.any(Number)
  })
  const { digest } = answer('build')
  const found = ['1', '2', '3'].map(async tag => digestOf('connector', 'acme/asked', tag))
  expect(await Promise.all(found)).toEqual([digest, digest, digest])
  expect(answer('outside')).toMatchObject({
    problems: [
      `tags.0: ${host}/other/app may not be pushed to: the request has no credential for ${host}, and no entry of the setting broker.pushTo allows it`
    ]
  })
  expect(left).toEqual([])
})
