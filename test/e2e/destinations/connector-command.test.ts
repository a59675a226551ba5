import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { load } from 'js-yaml'

import { alone } from '../../stand-ins/connector/index.js'
import { CranePod, tokenRegistry, type TokenRegistry } from '../../stand-ins/registries/index.js'
import { undoAll, type Undo } from '../../stand-ins/registries/objects.js'
import { expectBuilt, imageOf, REPOSITORY, runBuild } from '../../harness/connector-job.js'
import { kubectl, tryKubectl } from '../../harness/kubectl.js'
import { createNamespace, type Namespace } from '../../harness/namespace.js'
import { Suite } from '../../harness/suite.js'

/** The runners' namespace. */
const suite = new Suite('command')

const ROOT = join(import.meta.dirname, '..', '..', '..')
const KIND = 'connectors.connectors.alauda.io'
const SYSTEM = 'connectors-system'
/** As in examples/connector-rbac.yaml. */
const ACCOUNT = 'kaniko-hooks-images'

let registry: TokenRegistry
let directory: string
let authority: string
/** The connector's, which the page calls `connectors`. */
let own: Namespace
let name: string
let up: Said
const undo: Undo[] = []

/** What a command of the page has printed. */
interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `npm run connector -- …` as a user does; without KUBECONFIG unless it is asked for. */
function connector(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Said> {
  const { KUBECONFIG: _, ...inherited } = process.env
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', '-s', 'connector', '--', ...args], {
      cwd: ROOT,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? -1, stdout, stderr: stderr.replace(/^npm warn .*\n/gm, '') }))
  })
}

/** Every object of the connector's namespace and of the emulator's that has to do with the connector. */
async function objects(): Promise<string[]> {
  const { cluster } = suite
  const kinds = `${KIND},secrets,configmaps,services,endpointslices,deployments,replicasets,pods`
  const list = async (namespace: string): Promise<string[]> => {
    const { code, stdout } = await tryKubectl(cluster, ['-n', namespace, 'get', kinds, '-o', 'name'])
    return code === 0 ? stdout.toString().split('\n').filter(Boolean) : []
  }
  const [here, system] = await Promise.all([list(own.name), list(SYSTEM)])
  return [...here, ...system.filter(object => object.includes(`/c-${own.name}-`))].filter(
    object => object !== 'configmap/kube-root-ca.crt'
  )
}

async function untilGone(): Promise<string[]> {
  const end = Date.now() + 30_000
  for (;;) {
    const left = await objects()
    if (left.length === 0 || Date.now() > end) return left
    await sleep(300)
  }
}

const driverPods = async (): Promise<string> =>
  kubectl(suite.cluster, ['-n', SYSTEM, 'get', 'pods', '-l', 'app.kubernetes.io/name=connectors-csi', '-o', 'name'])
const statusUrl = async (): Promise<string> =>
  kubectl(suite.cluster, ['-n', own.name, 'get', KIND, 'harbor', '-o', 'jsonpath={.status.proxy.httpAddress.url}'])

/** A host and path as the command prints it after some words. */
const printed = (words: string): string =>
  new RegExp(`^${words} (\\S+)/REPOSITORY$`, 'm').exec(up.stdout)?.[1] ?? 'nothing'

beforeAll(async () => {
  const { cluster, namespace } = suite
  directory = await mkdtemp(join(tmpdir(), 'connector-'))
  undo.push(() => rm(directory, { recursive: true }))
  own = await createNamespace(cluster, 'command-own')
  name = `${own.name}/harbor`
  undo.push(() => own.delete())
  registry = await tokenRegistry(cluster, namespace)
  undo.push(() => registry.remove())
  undo.push(async () => {
    await connector(['down', '--connector', name])
  })
  authority = join(directory, 'ca.crt')
  await writeFile(authority, registry.ca ?? '')
  const { username, password } = registry.users.delete
  const address = `https://${registry.pushHost}`
  up = await connector(['up', '--connector', name, '--address', address, '--user', username, '--ca', authority], {
    UPSTREAM_PASSWORD: password
  })
}, 400_000)

afterAll(() => undoAll(undo), 60_000)

