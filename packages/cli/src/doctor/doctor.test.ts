import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { refused, running, waiting } from '@kaniko-hooks/testing'

import { crane, Kbuild, type Said } from '../kbuild.fixture.js'
import type { Finding } from './finding.js'

const SETTINGS = 'destinations: [{ nodePort: { host: registry.ci.svc, port: 5000, nodePort: 31500 } }]'

let kbuild: Kbuild
beforeEach(async () => {
  kbuild = await Kbuild.start()
})
afterEach(async () => kbuild.stop())

interface Told extends Said {
  readonly findings: readonly Finding[]
  readonly of: (check: string) => Finding | undefined
}

async function doctor(...words: readonly string[]): Promise<Told> {
  return doctorIn({}, ...words)
}

async function doctorIn(env: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Told> {
  const said = await kbuild.run(['doctor', '--json', ...words], env)
  const { findings } = JSON.parse(said.stdout || '{"findings":[]}') as { findings: Finding[] }
  return { ...said, findings, of: name => findings.find(({ check }) => check === name) }
}

const withSettings = async (...words: readonly string[]): Promise<Told> =>
  doctor('--settings', kbuild.file('settings.yaml', SETTINGS), ...words)

const left = (): readonly string[] => [...kbuild.server.names('pods'), ...kbuild.server.names('secrets')]

describe('where all is well', () => {
  test('each check says so, the image goes, and nothing is left', async () => {
    const asked: string[] = []
    kbuild.server.exec = crane({}, asked)
    const { code, findings, stdout } = await withSettings()
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    const document = JSON.parse(stdout) as object
    expect(document).toMatchObject({
      version: 1,
      ok: true,
      server: kbuild.server.config.server.origin,
      namespace: 'arc'
    })
    expect(findings.map(({ check }) => check)).toEqual([
      ...['cluster', 'settings'],
      ...['rights pods', 'rights pods/exec', 'rights pods/log', 'rights secrets', 'rights jobs', 'rights events'],
      ...['job pod', 'build pod', 'kaniko image', 'push image', 'exec', 'push', 'pull by a node', 'delete']
    ])
    expect(asked).toEqual([
      expect.stringMatching(/^push registry\.ci\.svc:5000\/kaniko-hooks\/actions:kbuild-doctor-[0-9a-f]{8}$/),
      expect.stringMatching(/^delete registry\.ci\.svc:5000\/kaniko-hooks\/actions@sha256:0a/)
    ])
    expect(left()).toEqual([])
  })

  test('the table has a line for each', async () => {
    const { code, stdout } = await kbuild.run(['doctor', '--no-pods'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Cluster http:.*, namespace arc\n\nok {7}cluster +http/)
    expect(stdout).toMatch(/\n\n9 ok\n$/)
  })

  test('pods of checks are let into any namespace, run nothing of ours without need, and end by themselves', async () => {
    const pods: NonNullable<ReturnType<typeof kbuild.server.get<'pods'>>>[] = []
    kbuild.server.onCreate('pods', pod => {
      pods.push(structuredClone(pod))
      pod.status = running(pod)
    })
    await withSettings()
    expect(pods).toHaveLength(4)
    for (const { spec, metadata } of pods) {
      expect(metadata?.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'kbuild' })
      expect(spec).toMatchObject({ automountServiceAccountToken: false, activeDeadlineSeconds: 300 })
      expect(spec?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      expect(spec?.containers[0]?.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] }
      })
    }
    const commands = pods.map(({ spec }) => spec?.containers[0]?.command?.[0])
    expect(commands.filter(command => command !== 'sleep')).toEqual(Array(3).fill('/kbuild-doctor-runs-nothing'))
  })

  test('--node: each of them pulls', async () => {
    const nodes: unknown[] = []
    kbuild.server.onCreate('pods', pod => {
      const { nodeSelector } = pod.spec ?? {}
      nodes.push(...Object.values(nodeSelector ?? {}))
      pod.status =
        nodeSelector?.['kubernetes.io/hostname'] === 'b' ? waiting(pod, 'ErrImagePull', 'refused') : running(pod)
    })
    const { of } = await withSettings('--node', 'a', '--node', 'b')
    expect(nodes.sort()).toEqual(['a', 'b'])
    expect(of('pull by node a')).toMatchObject({ state: 'ok' })
    expect(of('pull by node b')).toMatchObject({ state: 'failed' })
  })

  test('--no-pods makes nothing', async () => {
    await withSettings('--no-pods')
    expect(new Set(kbuild.server.changes)).toEqual(new Set(['POST selfsubjectaccessreviews']))
  })
})

