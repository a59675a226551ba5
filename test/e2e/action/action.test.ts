import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { kubeconfigOf } from '../../harness/account.js'
import { documentedObjects } from '../../harness/documented.js'
import { outputOf, placeFiles, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import { apply } from '../../harness/kubectl.js'
import { leftIn } from '../../harness/namespace.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf, type StepText } from '../../harness/workflow.js'
import { nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { digestAt } from '../kbuild/digest.js'
import { killerOf } from './killer.js'

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
    'secret/Dockerfile': 'FROM debian:bookworm-slim\n\nRUN --mount=type=secret,id=token cat /run/secrets/token\n',
    'broken/Dockerfile': 'FROM debian:bookworm-slim\n\nRUN echo before; exit 7\n'
  }
}

/** Printed by the build, and not by its Dockerfile. */
const SLOW = /^(?!.*echo).*it is slow/

let registry: Registry
let kubeconfig: string

beforeAll(async () => {
  registry = await nodePortRegistry(servers.cluster, servers.namespace, { name: 'target', auth: true })
  const { cluster, namespace } = builds
  await apply(cluster, ...documentedObjects('action.md', 'rights of the backend kubernetes', { builds: namespace }))
  kubeconfig = await kubeconfigOf(cluster, namespace, 'image-builder')
}, 400_000)

afterAll(async () => registry.remove())

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
          labels: 'org.example.label=a "b" = c',
          logout: 'false'
        }
      },
      {
        name: 'use',
        run: `echo "\${{ steps.build.outputs.digest }} \${{ steps.build.outputs.tags }}"
file=~/.docker/config.json; echo "kept with mode $(stat -c %a $file), $(grep -c '"${registry.pushHost}"' $file) login"; rm $file`
      },
      { name: 'unpushed', id: 'unpushed', uses: './', with: { ...where(), context: 'app', 'build-args': 'VERSION=3' } },
      { name: 'broken', id: 'broken', uses: './node20', with: { ...where(), context: 'broken' } },
      {
        name: 'secret',
        uses: './',
        with: { ...where(), context: 'secret', secrets: 'token=${{ secrets.TOKEN }}' }
      },
      { name: 'denied', uses: './', with: { ...where(), context: 'app', tags: tags()[0], push: 'true' } },
      { name: 'impossible', uses: './', with: { ...where(), load: 'true', push: 'true', ssh: 'default' } },
      { name: 'killer', run: killerOf('it is slow') },
      { name: 'killed', uses: './', with: { ...where(), context: 'slow', secrets: 'token=${{ secrets.TOKEN }}' } },
      { name: 'cancelled', uses: './', with: { ...where(), context: 'slow' } }
    ]
    const cancel = '/tmp/cancel'
    let isLast = false
    let asked: Promise<void> | undefined
    result = await runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.debian,
        env: images(),
        steps: steps.map(each => ({ ...each, 'continue-on-error': true }))
      }),
      files: repository(),
      args: ['--secrets', '/tmp/secrets/secrets.json', '--cancel-file', cancel],
      onLog: line => {
        isLast ||= line === '● cancelled'
        if (isLast && SLOW.test(line)) asked ??= runner.write(cancel, '')
      }
    })
    await asked
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
    expect(outputFrom('broken')).toMatch(/##\[error\]broken\/Dockerfile:3: .*ended with exit code 7/)
  })

  test('what the executor cannot honour is told with its line, before anything starts', () => {
    expect(step('secret').outcome).toBe('failure')
    expect(outputFrom('secret')).toMatch(/##\[error\]secret\/Dockerfile:3: .*gives no secret to RUN/)
    expect(outputFrom('secret')).not.toContain('##[group]Build')
  })

  test('logout: false keeps the login for later steps, for this user alone', () => {
    expect(outputFrom('use')).toContain('kept with mode 600, 1 login')
  })

  test('a step that is killed at once leaves its build to the post step, which ends it', () => {
    expect(step('killed').outcome).toBe('failure')
    expect(result.log).toMatch(/Ended the build kbuild-[0-9a-f]{8}, which the step left behind\./)
  })

  test('a step that is cancelled ends its build', () => {
    expect(outputFrom('cancelled')).toContain('it is slow')
    expect(result.conclusion).toBe('cancelled')
    expect(result.log.match(/Ended the build/g)).toHaveLength(1)
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

  test('nothing is left in the namespace of the builds', async () => {
    expect(await leftIn(builds.cluster, builds.namespace, [])).toEqual([])
  })
})
