import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'

import { Api } from '../../harness/cluster/api.js'
import { furtherImage } from '../../harness/cluster/further-image.js'
import {
  connectorUser,
  createConnector,
  installConnectors,
  serviceAccountToken,
  type Connector
} from '../../stand-ins/connector/index.js'
import { buildkit } from '../../harness/images/buildkit.js'
import { busybox } from '../../harness/images/busybox.js'
import { dockerConfigSecret, tokenRegistry, type TokenRegistry } from '../../stand-ins/registries/index.js'
import { undoAll, type Undo } from '../../stand-ins/registries/objects.js'
import { apply, kubectl } from '../../harness/kubectl.js'
import { Suite } from '../../harness/suite.js'

/** The vendor's pod is privileged. */
const suite = new Suite('seed', 'privileged')

const PAGE = join(import.meta.dirname, '..', '..', 'stand-ins', 'connector', 'vendor', 'build-in-a-job.yaml')
const PAGE_IMAGE = 'c-harbor.default.svc.cluster.local/test/test-cjt:v1'
const PAGE_CONNECTOR = 'harbor'
/** What the page makes, as kubectl names it. */
const PAGE_OBJECTS = [
  `connector.connectors.alauda.io/${PAGE_CONNECTOR}`,
  'secret/harbor-secret',
  'configmap/dockerfile'
]
const MADE_BY_TEST = 'kaniko-hooks/test'
/** What the image is upstream, whatever stands before it in a connector's names. */
const UPSTREAM_IMAGE = 'test/test-cjt:v1'
/** The page's pod names none. */
const SERVICE_ACCOUNT = 'default'
/** BuildKit may have to be compiled first. */
const SET_UP_MS = 900_000
const BUILD_MS = 120_000

let page: { readonly connector: string; readonly dockerfile: string; readonly pod: string }
let builder: string
let registry: TokenRegistry
const undo: Undo[] = []

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  builder = await furtherImage(cluster, [busybox, buildkit])
  registry = await tokenRegistry(cluster, namespace, { path: 'test' })
  undo.push(() => registry.remove())
  const [connector = '', secret = '', dockerfile = '', pod = ''] = (await readFile(PAGE, 'utf8')).split('\n---\n')
  page = { connector: `${connector}\n---\n${secret}`, dockerfile, pod }
}, SET_UP_MS)

afterAll(() => undoAll(undo), 60_000)

/** The page's text with the names of this cluster: all that is adapted in it. */
function here(text: string, image: string = PAGE_IMAGE): string {
  const { username, password } = registry.users.delete
  const words = {
    'docker-mirrors.alauda.cn/moby/buildkit:v0.18.2': builder,
    'https://harbor.example.com': `https://${registry.pushHost}`,
    'username: admin': `username: ${JSON.stringify(username)}`,
    'password: admin': `password: ${JSON.stringify(password)}`,
    [PAGE_IMAGE]: image
  }
  return Object.entries(words).reduce((result, [from, to]) => result.replace(from, () => to), text)
}

/** The page's Connector, with a proxy; and what its pod needs beside it. */
async function followPage(namespace: string, form: 'host' | 'unexposed'): Promise<Connector> {
  const { cluster } = suite
  const within = ['-n', namespace]
  for (const text of [page.connector, page.dockerfile])
    await kubectl(cluster, [...within, 'apply', '-f', '-'], here(text))
  await kubectl(cluster, [...within, 'label', '--overwrite', ...PAGE_OBJECTS, `${MADE_BY_TEST}=true`])
  // The registry's certificate is not of an authority that the proxy knows, as the page takes for granted.
  const ca = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'harbor-ca', namespace },
    stringData: { 'ca.crt': registry.ca }
  }
  await apply(cluster, ca)
  const trust = JSON.stringify({ spec: { caCertSecretRef: { name: ca.metadata.name } } })
  await kubectl(cluster, [
    ...within,
    'patch',
    'connectors.connectors.alauda.io',
    PAGE_CONNECTOR,
    '--type=merge',
    '-p',
    trust
  ])
  const connector = await createConnector(cluster, namespace, { name: PAGE_CONNECTOR, form })
  // The platform binds the viewers' role in a project, and with it this right.
  await connectorUser(cluster, namespace, SERVICE_ACCOUNT, connector)
  return connector
}

/**
 * Deletes what {@link followPage} made, maybe in an earlier run.
 *
 * @throws when something of those names is not a test's
 */
async function clear(namespace: string): Promise<void> {
  const within = ['-n', namespace]
  const kinds = 'connectors.connectors.alauda.io,secrets,configmaps'
  const foreign = (await kubectl(suite.cluster, [...within, 'get', kinds, '-l', `!${MADE_BY_TEST}`, '-o', 'name']))
    .split('\n')
    .filter(name => PAGE_OBJECTS.includes(name))
  if (foreign.length > 0)
    throw new Error(
      `${foreign.join(', ')} in namespace ${namespace} was made by no test: the page's names are needed there.`
    )
  await kubectl(suite.cluster, [...within, 'delete', '--ignore-not-found', ...PAGE_OBJECTS])
  const rights = ['role', 'rolebinding'].map(kind => `${kind}/${SERVICE_ACCOUNT}-${PAGE_CONNECTOR}`)
  await kubectl(suite.cluster, [...within, 'delete', '--ignore-not-found', ...rights, 'secret/harbor-ca'])
}

