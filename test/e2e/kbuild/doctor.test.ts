import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { load, loadAll } from 'js-yaml'

import { Api } from '../../harness/cluster/api.js'
import { places } from '../../harness/cluster/settings.js'
import { apply, getJson, kubectl } from '../../harness/kubectl.js'
import { createNamespace, leftIn, type Namespace } from '../../harness/namespace.js'
import { observe } from '../../harness/observe.js'
import { imagesIn } from '../../harness/registry.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import {
  dockerConfigSecret,
  nodePortRegistry,
  tlsRegistry,
  trustCertificateAuthority
} from '../../stand-ins/registries/index.js'
import { dockerConfig } from '../../stand-ins/registries/docker-config.js'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const KBUILD = join(ROOT, 'dist', 'kbuild', 'index.cjs')
const ACCOUNT = 'kaniko-hooks-runner'

const suite = new Suite('doctor')

let directory: string
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'doctor-'))))
afterAll(async () => rm(directory, { recursive: true }))

interface Finding {
  readonly check: string
  readonly state: string
  readonly says: string
  readonly mend?: string
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts kbuild as a person with a kubeconfig. */
function start(words: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const { cluster } = suite
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    KUBECONFIG: cluster.kubeconfig,
    KBUILD_KANIKO_IMAGE: cluster.images.kaniko,
    KBUILD_KANIKO_FORK: 'chainguard',
    KBUILD_PUSH_IMAGE: cluster.images.crane
  }
  const child = spawn(process.execPath, [KBUILD, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
  const ended = new Promise<Ended>(resolve => child.on('close', code => resolve({ code, ...said })))
  return { child, ended }
}

async function doctor(
  namespace: string,
  ...words: readonly string[]
): Promise<Ended & { of: (check: string) => Finding | undefined; findings: readonly Finding[] }> {
  const said = await start(['doctor', '--json', '--namespace', namespace, ...words]).ended
  const { findings } = JSON.parse(said.stdout || '{"findings":[]}') as { findings: readonly Finding[] }
  return { ...said, findings, of: name => findings.find(({ check }) => check === name) }
}

/** Writes a file for kbuild. */
async function file(name: string, content: object | string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const example = async (name: string): Promise<string> => readFile(join(ROOT, 'examples', name), 'utf8')

/** The settings of examples/settings/nodeport.yaml, with this cluster's images. */
async function settings(): Promise<string> {
  const { images } = suite.cluster
  return JSON.stringify({
    ...(load(await example('settings/nodeport.yaml')) as object),
    engine: { kaniko: { image: images.kaniko, fork: 'chainguard' } },
    build: { pushImage: images.crane }
  })
}

/** Values of examples/values/kubernetes.yaml with another storage class. */
async function values(storageClass: string): Promise<string> {
  return file(
    `${storageClass}.yaml`,
    (await example('values/kubernetes.yaml')).replace(/(storageClassName: )\w+/, `$1${storageClass}`)
  )
}

/** A volume that any claim of a class takes, which only this test names. */
async function makeVolume(): Promise<string> {
  const { cluster, namespace } = suite
  const storageClassName = `${namespace}-work`
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: storageClassName },
    spec: {
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
      hostPath: { path: join(places().state, 'volumes', storageClassName), type: 'DirectoryOrCreate' }
    }
  })
  return storageClassName
}

let volume: string
beforeAll(async () => {
  const { cluster, namespace } = suite
  volume = await makeVolume()
  const objects = loadAll((await example('rbac.yaml')).replaceAll('arc-runners', namespace)) as object[]
  await apply(cluster, ...objects)
  const from = ['-n', namespace, 'create', 'configmap']
  const file = await writeSettings()
  await Promise.all([
    kubectl(cluster, [
      ...from,
      'kaniko-hooks',
      `--from-file=${file}`,
      `--from-file=${join(ROOT, 'dist/hook/index.js')}`,
      `--from-file=${join(ROOT, 'examples/hook-template.yaml')}`
    ]),
    kubectl(cluster, [...from, 'kbuild', `--from-file=kbuild.cjs=${KBUILD}`])
  ])
})
afterAll(async () => {
  await new Api(suite.cluster.kubeconfig).delete(`/api/v1/persistentvolumes/${volume}`)
  await rm(join(places().state, 'volumes', volume), { recursive: true, force: true })
})