describe('what is lacking is told with what mends it, and hides nothing else', () => {
  test('rights', async () => {
    kbuild.server.allows = ({ subresource, resource }) => subresource !== 'exec' && resource !== 'jobs'
    const { code, of, findings } = await withSettings('--no-pods')
    expect(code).toBe(1)
    expect(of('rights pods/exec')).toMatchObject({
      state: 'failed',
      says: 'You may not get, create in namespace arc.',
      mend:
        'kubectl -n arc create role kaniko-hooks-pods-exec --verb=get,create --resource=pods/exec && ' +
        'kubectl -n arc create rolebinding kaniko-hooks-pods-exec --role=kaniko-hooks-pods-exec --user=YOU'
    })
    expect(of('rights jobs')).toMatchObject({
      state: 'warning',
      mend: expect.stringContaining('--resource=jobs.batch')
    })
    expect(findings.filter(({ state }) => state === 'ok').length).toBeGreaterThan(6)
  })

  test('an account that is not there, and one that is', async () => {
    const missing = await doctor('--no-pods', '--service-account', 'runner')
    expect(missing.of('service account')).toMatchObject({
      state: 'failed',
      mend: expect.stringContaining('kubectl -n arc create serviceaccount runner')
    })
    kbuild.server.put('serviceaccounts', { metadata: { name: 'runner' } })
    kbuild.server.allows = ({ resource }) => resource !== 'secrets'
    const there = await doctor('--no-pods', '--service-account', 'arc/runner')
    expect(there.of('rights secrets')).toMatchObject({
      says: 'Account runner of namespace arc may not get, list, create, delete in namespace arc.',
      mend: expect.stringMatching(/--serviceaccount=arc:runner$/)
    })
  })

  test('PodSecurity and quotas', async () => {
    const violates = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
    kbuild.server.refuse('POST pods (dry run)', refused(403, 'Forbidden', violates), 1)
    kbuild.server.refuse('POST pods (dry run)', refused(403, 'Forbidden', 'exceeded quota: count'), 1)
    const { findings } = await doctor('--no-pods')
    const failed = findings.filter(({ state }) => state === 'failed')
    expect(failed.map(({ check }) => check).sort()).toEqual(['build pod', 'job pod'])
    expect(failed.map(({ mend }) => mend)).toEqual(
      expect.arrayContaining([
        'kubectl label namespace arc pod-security.kubernetes.io/enforce=baseline --overwrite',
        expect.stringContaining('get resourcequota')
      ])
    )
  })

  test.each([
    ['lookup registry.ci.svc: no such host', /nodePort: \{ host/],
    ['x509: certificate signed by unknown authority', /certs\.d/],
    ['http: server gave HTTP response to HTTPS client', /hosts\.toml/],
    ['401 Unauthorized', /pullSecret/],
    ['connection refused', /nodePort has to answer/]
  ])('a node that cannot pull: %s', async (said, mend) => {
    kbuild.server.onCreate('pods', pod => {
      const isPull = pod.metadata?.name?.includes('-pull-') === true
      pod.status = isPull
        ? waiting(pod, 'ErrImagePull', `${'long '.repeat(999)}${said}\n::add-path::/evil\u001b[31m`)
        : running(pod)
    })
    const { code, of } = await withSettings()
    expect(code).toBe(1)
    expect(of('pull by a node')).toMatchObject({ state: 'failed', mend: expect.stringMatching(mend) })
    // A text of others stays a part of one line.
    expect(of('pull by a node')?.says).toMatch(new RegExp(`${said} ::add-path::/evil \\[31m$`))
    expect(of('delete')).toMatchObject({ state: 'ok' })
    expect(left()).toEqual([])
  })

  test.each([
    ['push', 'UNAUTHORIZED: authentication required', 'push', /pushSecret/],
    ['push', 'http: server gave HTTP response to HTTPS client', 'push', /plainHttp/],
    ['delete', 'UNSUPPORTED: The operation is unsupported.', 'delete', /REGISTRY_STORAGE_DELETE_ENABLED/]
  ])('a registry that refuses a %s: %s', async (verb, said, check, mend) => {
    kbuild.server.exec = crane({ [verb]: said })
    const { of } = await withSettings()
    expect(of(check)).toMatchObject({
      state: 'failed',
      says: expect.stringContaining(said),
      mend: expect.stringMatching(mend)
    })
    expect(left()).toEqual([])
  })

  test('an image that cannot be pulled', async () => {
    kbuild.server.onCreate('pods', pod => {
      const isKaniko = pod.spec?.containers[0]?.image === 'k.example/kaniko:1'
      pod.status = isKaniko ? waiting(pod, 'ErrImagePull', 'not found') : running(pod)
    })
    const { of } = await doctorIn({ KBUILD_KANIKO_IMAGE: 'k.example/kaniko:1' })
    expect(of('kaniko image')).toMatchObject({ state: 'failed', says: expect.stringContaining('not found') })
    expect(of('push image')).toMatchObject({ state: 'ok' })
  })

  test('settings, template and Secrets', async () => {
    const settings = kbuild.file(
      'settings.yaml',
      'destinations: [{ remote: { repository: r.example/a, pushSecret: push, pullSecret: pull } }]'
    )
    const template = kbuild.file('template.yaml', 'spec: { containers: [{ name: $job, imagee: x }] }')
    kbuild.server.put('secrets', { metadata: { name: 'pull' }, data: { other: '' } })
    const { of } = await doctor('--no-pods', '--settings', settings, '--template', template)
    expect(of('template')).toMatchObject({ state: 'failed', says: expect.stringContaining('is image meant?') })
    expect(of('secret push')).toMatchObject({ says: expect.stringMatching(/^There is no Secret push/) })
    expect(of('secret pull')).toMatchObject({ says: expect.stringMatching(/has no key \.dockerconfigjson/) })
    const bad = await doctor('--no-pods', '--settings', kbuild.file('bad.yaml', 'destination: []'))
    expect(bad.of('settings')).toMatchObject({
      state: 'failed',
      says: expect.stringContaining('destination: is not a known setting')
    })
    expect(bad.of('job pod')).toMatchObject({ state: 'ok' })
  })

  test('a question that the server cannot answer is unknown, and the exit code says that', async () => {
    kbuild.server.refuse('POST pods (dry run)', refused(500, 'InternalError', 'a fault'), 99)
    const { code, of } = await doctor('--no-pods', '--timeout', '300ms')
    expect(of('job pod')).toMatchObject({ state: 'unknown' })
    expect(of('rights events')).toMatchObject({ state: 'ok' })
    expect(code).toBe(4)
  })

  test('no cluster: files are read all the same', async () => {
    await kbuild.server.stop()
    const { code, of, findings } = await withSettings()
    expect(code).toBe(1)
    expect(of('cluster')).toMatchObject({ state: 'failed', mend: expect.stringContaining('kubectl cluster-info') })
    expect(of('settings')).toMatchObject({ state: 'ok' })
    expect(findings).toHaveLength(2)
  })
})

describe('values of ARC’s chart', () => {
  const values = (mount: string): string =>
    kbuild.file(
      'values.yaml',
      JSON.stringify({
        containerMode: { type: 'kubernetes-novolume' },
        template: {
          spec: {
            containers: [
              {
                name: 'runner',
                env: [
                  { name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/opt/kaniko-hooks/index.js' },
                  { name: 'KANIKO_HOOKS_CONFIG', value: '/opt/kaniko-hooks/settings.yaml' },
                  { name: 'ACTIONS_RUNNER_KUBERNETES_NAMESPACE', value: 'jobs' }
                ],
                volumeMounts: [{ name: 'hook', mountPath: mount }]
              }
            ],
            volumes: [{ name: 'hook', configMap: { name: 'kaniko-hooks' } }]
          }
        }
      })
    )

  test('lead to the settings in the cluster, and to the namespace of the pods', async () => {
    kbuild.server.put('configmaps', {
      metadata: { name: 'kaniko-hooks' },
      data: { 'index.js': '', 'settings.yaml': SETTINGS }
    })
    const { code, of, findings } = await doctor('--values', values('/opt/kaniko-hooks'))
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(of('values KANIKO_HOOKS_CONFIG')?.says).toMatch(/is the key settings\.yaml of ConfigMap kaniko-hooks/)
    expect(of('push')?.says).toMatch(/registry\.ci\.svc:5000/)
    expect(of('rights secrets')?.says).toMatch(/in namespace jobs/)
    expect(of('rights pods (runners)')?.says).toMatch(/in namespace arc/)
    expect([...kbuild.server.names('pods', 'jobs'), ...left()]).toEqual([])
  })

  test('a key that the ConfigMap lacks, and a ConfigMap that is not there', async () => {
    const none = await doctor('--no-pods', '--values', values('/opt/kaniko-hooks'))
    expect(none.of('configmap kaniko-hooks')).toMatchObject({
      state: 'failed',
      mend: expect.stringMatching(
        /^kubectl -n arc create configmap kaniko-hooks --from-file=index\.js=FILE --from-file=settings\.yaml=FILE /
      )
    })
    kbuild.server.put('configmaps', {
      metadata: { name: 'kaniko-hooks' },
      data: { 'index.js': '', 'nodeport.yaml': SETTINGS }
    })
    const { of } = await doctor('--no-pods', '--values', values('/opt/kaniko-hooks'))
    expect(of('values KANIKO_HOOKS_CONFIG')).toMatchObject({
      state: 'failed',
      says: expect.stringMatching(/has no key settings\.yaml.*it has index\.js, nodeport\.yaml/)
    })
    expect(of('settings')).toMatchObject({
      state: 'unknown',
      says: expect.stringContaining('--settings FILE names it')
    })
  })
})

describe('credentials', () => {
  const auth = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'r.example': { auth: btoa('u:canary-password') } } }) }

  test('of this machine are in a Secret of the pod, and nowhere else', async () => {
    const made: string[] = []
    kbuild.server.onCreate('secrets', secret => made.push(JSON.stringify(secret)))
    kbuild.server.exec = crane({ push: 'DENIED: u:canary-password' })
    const pods: string[] = []
    kbuild.server.onCreate('pods', pod => {
      pods.push(JSON.stringify(pod))
      pod.status = running(pod)
    })
    const { stdout, stderr } = await doctorIn(auth, '-t', 'r.example/a/b:1')
    expect(made).toEqual([expect.stringMatching(/"ownerReferences":\[\{"apiVersion":"v1","kind":"Pod"/)])
    expect(pods.join() + stdout + stderr).not.toMatch(/canary/)
    expect(stdout).toMatch(/A pod could not push to r\.example\/a\/b: DENIED: u:\*\*\*/)
    expect(left()).toEqual([])
  })
})

