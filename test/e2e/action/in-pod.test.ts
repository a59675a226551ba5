import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { places } from '../../harness/cluster/settings.js'
import { pushImage, type TestImage } from '../../harness/image.js'
import { outputOf, placeFiles, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'
import { nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const ACTION = join(ROOT, 'dist', 'action')
const PROGRAM = '/.kaniko-action'

const suite = new Suite('in-pod')
const servers = new Suite('in-pod-registries', 'restricted')

let registry: Registry

const textOf = (name: string): string => readFileSync(join(ACTION, name), 'utf8')

/** As an image of Kaniko has it. */
const KANIKO_CONFIG = {
  WorkingDir: '/workspace',
  Env: ['HOME=/root', 'USER=root', 'PATH=/usr/local/bin:/kaniko', 'DOCKER_CONFIG=/kaniko/.docker/']
}
const KANIKO_FILES = { '/etc/nsswitch.conf': 'hosts: files dns\n' }

/** A static program of the cluster's images. */
function program(name: 'kaniko' | 'crane'): string {
  const binaries = join(places().cache, 'binaries')
  return join(binaries, readdirSync(binaries).find(found => found.startsWith(`${name}-`)) ?? 'none', name)
}

/** What this machine's node loads, by path; its loader is among it. */
function libraries(): readonly string[] {
  const loaded = execFileSync('ldd', [process.execPath], { encoding: 'utf8' })
  return [...loaded.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
}

const loader = (): string => libraries().find(path => path.includes('/ld-linux')) ?? ''

/** What `in-pod/Dockerfile` makes, of this machine's node and the cluster's Kaniko. */
async function madeImage(): Promise<TestImage> {
  return pushImage(suite.cluster, {
    repository: 'kaniko-hooks/in-pod',
    tools: [],
    programs: {
      '/kaniko/executor': program('kaniko'),
      [`${PROGRAM}/node`]: process.execPath,
      [`${PROGRAM}/ld.so`]: loader(),
      ...Object.fromEntries(libraries().map(path => [`${PROGRAM}/lib/${path.split('/').at(-1) ?? ''}`, path]))
    },
    files: {
      [`${PROGRAM}/main.cjs`]: textOf('main.cjs'),
      [`${PROGRAM}/package.json`]: textOf('package.json'),
      ...KANIKO_FILES
    },
    // As the Dockerfile has it.
    config: {
      ...KANIKO_CONFIG,
      Entrypoint: JSON.parse(/^ENTRYPOINT (.*)$/m.exec(textOf('Dockerfile'))?.[1] ?? '[]') as readonly string[]
    }
  })
}

/** The images that `in-pod/Dockerfile` is made of. Its RUN line finds in the second what Debian has. */
async function baseImages(): Promise<{ readonly KANIKO: TestImage; readonly NODE: TestImage }> {
  const KANIKO = await pushImage(suite.cluster, {
    repository: 'kaniko-hooks/in-pod-kaniko',
    tools: [],
    programs: { '/kaniko/executor': program('kaniko') },
    files: KANIKO_FILES,
    config: KANIKO_CONFIG
  })
  const NODE = await pushImage(suite.cluster, {
    repository: 'kaniko-hooks/in-pod-node',
    tools: ['sh', 'mkdir', 'cp', 'sed', 'xargs'],
    programs: { '/usr/local/bin/node': process.execPath },
    files: { '/bin/ldd': `#!/bin/sh\nexec ${loader()} --list "$1"\n` }
  })
  return { KANIKO, NODE }
}

beforeAll(async () => {
  registry = await nodePortRegistry(servers.cluster, servers.namespace, { name: 'target', auth: true })
}, 400_000)

afterAll(async () => registry.remove())

/** The paths of an image's files. */
function filesOf(tag: string): readonly string[] {
  const { username = '', password = '' } = registry.users?.push ?? {}
  const home = mkdtempSync(join(tmpdir(), 'in-pod-'))
  try {
    const auths = { [registry.pullHost]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 })
    const image = tag.replace(registry.pushHost, registry.pullHost)
    const words = ['-c', '"$0" export --insecure "$1" - | tar -t 2>/dev/null', program('crane'), image]
    const listed = execFileSync('sh', words, { env: { ...process.env, DOCKER_CONFIG: home }, encoding: 'utf8' })
    return listed.trim().split('\n')
  } finally {
    rmSync(home, { recursive: true })
  }
}

/** The action, as a step names it: built once and pushed, or by its directory, for the hook to build. */
const WAYS = ['an image of it', 'its Dockerfile, which the hook builds'] as const

describe.each(variants<(typeof WAYS)[number]>([WAYS[0]], [WAYS[1]]))('the action as a container action, %s', way => {
  const made: TestImage[] = []
  let result: JobResult
  const step = (name: string): StepResult => stepOf(result, name)

  const tag = (): string => `${registry.pushHost}/acme/in-pod:${WAYS.indexOf(way)}`

  interface Prepared {
    readonly uses: string
    readonly settings: object
    readonly files: Readonly<Record<string, string>>
  }

  async function prepared(): Promise<Prepared> {
    if (way === WAYS[0]) {
      const image = await madeImage()
      made.push(image)
      return { uses: `docker://${image.tagged}`, settings: {}, files: {} }
    }
    const bases = await baseImages()
    made.push(...Object.values(bases))
    const { host, port } = suite.cluster.registry
    const args = Object.entries(bases).map(([name, { tagged }]) => [name, tagged.replace(/^[^/]+/, `${host}:${port}`)])
    const insecureRegistries = [suite.cluster.mirror, `${host}:${port}`]
    const committed = readdirSync(ACTION).map(name => [`dist/action/${name}`, textOf(name)] as const)
    return {
      uses: './in-pod',
      settings: { build: { args: Object.fromEntries(args) as Record<string, string>, insecureRegistries } },
      files: {
        ...Object.fromEntries(committed),
        'in-pod/action.yml': readFileSync(join(ROOT, 'in-pod', 'action.yml'), 'utf8')
      }
    }
  }

  afterAll(async () => {
    await Promise.all(made.map(async image => image.remove()))
  })

  beforeAll(async () => {
    const { uses, settings, files } = await prepared()
    const runner = await suite.runner({ mode: 'volume', settings })
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
        uses,
        with: {
          ...where,
          ...login,
          tags: tag(),
          push: 'true',
          outputs: 'type=oci,dest=image.tar',
          'build-args': 'VERSION=1, 2'
        }
      },
      {
        name: 'use',
        env: { DIGEST: '${{ steps.build.outputs.digest }}' },
        run: 'echo "got $DIGEST"; grep -aqF "$DIGEST" image.tar && echo "so has the archive"'
      },
      { name: 'broken', uses, with: { ...where, file: 'app/Dockerfile.stages' } }
    ]
    result = await runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.debian,
        steps: steps.map(each => ({ ...each, 'continue-on-error': true }))
      }),
      files: {
        ...files,
        'app/Dockerfile':
          'FROM debian:bookworm-slim\nARG VERSION\nCOPY hello /hello\nRUN echo "::error::x $VERSION" && test "$VERSION" = "1, 2"\n',
        // All files are replaced between the stages.
        'app/Dockerfile.stages':
          'FROM busybox:1.36 AS made\nCOPY hello /hello\nFROM busybox:1.36\nCOPY --from=made /hello /\nRUN exit 5\n',
        'app/hello': 'hello\n'
      },
      args: ['--secrets', '/tmp/secrets/secrets.json']
    })
  }, 400_000)

  test('builds in its own container, pushes and writes an archive, with inputs whose names have dashes', async () => {
    expect(step('build').outcome).toBe('success')
    expect(step('build').outputs).toMatchObject({
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      tags: tag(),
      backend: 'local'
    })
    expect(await registry.images()).toContain(tag().slice(registry.pushHost.length + 1))
    expect(outputOf(step('use')).join('\n')).toContain(
      `got ${step('build').outputs['digest'] ?? 'nothing'}\nso has the archive`
    )
    expect(step('build').summary).toContain('### Kaniko build: ✅')
    const files = filesOf(tag())
    expect(files).toContain('hello')
    expect(files.filter(path => path.startsWith(PROGRAM.slice(1)) || path.startsWith('kaniko/'))).toEqual([])
  })

  test('fails with the instruction that failed', () => {
    expect(step('broken').outcome).toBe('failure')
    expect(outputOf(step('broken')).join('\n')).toMatch(/##\[error\]app\/Dockerfile.stages:5: .*exit code 5/)
    expect(step('broken').outputs).toEqual({})
  })

  test('prints no password', () => {
    expect(result.log).not.toContain(registry.users?.push.password ?? 'none')
  })
})