async function writeSettings(): Promise<string> {
  return file('settings.yaml', await settings())
}

const left = async (namespace = suite.namespace, ...runners: readonly string[]): Promise<string[]> =>
  leftIn(suite.cluster, namespace, runners)

describe('where all is well', () => {
  test('a person with the values of the scale set and the account of the runners is told so', async () => {
    const { code, findings, of } = await doctor(
      suite.namespace,
      '--values',
      await values(volume),
      '--service-account',
      ACCOUNT
    )
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(of('rights pods/exec')?.says).toBe(
      `Account ${ACCOUNT} of namespace ${suite.namespace} may get, create in namespace ${suite.namespace}.`
    )
    expect(of('values KANIKO_HOOKS_CONFIG')?.says).toMatch(/is the key settings\.yaml of ConfigMap kaniko-hooks/)
    expect(of('pull by a node')?.says).toMatch(/pulled localhost:31500\/kaniko-hooks\/actions@sha256:/)
    expect(of('work volume')?.says).toMatch(/mounted a volume of storage class/)
    expect(await left()).toEqual([])
    expect((await imagesIn(suite.cluster)).filter(name => name.includes('kbuild-doctor'))).toEqual([])
  })

  test('the Job of examples/doctor-job.yaml asks as the runners, and ends well', async () => {
    const { cluster, namespace } = suite
    const text = (await example('doctor-job.yaml')).replaceAll('arc-runners', namespace)
    await apply(cluster, load(text.replace(/image: .*/, `image: ${cluster.images.runner}`)) as object)
    const job = ['-n', namespace, 'job', 'kaniko-hooks-doctor']
    let status: V1Job['status']
    do {
      await sleep(200)
      status = (await getJson<V1Job>(cluster, job)).status
    } while ((status?.succeeded ?? 0) + (status?.failed ?? 0) === 0)
    const log = await kubectl(cluster, ['-n', namespace, 'logs', 'job/kaniko-hooks-doctor'])
    expect({ log, succeeded: status?.succeeded }).toEqual({ log: expect.stringMatching(/\n\n17 ok\n$/), succeeded: 1 })
    expect(log).toMatch(new RegExp(`Account ${ACCOUNT} of namespace ${namespace} may get, list, create, delete`))
    const pods = await getJson<{ items: V1Pod[] }>(cluster, [
      '-n',
      namespace,
      'pods',
      '-l',
      'job-name=kaniko-hooks-doctor'
    ])
    const names = pods.items.map(({ metadata }) => metadata?.name ?? '')
    expect(await left(namespace, ...names)).toEqual(['job/kaniko-hooks-doctor'])
    await kubectl(cluster, ['-n', namespace, 'delete', 'job', 'kaniko-hooks-doctor'])
  })
})