describe('a doctor that is interrupted', () => {
  test('removes the image that it pushed, and all pods', async () => {
    const asked: string[] = []
    const answer = crane({}, asked)
    kbuild.server.exec = async call => {
      if (call.command[0] !== 'sh') return answer(call)
      kbuild.abort.abort('SIGTERM')
      await new Promise(resolve => call.gone.addEventListener('abort', resolve, { once: true }))
      return 0
    }
    const { code, stdout } = await withSettings()
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' })
    expect(asked).toEqual([
      expect.stringMatching(/^digest .*:kbuild-doctor-/),
      expect.stringMatching(/^delete .*@sha256:/)
    ])
    expect(left()).toEqual([])
  })
})

test('words of a file stay a part of one line', async () => {
  const values = {
    template: { spec: { containers: [{ name: 'runner', env: [{ name: 'KANIKO_HOOKS_X\n::add-path::/evil' }] }] } }
  }
  const { stdout } = await kbuild.run([
    'doctor',
    '--no-pods',
    '--values',
    kbuild.file('v.yaml', JSON.stringify(values))
  ])
  expect(stdout).toMatch(/KANIKO_HOOKS_X ::add-path::\/evil is no variable/)
})

test('wrong words are named all at once', async () => {
  const words = ['-t', 'r.example//x', '--timeout', 'soon', '--service-account', 'a/b/c', 'here']
  const { code, stderr } = await doctor(...words)
  expect(code).toBe(2)
  for (const wrong of ['--destination', '--timeout "soon"', '--service-account', '"here"'])
    expect(stderr).toContain(wrong)
})
