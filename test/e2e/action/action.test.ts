import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { Api } from '../../harness/cluster/api.js'
import { outputOf, placeFiles, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import { apply } from '../../harness/kubectl.js'
import { leftIn } from '../../harness/namespace.js'
import { VOLUME_ROLE } from '../../harness/roles.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf, type StepText } from '../../harness/workflow.js'
import { nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { digestAt } from '../kbuild/digest.js'

const ROOT = join(import.meta.dirname, '..', '..', '..')

const suite = new Suite('action')
/** Where images are built: not where jobs run. */
const builds = new Suite('action-builds')
const servers = new Suite('action-registries', 'restricted')

const SECRET = 'canary-of-the-build-secret'
const DOCKERFILE = `FROM debian:bookworm-slim
ARG VERSION
RUN test "$VERSION" = "1, 2" || test "$VERSION" = 3
RUN echo "::error::said by the build" && echo "::set-output name=digest::evil"
COPY hello /hello
`

/** The action as it is committed, and a repository that uses it. */
function repository(): Record<string, string> {
  const committed = readdirSync(join(ROOT, 'dist', 'action')).map(name => `dist/action/${name}`)
  const files = ['action.yml', 'node20/action.yml', ...committed]
  return {
    ...Object.fromEntries(files.map(file => [file, readFileSync(join(ROOT, file), 'utf8')])),
    'app/Dockerfile': DOCKERFILE,
    'app/hello': 'hello\n',
    'slow/Dockerfile': 'FROM debian:bookworm-slim\nRUN echo it is slow; sleep 600\n',
    'broken/Dockerfile': 'FROM debian:bookworm-slim\n\nRUN echo before; exit 7\n'
  }
}

let registry: Registry
let kubeconfig: string

beforeAll(async () => {
  registry = await nodePortRegistry(servers.cluster, servers.namespace, { name: 'target', auth: true })
  kubeconfig = await kubeconfigOf(builds)
}, 400_000)

afterAll(async () => registry.remove())

/** A kubeconfig of an account that may do in one namespace what a runner may. */
async function kubeconfigOf({ cluster, namespace }: Suite): Promise<string> {
  const name = 'builder'
  const group = 'rbac.authorization.k8s.io'
  await apply(
    cluster,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    { apiVersion: `${group}/v1`, kind: 'Role', metadata: { name, namespace }, rules: VOLUME_ROLE },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
      roleRef: { apiGroup: group, kind: 'Role', name }
    }
  )
  const api = new Api(cluster.kubeconfig)
  const answer = await api.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 }
  })
  const { token } = (answer.body as { status: { token: string } }).status
  const ca = await api.get<{ data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`
  )
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: {
          server: 'https://kubernetes.default.svc',
          'certificate-authority-data': Buffer.from(ca?.data['ca.crt'] ?? '').toString('base64')
        }
      }
    ],
    users: [{ name: 'u', user: { token } }]
  })
}

/** Inputs that every build in the test cluster has. */
const where = () => ({
  backend: 'kubernetes',
  kubeconfig: '${{ secrets.KUBECONFIG }}',
  namespace: builds.namespace,
  'registry-mirrors': suite.cluster.mirror,
  'insecure-registries': `${registry.pushHost}\n${suite.cluster.mirror}`
})

/** The images that the test cluster has. */
const images = () => ({
  KBUILD_KANIKO_IMAGE: suite.cluster.images.kaniko,
  KBUILD_KANIKO_FORK: 'chainguard',
  KBUILD_PUSH_IMAGE: suite.cluster.images.crane
})

/** The digest that the registry has under a name. */
async function digestOf(reference: string): Promise<string | undefined> {
  const [repository = '', tag = ''] = reference.slice(registry.pushHost.length + 1).split(':')
  const { pullHost, users } = registry
  return (await digestAt(pullHost, repository, tag, users?.admin)) ?? undefined
}

describe.each(variants<Mode>(['volume'], ['novolume']))('a workflow that uses the action, %s', mode => {
  let result: JobResult
  const step = (name: string): StepResult => stepOf(result, name)
  const tags = () => [`${registry.pushHost}/acme/app:1`, `${registry.pushHost}/acme/app:2`]

  beforeAll(async () => {
    const runner = await suite.runner({ mode })
    const { push } = registry.users ?? {}
    if (push === undefined) throw new Error('the registry has no users')
    await placeFiles(runner, '/tmp/secrets', {
      'secrets.json': JSON.stringify({ KUBECONFIG: kubeconfig, PASSWORD: push.password, TOKEN: SECRET })
    })
    const login = { registry: registry.pushHost, username: push.username, password: '${{ secrets.PASSWORD }}' }
    const steps: readonly StepText[] = [
      {
        name: 'build',
        id: 'build',
        uses: './',
        with: {
          ...where(),
          ...login,
          context: 'app',
          tags: tags().join('\n'),
          push: 'true',
          'build-args': 'VERSION=1, 2',
          labels: 'org.example.label=a "b" = c'
        }
      },
      { name: 'use', run: 'echo "${{ steps.build.outputs.digest }} ${{ steps.build.outputs.tags }}"' },
      { name: 'unpushed', id: 'unpushed', uses: './', with: { ...where(), context: 'app', 'build-args': 'VERSION=3' } },
      { name: 'broken', id: 'broken', uses: './node20', with: { ...where(), context: 'broken' } },
      {
        name: 'secret',
        uses: './',
        with: { ...where(), context: 'app', 'build-args': 'VERSION=3', secrets: 'token=${{ secrets.TOKEN }}' }
      },
      { name: 'denied', uses: './', with: { ...where(), context: 'app', tags: tags()[0], push: 'true' } },
      { name: 'impossible', uses: './', with: { ...where(), load: 'true', push: 'true', ssh: 'default' } }
    ]
    result = await runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.debian,
        env: images(),
        steps: steps.map(each => ({ ...each, 'continue-on-error': true }))
      }),
      files: repository(),
      args: ['--secrets', '/tmp/secrets/secrets.json']
    })
  }, 400_000)

  test('builds, pushes all tags, and tells a following step the digest that the registry has', async () => {
    expect(step('build').outcome).toBe('success')
    const { outputs } = step('build')
    expect(outputs['digest']).toMatch(/^sha256:[0-9a-f]{64}$/)
    for (const tag of tags()) expect(await digestOf(tag)).toBe(outputs['digest'])
    expect(outputs).toMatchObject({
      tags: tags().join('\n'),
      image: `${registry.pushHost}/acme/app@${outputs['digest'] ?? ''}`,
      'subject-name': `${registry.pushHost}/acme/app`,
      backend: 'kubernetes'
    })
    expect(outputs['imageid']).toMatch(/^sha256:/)
    expect(outputFrom('use')).toContain(outputs['digest'])
  })

  const outputFrom = (name: string): string => outputOf(step(name)).join('\n')

  test('writes a summary', () => {
    expect(step('build').summary).toContain('### Kaniko build: ✅')
    expect(step('broken').summary).toContain('### Kaniko build: ❌')
  })

  test('what the build prints commands nothing', () => {
    expect(outputFrom('build')).toContain('said by the build')
    expect(step('build').outputs['digest']).not.toBe('evil')
    expect(step('build').log.lines.filter(line => line.startsWith('##[error]'))).toEqual([])
  })

  test('an image that is not pushed has a digest, too', () => {
    expect(step('unpushed').outcome).toBe('success')
    expect(step('unpushed').outputs['digest']).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(step('unpushed').outputs['tags']).toBe('')
  })

  test('a failing instruction fails the step, names its line, and gives no output', () => {
    expect(step('broken').outcome).toBe('failure')
    expect(step('broken').outputs).toEqual({})
    expect(outputFrom('broken')).toMatch(/file=broken\/Dockerfile,line=3|ended with exit code 7/)
  })

  test("a push without a password is denied, with the registry's words", () => {
    expect(step('denied').outcome).toBe('failure')
    expect(outputFrom('denied')).toMatch(/UNAUTHORIZED|authentication required/i)
  })

  test('what is not possible is told at once, and nothing is built', () => {
    expect(step('impossible').outcome).toBe('failure')
    for (const word of ['`load`', '`ssh`', '`tags`']) expect(outputFrom('impossible')).toContain(word)
  })

  test('no secret is in the log, in a summary or in an output', () => {
    const { password = '' } = registry.users?.push ?? {}
    const { token } = (JSON.parse(kubeconfig) as { users: [{ user: { token: string } }] }).users[0].user
    const all = result.log + JSON.stringify(result.steps.map(({ outputs, summary }) => [outputs, summary]))
    for (const secret of [SECRET, password, token]) expect(all).not.toContain(secret)
  })

  test('leaves nothing in the namespace of the builds', async () => {
    expect(await leftIn(builds.cluster, builds.namespace, [])).toEqual([])
  })
})

test('a step that is cancelled leaves nothing in the namespace of the builds', async () => {
  const runner = await suite.runner({ mode: 'volume' })
  await placeFiles(runner, '/tmp/secrets', { 'secrets.json': JSON.stringify({ KUBECONFIG: kubeconfig }) })
  const { conclusion, log } = await runJob(runner, {
    workflow: workflowOf({
      container: suite.cluster.images.debian,
      env: images(),
      steps: [{ name: 'slow', uses: './', with: { ...where(), context: 'slow' } }]
    }),
    files: repository(),
    args: ['--secrets', '/tmp/secrets/secrets.json'],
    cancelAt: 'slow:25'
  })
  expect(conclusion).toBe('cancelled')
  expect(log).toContain('it is slow')
  expect(await leftIn(builds.cluster, builds.namespace, [])).toEqual([])
})