describe('up', () => {
  test('prints the driver, the address of the status, and from where to push and pull', async () => {
    expect(up).toMatchObject({ code: 0, stderr: '' })
    expect(up.stdout).toContain(`The connectors' driver is on ${suite.cluster.nodeName}.\n`)
    expect(up.stdout).toContain(`Connector ${name}: ${await statusUrl()}\n`)
    expect(await statusUrl()).toBe(`http://${printed('push to')}`)
    expect(printed('pull from')).toBe(printed('push to').replace(/^[^:]+/, 'localhost'))
    expect(JSON.stringify(up)).not.toContain(registry.users.delete.password)
  })

  test('status lists it, with KUBECONFIG too', async () => {
    const line = `connector ${name}: ${await statusUrl()} for https://${registry.pushHost}`
    for (const environment of [{}, { KUBECONFIG: suite.cluster.kubeconfig }]) {
      const { code, stdout } = await connector(['status'], environment)
      expect({ code, lines: stdout.split('\n') }).toEqual({
        code: 0,
        lines: expect.arrayContaining([`driver on: ${suite.cluster.nodeName}`, line]) as unknown
      })
    }
  })

  test('the next steps of the page: rights, a token, settings, a job', async () => {
    const { cluster, namespace } = suite
    const runner = await suite.runner({ mode: 'volume' })
    const words = {
      'arc-runners': namespace,
      'namespace: connectors': `namespace: ${own.name}`,
      'connectors/harbor': name,
      'kaniko-hooks-runner': runner.name,
      'acme/actions': REPOSITORY
    }
    const here = (text: string): string =>
      Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text)
    const [rules = '', settings = ''] = await Promise.all(
      ['connector-rbac.yaml', 'settings/connector.yaml'].map(file => readFile(join(ROOT, 'examples', file), 'utf8'))
    )
    await kubectl(cluster, ['apply', '-f', '-'], here(rules))

    const token = await kubectl(cluster, ['-n', namespace, 'create', 'token', ACCOUNT])
    const [host = ''] = printed('push to').split('/')
    const crane = await CranePod.start(cluster, namespace, {
      identities: { builder: { [host]: { username: 'u', password: token.trim() } } }
    })
    const source = `${cluster.mirror}/library/busybox:1.36`
    const mutate = ['mutate', '--insecure', '--label', `unique=${namespace}`, '-o', '/tmp/image.tar', source]
    for (const args of [mutate, ['push', '--insecure', '/tmp/image.tar', `${printed('push to')}/builds/by-hand:1`]])
      expect(await crane.run('builder', ...args)).toMatchObject({ code: 0 })
    expect(await registry.images()).toContain('builds/by-hand:1')

    const pullAddress = /localhost:31567\S+/
    const { destinations } = load(here(settings).replace(pullAddress, printed('pull from'))) as {
      destinations: [object]
    }
    const done = await runBuild(suite, runner, destinations[0])
    expectBuilt(done)
    expect(done.result.log).toContain(`Pushed ${printed('push to')}/${imageOf(done).image}`)
    expect(done.result.log).toContain(`${printed('pull from')}/${REPOSITORY}@sha256:`)
  }, 400_000)

  test('again, for the Connector that is there: another form, the same node port', async () => {
    const { code, stdout } = await connector(['up', '--connector', name, '--form', 'unexposed'], {
      KUBECONFIG: suite.cluster.kubeconfig
    })
    const url = `http://c-harbor.${own.name}.svc.cluster.local/namespaces/${own.name}/connectors/harbor`
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`Connector ${name}: ${url}\n`) as unknown
    })
    expect(stdout).toContain(`pull from ${printed('pull from')}/`)
    expect(await statusUrl()).toBe(url)
  }, 400_000)

  test('takes the address of the node and the node port that it is told', async () => {
    const taken = /:(\d+)\//.exec(printed('push to'))?.[1] ?? ''
    const more = ['--node', 'node.example', '--node-port', taken]
    const { code, stdout } = await connector(['up', '--connector', name, ...more])
    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(await statusUrl()).toBe(`http://node.example:${taken}/namespaces/${own.name}/connectors/harbor`)
    const other = await connector(['up', '--connector', name, '--node-port', '1'])
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Service c-\S+ was not accepted \(422\): .*valid ports/)
    })
  }, 400_000)
})

