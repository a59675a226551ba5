import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { places } from '../../harness/cluster/settings.js'
import { pushImage, type TestImage } from '../../harness/image.js'
import { outputOf, placeFiles, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'
import { nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'

const ACTION = join(import.meta.dirname, '..', '..', '..', 'dist', 'action')
const PROGRAM = '/kaniko/program'

const suite = new Suite('in-pod')
const servers = new Suite('in-pod-registries', 'restricted')

let registry: Registry
let image: TestImage

/** What `in-pod/Dockerfile` makes, of this machine's node and the cluster's Kaniko. */
async function inPodImage(): Promise<TestImage> {
  const binaries = join(places().cache, 'binaries')
  const kaniko = readdirSync(binaries).find(name => name.startsWith('kaniko-')) ?? 'none'
  const loaded = execFileSync('ldd', [process.execPath], { encoding: 'utf8' })
  const libraries = [...loaded.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
  const loader = libraries.find(path => path.includes('/ld-linux')) ?? ''
  return pushImage(suite.cluster, {
    repository: 'kaniko-hooks/in-pod',
    tools: [],
    programs: {
      '/kaniko/executor': join(binaries, kaniko, 'kaniko'),
      [`${PROGRAM}/node`]: process.execPath,
      [`${PROGRAM}/ld.so`]: loader,
      ...Object.fromEntries(libraries.map(path => [`${PROGRAM}/lib/${path.split('/').at(-1) ?? ''}`, path]))
    },
    files: {
      '/kaniko/action/main.cjs': readFileSync(join(ACTION, 'main.cjs'), 'utf8'),
      '/kaniko/action/package.json': readFileSync(join(ACTION, 'package.json'), 'utf8'),
      '/etc/nsswitch.conf': 'hosts: files dns\n'
    },
    config: {
      // As the Dockerfile has it.
      Entrypoint: entryPoint(),
      WorkingDir: '/workspace',
      Env: ['HOME=/root', 'USER=root', 'PATH=/usr/local/bin:/kaniko', 'DOCKER_CONFIG=/kaniko/.docker/']
    }
  })
}

function entryPoint(): readonly string[] {
  const dockerfile = readFileSync(join(ACTION, 'Dockerfile'), 'utf8')
  return JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as readonly string[]
}

beforeAll(async () => {
  registry = await nodePortRegistry(servers.cluster, servers.namespace, { name: 'target', auth: true })
  image = await inPodImage()
}, 400_000)

afterAll(async () => {
  await image.remove()
  await registry.remove()
})

describe('the action as a container action', () => {
  let result: JobResult
  const step = (name: string): StepResult => stepOf(result, name)

  beforeAll(async () => {
    const runner = await suite.runner({ mode: 'volume' })
    const { push } = registry.users ?? {}
    if (push === undefined) throw new Error('the registry has no users')
    await placeFiles(runner, '/tmp/secrets', { 'secrets.json': JSON.stringify({ PASSWORD: push.password }) })
    const where = {
      backend: 'local',
      context: 'app',
      'registry-mirrors': suite.cluster.mirror,
      'insecure-registries': `${registry.pushHost}\n${suite.cluster.mirror}`
    }
    const login = { registry: registry.pushHost, username: push.username, password: '${{ secrets.PASSWORD }}' }
    const steps = [
      {
        name: 'build',
        id: 'build',
        uses: `docker://${image.tagged}`,
        with: {
          ...where,
          ...login,
          tags: `${registry.pushHost}/acme/in-pod:1`,
          push: 'true',
          'build-args': 'VERSION=1, 2'
        }
      },
      { name: 'use', run: 'echo "got ${{ steps.build.outputs.digest }}"' },
      { name: 'broken', uses: `docker://${image.tagged}`, with: { ...where, 'build-args': 'VERSION=other' } }
    ]
    result = await runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.debian,
        steps: steps.map(each => ({ ...each, 'continue-on-error': true }))
      }),
      files: {
        'app/Dockerfile':
          'FROM debian:bookworm-slim\nARG VERSION\nCOPY hello /hello\nRUN echo "::error::x $VERSION" && test "$VERSION" = "1, 2"\n',
        'app/hello': 'hello\n'
      },
      args: ['--secrets', '/tmp/secrets/secrets.json']
    })
  }, 400_000)

  test('builds in its own container and pushes, with inputs whose names have dashes', async () => {
    expect(step('build').outcome).toBe('success')
    expect(step('build').outputs).toMatchObject({
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      tags: `${registry.pushHost}/acme/in-pod:1`,
      backend: 'local'
    })
    expect(await registry.images()).toContain('acme/in-pod:1')
    expect(outputOf(step('use')).join('\n')).toContain(`got ${step('build').outputs['digest'] ?? 'nothing'}`)
    expect(step('build').summary).toContain('### Kaniko build: ✅')
  })

  test('fails with the instruction that failed', () => {
    expect(step('broken').outcome).toBe('failure')
    expect(outputOf(step('broken')).join('\n')).toMatch(/failed at RUN .*exit code 1/)
    expect(step('broken').outputs).toEqual({})
  })

  test('prints no password', () => {
    expect(result.log).not.toContain(registry.users?.push.password ?? 'none')
  })
})