/** Makes the page's pod and waits for its end. */
async function build(namespace: string, image: string): Promise<{ readonly phase: string; readonly log: string }> {
  const { cluster } = suite
  const made = await kubectl(cluster, ['-n', namespace, 'create', '-o', 'name', '-f', '-'], here(page.pod, image))
  const pod = made.trim()
  try {
    const ended = await podUntil(namespace, pod, ({ status }) => ['Succeeded', 'Failed'].includes(status?.phase ?? ''))
    return { phase: ended.status?.phase ?? '', log: await kubectl(cluster, ['-n', namespace, 'logs', pod]) }
  } finally {
    await kubectl(cluster, ['-n', namespace, 'delete', '--grace-period=1', '--wait=false', pod])
  }
}

async function podUntil(namespace: string, pod: string, isDone: (pod: V1Pod) => boolean): Promise<V1Pod> {
  const api = new Api(suite.cluster.kubeconfig)
  const end = Date.now() + BUILD_MS
  for (;;) {
    const found = await api.get<V1Pod>(`/api/v1/namespaces/${namespace}/pods/${pod.replace('pod/', '')}`)
    if (found !== undefined && isDone(found)) return found
    if (Date.now() > end) throw new Error(`${pod} is not there yet: ${JSON.stringify(found?.status)}`)
    await sleep(500)
  }
}

/** The build and its witnesses: the upstream registry, its token service, and the proxy's log. */
async function expectBuild(namespace: string, connector: Connector, image: string): Promise<string> {
  const before = (await registry.tokenRequests()).length
  await connector.forgetRequests()
  const { phase, log } = await build(namespace, image)
  expect({ phase, log: phase === 'Succeeded' ? '' : log }).toEqual({ phase: 'Succeeded', log: '' })
  const uses = (await registry.tokenRequests()).slice(before).filter(({ user }) => user !== null)
  expect(await registry.images()).toContain(UPSTREAM_IMAGE)
  const lines = await connector.requests()
  const [repository, tag] = UPSTREAM_IMAGE.split(':')
  expect(lines).toContainEqual(
    expect.objectContaining({
      method: 'PUT',
      path: `/v2/${connector.prefix}${repository ?? ''}/manifests/${tag ?? ''}`,
      host: image.split('/')[0],
      status: 201,
      who: `${namespace}/${SERVICE_ACCOUNT}`,
      injected: true
    })
  )
  const injected = lines.filter(line => line.injected)
  expect(uses.length).toBeGreaterThan(0)
  expect(uses.length).toBeLessThanOrEqual(injected.length)
  expect(new Set(uses.map(({ user }) => user))).toEqual(new Set([registry.users.delete.username]))
  expect(new Set(injected.map(({ who }) => who))).toEqual(new Set([`${namespace}/${SERVICE_ACCOUNT}`]))
  const { password } = registry.users.delete
  expect([log, JSON.stringify(lines)].filter(text => text.includes(password))).toEqual([])
  return /pushing manifest for \S+@(sha256:[0-9a-f]{64})/.exec(log)?.[1] ?? 'no digest'
}

test("the page's objects are accepted as they stand", async () => {
  const strict = ['apply', '--dry-run=server', '--validate=strict', '-f', '-']
  const said = await kubectl(suite.cluster, ['-n', suite.namespace, ...strict], page.connector)
  expect(said).toMatch(/^connector\.connectors\.alauda\.io\/harbor created/)
})

describe("the page's pod builds and pushes", () => {
  test('in 1.0, where the host selects the connector: under the very name of the page', async () => {
    const namespace = 'default'
    await clear(namespace)
    const connector = await followPage(namespace, 'host')
    try {
      await expectBuild(namespace, connector, PAGE_IMAGE)
    } finally {
      await connector.remove()
      await clear(namespace)
    }
  }, 400_000)

  test('since 1.1, where the path does; and the kubelet pulls it', async () => {
    const { cluster, namespace } = suite
    const connector = await followPage(namespace, 'unexposed')
    try {
      const { prefix, pushHost, pullHost } = connector
      const digest = await expectBuild(namespace, connector, `${pushHost}/${prefix}${UPSTREAM_IMAGE}`)
      const token = await serviceAccountToken(cluster, namespace, SERVICE_ACCOUNT)
      await dockerConfigSecret(cluster, namespace, 'pull', { [pullHost]: { username: 'u', password: token } })
      expect(await pulledAs(namespace, `${pullHost}/${prefix}${UPSTREAM_IMAGE}`, 'pull')).toContain(digest)
    } finally {
      await connector.remove()
    }
  }, 400_000)
})

/** What the kubelet has pulled for an image: there is no program in it that could be run. */
async function pulledAs(namespace: string, image: string, pullSecret: string): Promise<string> {
  const { cluster } = suite
  const name = `pull-${randomBytes(4).toString('hex')}`
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      restartPolicy: 'Never',
      imagePullSecrets: [{ name: pullSecret }],
      containers: [{ name: 'image', image, imagePullPolicy: 'Always', command: ['none'] }]
    }
  })
  const pod = await podUntil(namespace, `pod/${name}`, found => {
    return found.status?.phase === 'Failed' || containerOf(found)?.state?.waiting?.message !== undefined
  })
  const { imageID = '', state } = containerOf(pod) ?? {}
  return imageID === '' ? JSON.stringify(state) : imageID
}

function containerOf({ status }: V1Pod) {
  return status?.containerStatuses?.[0]
}