describe('refused with one sentence', () => {
  test.each([
    [
      'an image that the nodes cannot pull',
      ['--image', 'kaniko-hooks.test/none:1'],
      /^The nodes cannot pull the emulator's image kaniko-hooks.test\/none:1: .* name it there by --image\.\n$/
    ],
    [
      "another kubelet's directory",
      ['--kubelet', '/nowhere'],
      /^The kubelet's directory on the nodes is not \/nowhere: .*is not a directory\. Name it by --kubelet\.\n$/
    ]
  ])(
    '%s, in a minute; the driver that runs is let alone',
    async (_, options, sentence) => {
      const before = await driverPods()
      const start = Date.now()
      const { code, stdout, stderr } = await connector(['up', ...options])
      expect({ code, stdout, inTime: Date.now() - start < 60_000 }).toEqual({ code: 1, stdout: '', inTime: true })
      expect(stderr).toMatch(sentence)
      expect(await driverPods()).toBe(before)
    },
    120_000
  )

  test.each<[string, readonly string[], Readonly<Record<string, string>>, number, RegExp]>([
    ['bad arguments', ['up', '--conector', 'a/b'], {}, 2, /^Unknown option '--conector'\.\n$/],
    [
      'no such namespace',
      ['up', '--connector', 'nowhere/b', '--address', 'https://r'],
      {},
      1,
      /^There is no namespace nowhere: kubectl create namespace nowhere\n$/
    ],
    ['no such Connector', ['up', '--connector', 'default/none'], {}, 1, /^There is no Connector default\/none, .*\n$/],
    ['no such kubeconfig', ['status'], { KUBECONFIG: '/nowhere' }, 1, /^The kubeconfig \/nowhere cannot be read\.\n$/],
    [
      'a certificate that is none',
      ['up', '--connector', 'a/b', '--address', 'https://r', '--ca', '/dev/null'],
      {},
      2,
      /^--ca \/dev\/null has no certificate as PEM\.\n$/
    ]
  ])('%s', async (_, args, environment, code, sentence) => {
    const said = await connector(args, environment)
    expect(said).toEqual({
      code,
      stdout: expect.anything() as unknown,
      stderr: expect.stringMatching(sentence) as unknown
    })
  })

  test('a cluster that does not answer, and one that lets nobody in', async () => {
    const { cluster } = suite
    const text = await readFile(cluster.kubeconfig, 'utf8')
    const silent = join(directory, 'silent')
    const stranger = join(directory, 'stranger')
    await writeFile(silent, text.replace(cluster.server, 'https://127.0.0.1:1'))
    await writeFile(stranger, text.replaceAll('client-', 'no-'))
    expect((await connector(['status'], { KUBECONFIG: silent })).stderr).toMatch(
      /^The cluster of \S+ \(https:\/\/127\.0\.0\.1:1\) does not answer: connect ECONNREFUSED/
    )
    expect((await connector(['status'], { KUBECONFIG: stranger })).stderr).toMatch(
      /^The cluster of \S+ \(\S+\) does not let its user in \((401|403)\): .*\n$/
    )
  })
})

test('image writes an archive that other tools read', async () => {
  const file = join(directory, 'connector.tar')
  expect(await connector(['image', file])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${file} has the image ${suite.cluster.images.connector}.\n`) as unknown
  })
  const { stdout } = await promisify(execFile)('/usr/bin/skopeo', ['inspect', '--config', `oci-archive:${file}`])
  expect(JSON.parse(stdout)).toMatchObject({ os: 'linux', config: { Entrypoint: ['/bin/connector'] } })
}, 400_000)

describe('down', () => {
  test('refuses while there is a connector', async () => {
    const { code, stdout, stderr } = await connector(['down'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^The connectors .*${name}.* are still there: .*\n$`))
  })

  test('with its name leaves nothing of a connector', async () => {
    expect(await objects()).toEqual(
      expect.arrayContaining([
        'connector.connectors.alauda.io/harbor',
        'secret/harbor-upstream',
        'secret/harbor-ca',
        'service/c-harbor',
        'endpointslice.discovery.k8s.io/c-harbor',
        `deployment.apps/c-${own.name}-harbor`
      ])
    )
    const said = { code: 0, stderr: '' }
    expect(await connector(['down', '--connector', name])).toEqual({ ...said, stdout: `Connector ${name} is gone.\n` })
    expect(await untilGone()).toEqual([])
    expect(await connector(['down', '--connector', name])).toEqual({
      ...said,
      stdout: `There was no connector ${name}.\n`
    })
  }, 400_000)

  test('without a name leaves nothing at all', async () => {
    const { cluster } = suite
    // Who has no connector yet waits with it; who has one ends first.
    const letOthersIn = await alone(cluster, [])
    try {
      expect(await connector(['down'])).toEqual({
        code: 0,
        stdout: "The connectors' kinds, classes and driver are gone.\n",
        stderr: ''
      })
      const { stdout } = await tryKubectl(cluster, [
        ...['get', '--ignore-not-found', '-o', 'name', 'crd,csidrivers,clusterroles,clusterrolebindings,namespaces']
      ])
      expect(
        stdout
          .toString()
          .split('\n')
          .filter(line => line.includes('connectors'))
      ).toEqual([])
      expect(await connector(['status'])).toMatchObject({ code: 1, stdout: 'driver on: no node\nconnectors: none\n' })
    } finally {
      expect(await connector(['up'])).toMatchObject({ code: 0 })
      letOthersIn()
    }
  }, 480_000)
})