describe('what is lacking', () => {
  test('a role without exec, a template and settings that are wrong, an account that is not there', async () => {
    const { cluster, namespace } = suite
    const objects = loadAll(
      (await example('rbac.yaml')).replaceAll('arc-runners', namespace).replaceAll(ACCOUNT, 'poor')
    ) as { rules?: { resources: string[] }[] }[]
    await apply(
      cluster,
      ...objects.map(object =>
        object.rules === undefined
          ? object
          : { ...object, rules: object.rules.filter(({ resources }) => !resources.includes('pods/exec')) }
      )
    )
    const template = await file('template.yaml', { spec: { nodeName: 'n1' } })
    const wrong = await file('wrong.yaml', { destination: [] })
    const [poor, none] = await Promise.all([
      doctor(namespace, '--no-pods', '--service-account', 'poor', '--template', template, '--settings', wrong),
      doctor(namespace, '--no-pods', '--service-account', 'nobody')
    ])
    expect(poor.code).toBe(1)
    expect(poor.of('rights pods/exec')).toMatchObject({
      state: 'failed',
      says: `Account poor of namespace ${namespace} may not get, create in namespace ${namespace}.`
    })
    expect(poor.of('rights secrets')).toMatchObject({ state: 'ok' })
    expect(poor.of('template')).toMatchObject({
      state: 'failed',
      says: expect.stringMatching(/spec\.nodeName: goes around the scheduler/)
    })
    expect(poor.of('settings')).toMatchObject({
      state: 'failed',
      says: expect.stringMatching(/destination: is not a known setting/)
    })
    expect(none.of('service account')).toMatchObject({
      state: 'failed',
      says: expect.stringMatching(/"nobody" not found/)
    })
    // The line that mends it does.
    const program = `${cluster.kubectl} --kubeconfig=${cluster.kubeconfig}`
    await shell((poor.of('rights pods/exec')?.mend ?? '').replaceAll('kubectl', program))
    const { of } = await doctor(namespace, '--no-pods', '--service-account', 'poor')
    expect(of('rights pods/exec')).toMatchObject({ state: 'ok' })
  })

  describe('in another namespace', () => {
    let restricted: Namespace
    beforeAll(async () => (restricted = await createNamespace(suite.cluster, 'doctor-restricted', 'restricted')))
    afterAll(async () => restricted.delete())

    test('PodSecurity restricted, no such storage class: everything else is asked all the same', async () => {
      const { name } = restricted
      const written = await writeSettings()
      // What a volume waits for only time can tell.
      const [volumes, { code, of }] = await Promise.all([
        doctor(name, '--values', await values('nowhere'), '--settings', written, '--timeout', '4s'),
        doctor(name, '--settings', written)
      ])
      expect(code).toBe(1)
      for (const check of ['job pod', 'build pod']) {
        expect(of(check)).toMatchObject({
          state: 'failed',
          says: expect.stringMatching(/violates PodSecurity "restricted/),
          mend: `kubectl label namespace ${restricted.name} pod-security.kubernetes.io/enforce=baseline --overwrite`
        })
      }
      expect(volumes.of('configmap kaniko-hooks')).toMatchObject({ state: 'failed' })
      expect(volumes.of('work volume')).toMatchObject({
        state: 'failed',
        says: expect.stringMatching(/storage class nowhere: .*\(Unschedulable\)/)
      })
      for (const check of ['kaniko image', 'push', 'pull by a node', 'delete'])
        expect(of(check)).toMatchObject({ state: 'ok' })
      expect(await left(restricted.name)).toEqual([])
    })
  })

  test('a registry that no node reaches and that removes nothing; gc finds what is left there', async () => {
    const { cluster, namespace } = suite
    const registry = await nodePortRegistry(cluster, namespace, { deletes: false })
    try {
      const destination = ['-t', `${registry.pushHost}/builds/a`, '--insecure-registry', registry.pushHost]
      const { code, of } = await doctor(namespace, ...destination)
      expect(code).toBe(1)
      expect(of('push')).toMatchObject({ state: 'ok' })
      expect(of('pull by a node')).toMatchObject({
        state: 'failed',
        // The node's name server may also refuse to look.
        says: expect.stringMatching(/no such host|lookup \S+ on /),
        mend: expect.stringMatching(/nodePort: \{ host/)
      })
      expect(of('delete')).toMatchObject({
        state: 'failed',
        says: expect.stringMatching(/UNSUPPORTED/),
        mend: expect.stringMatching(/^REGISTRY_STORAGE_DELETE_ENABLED=true/)
      })
      const images = await registry.images()
      expect(images).toEqual([expect.stringMatching(/^builds\/a:kbuild-doctor-[0-9a-f]{8}$/)])
      const gc = await start(['gc', '--namespace', namespace, '--older-than', '1s', '--dry-run', ...destination]).ended
      expect(gc).toMatchObject({ code: 0, stdout: `image ${registry.pushHost}/${images[0] ?? ''}\n` })
    } finally {
      await registry.remove()
    }
  })
})

for (const title of variants([], ['a registry with passwords and a certificate of its own'])) {
  test(`${title}: as the settings name its Secrets, and as this machine knows it`, async () => {
    const { cluster, namespace } = suite
    const registry = await tlsRegistry(cluster, namespace, { name: 'tls', trusted: false })
    const { pushHost: host, users, ca = '' } = registry
    if (users === undefined) throw new Error('it has users')
    const remote = {
      repository: `${host}/a/b`,
      pushSecret: 'tls-push',
      pullSecret: 'tls-pull',
      ca: { secret: 'tls-ca' }
    }
    const written = await file('tls.yaml', { ...(load(await settings()) as object), destinations: [{ remote }] })
    const none = await doctor(namespace, '--no-pods', '--settings', written)
    for (const secret of ['tls-push', 'tls-pull', 'tls-ca']) {
      expect(none.of(`secret ${secret}`)).toMatchObject({
        state: 'failed',
        says: expect.stringMatching(/^There is no/)
      })
    }
    await dockerConfigSecret(cluster, namespace, 'tls-push', { [host]: users.push })
    await dockerConfigSecret(cluster, namespace, 'tls-pull', { [host]: { ...users.pull, password: 'wrong' } })
    await apply(cluster, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tls-ca', namespace },
      stringData: { 'ca.crt': ca }
    })
    const strange = await doctor(namespace, '--settings', written)
    expect(strange.of('push')).toMatchObject({ state: 'ok' })
    expect(strange.of('pull by a node')).toMatchObject({ state: 'failed', mend: expect.stringMatching(/ca\.crt/) })
    const distrust = await trustCertificateAuthority(cluster, host, ca)
    const refused = await doctor(namespace, '--settings', written)
    expect(refused.of('pull by a node')).toMatchObject({
      state: 'failed',
      mend: expect.stringMatching(/docker-registry tls-pull/)
    })
    await dockerConfigSecret(cluster, namespace, 'tls-pull', { [host]: users.pull })
    const { findings, code } = await doctor(namespace, '--settings', written)
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    // The password of this machine goes into a Secret for as long as it is needed, and the pull has it too.
    const auth = await file('auth.json', dockerConfig({ [host]: users.admin }))
    const own = await doctor(namespace, '-t', `${host}/c/d`, '--registry-auth', auth)
    expect(own.of('push')).toMatchObject({ state: 'failed', says: expect.stringMatching(/x509/) })
    expect(own.stdout + own.stderr).not.toContain(users.admin.password)
    expect(await registry.images()).toEqual([])
    await distrust()
    await registry.remove()
    const secrets = ['tls-push', 'tls-pull', 'tls-ca']
    await kubectl(cluster, ['-n', namespace, 'delete', 'secret', ...secrets])
    expect(await left()).toEqual([])
  })
}

describe('nothing is left', () => {
  test('of a doctor that is ended in the middle', async () => {
    const { cluster, namespace } = suite
    const settings = await writeSettings()
    // Not all of them need be there at once.
    const made = new Set<string>()
    let isEnough = (): void => undefined
    const enough = new Promise<void>(resolve => (isEnough = resolve))
    const { result } = await observe(
      cluster,
      namespace,
      async () => {
        const { child, ended } = start(['doctor', '--namespace', namespace, '--settings', settings])
        await Promise.race([enough, ended])
        child.kill('SIGTERM')
        return ended
      },
      ({ metadata: { name = '', uid = '' } = {} }) => {
        if (name.startsWith('kbuild-')) made.add(uid)
        if (made.size >= 3) isEnough()
      }
    )
    expect(result).toMatchObject({ code: 143, stdout: '' })
    expect(await leftIn(cluster, namespace, [], 'kbuild')).toEqual([])
    expect((await imagesIn(suite.cluster)).filter(name => name.includes('kbuild-doctor'))).toEqual([])
  })

  test('of builds that were killed, once gc was there; what runs stays', async () => {
    const { cluster, namespace } = suite
    const pod = (name: string, command: string[]): object => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'kbuild' } },
      spec: {
        restartPolicy: 'Never',
        activeDeadlineSeconds: 600,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'kaniko', image: cluster.images.busybox, command }]
      }
    })
    await apply(cluster, pod('kbuild-ended', ['true']), pod('kbuild-running', ['sleep', '600']))
    const phases = { 'kbuild-ended': 'Succeeded', 'kbuild-running': 'Running' }
    for (const [name, phase] of Object.entries(phases)) {
      await kubectl(cluster, [
        ...['-n', namespace, 'wait', `pod/${name}`, `--for=jsonpath={.status.phase}=${phase}`, '--timeout=120s']
      ])
    }
    const { code, stdout, stderr } = await start(['gc', '--namespace', namespace, '--older-than', '1s']).ended
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^pod kbuild-ended \(\d+ min old\)\n$/)
    })
    expect(stderr).toMatch(/pod kbuild-running .* stays: it is Running, and its time is not over/)
    expect(await left()).toEqual(['pod/kbuild-running'])
    await kubectl(cluster, ['-n', namespace, 'delete', 'pod', 'kbuild-running'])
  })
})

async function shell(line: string): Promise<void> {
  const child = spawn('sh', ['-c', line], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise(resolve => child.on('close', resolve))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
}
