import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { goPrograms } from '../../harness/cluster/binaries.js'
import { run } from '../../harness/cluster/run.js'
import { places } from '../../harness/cluster/settings.js'
import { GO_PROGRAMS } from '../../harness/cluster/versions.js'
import { pushImage, type TestImage } from '../../harness/image.js'
import { getJson } from '../../harness/kubectl.js'
import { Suite } from '../../harness/suite.js'
import { untilSaid } from '../../harness/until-said.js'
import { startDocker, type Docker } from '../../stand-ins/docker/docker.js'
import { digestOf } from '../kbuild/digest.js'

const KBUILD = join(import.meta.dirname, '..', '..', '..', 'dist', 'kbuild', 'index.cjs')
const TIMEOUT = 300_000

const PROGRAMS = GO_PROGRAMS.filter(({ name }) => name === 'kaniko' || name === 'crane')

const suite = new Suite('docker-backend')
let docker: Docker
let images: readonly TestImage[] = []
let home: string
/** As the daemon's containers know it, and this machine. */
let host: string
let env: NodeJS.ProcessEnv
let mirror: string

beforeAll(async () => {
  const { cluster } = suite
  const programs = await goPrograms(places(), () => undefined, PROGRAMS)
  const [kaniko, crane, service] = await Promise.all([
    pushImage(cluster, {
      repository: 'docker-backend/kaniko',
      tools: [],
      programs: { '/kaniko/executor': programs.get('kaniko') ?? '' },
      config: { Entrypoint: ['/kaniko/executor'] }
    }),
    pushImage(cluster, {
      repository: 'docker-backend/crane',
      tools: ['sh', 'cat', 'sed', 'tail', 'head', 'tr', 'sleep'],
      programs: { '/bin/crane': programs.get('crane') ?? '' }
    }),
    getJson<{ spec: { clusterIP: string } }>(cluster, ['-n', 'kaniko-hooks', 'service', 'mirror'])
  ])
  images = [kaniko, crane]
  docker = await startDocker(cluster)
  home = mkdtempSync(join(tmpdir(), 'docker-backend-'))
  host = `localhost:${cluster.registry.nodePort}`
  // The daemon's network has no names of the cluster.
  mirror = `${service.spec.clusterIP}:${cluster.registry.port}`
  mkdirSync(join(home, '.docker'))
  const auth = Buffer.from('user:canary-of-the-push').toString('base64')
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: { [host]: { auth } } }))
  env = {
    PATH: process.env['PATH'],
    HOME: home,
    DOCKER_HOST: `unix://${docker.socket}`,
    KBUILD_DOCKER_NETWORK: 'host',
    KBUILD_KANIKO_IMAGE: kaniko.tagged,
    KBUILD_KANIKO_FORK: 'chainguard',
    KBUILD_PUSH_IMAGE: crane.tagged
  }
}, TIMEOUT)

afterAll(async () => {
  await docker.stop()
  await Promise.all(images.map(async image => image.remove()))
  rmSync(home, { recursive: true })
}, TIMEOUT)

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function kbuild(...words: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [KBUILD, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: home })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return { child, ended: new Promise(resolve => child.on('close', code => resolve({ code, stdout, stderr }))) }
}

function build(dockerfile: string, ...more: readonly string[]): ReturnType<typeof kbuild> {
  const context = mkdtempSync(join(home, 'context-'))
  writeFileSync(join(context, 'Dockerfile'), dockerfile)
  writeFileSync(join(context, 'hello'), 'hello\n')
  const registries = ['--registry-mirror', mirror, '--insecure-registry', mirror, '--insecure-registry', host]
  return kbuild('build', '--backend', 'docker', ...registries, ...more, context)
}

function client(...args: string[]): Promise<string> {
  return run(docker.client, ['--host', `unix://${docker.socket}`, ...args]).then(text => text.trim())
}

test(
  'builds in the daemon and pushes, with the credentials out of reach of RUN; an archive has the same digest',
  async () => {
    // Told in other words, since what is printed is redacted.
    const look = `RUN grep -rqs 'dXNlcjpj[Y]W5hcn' /kaniko /proc/self/environ && echo reached; cat /hello && touch /made\n`
    const tags = ['1', '2'].flatMap(tag => ['-t', `${host}/docker/app:${tag}`])
    const files = ['-o', `type=oci,dest=${home}/app.tar`, '--metadata-file', 'metadata.json']
    const dockerfile = `FROM busybox:1.36\nARG A\nCOPY hello /\nLABEL a=$A\n${look}`
    const { code, stdout, stderr } = await build(
      dockerfile,
      ...tags,
      '--push',
      '--json',
      ...files,
      '--build-arg',
      'A=b'
    ).ended
    expect({ code, failed: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, failed: '' })
    const events = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { event: string; line?: string; digest?: string; imageId?: string })
    expect(events.map(({ line }) => line)).toEqual(expect.arrayContaining(['hello', `Pushed ${host}/docker/app:2`]))
    expect(events.map(({ line }) => line)).not.toContain('reached')
    const { digest = '', imageId } = events.at(-1) ?? {}
    const repository = 'docker/app'
    expect(await Promise.all(['1', '2'].map(tag => digestOf(suite.cluster, repository, tag)))).toEqual([digest, digest])
    expect(JSON.parse(readFileSync(join(home, 'metadata.json'), 'utf8'))).toMatchObject({
      'containerimage.digest': digest,
      'containerimage.config.digest': imageId
    })
    const archive = await kbuild('push', 'app.tar', '-q', '-t', `${host}/docker/archive:1`, '--insecure-registry', host)
      .ended
    expect(archive).toEqual({ code: 0, stdout: `${digest}\n`, stderr: '' })
    expect(await digestOf(suite.cluster, 'docker/archive', '1')).toBe(digest)
  },
  TIMEOUT
)

test(
  'an image that is not pushed is the daemon’s, which runs it and pushes it later',
  async () => {
    const name = `${host}/docker/loaded:1`
    const { code, stderr } = await build('FROM busybox:1.36\nCMD ["echo", "it runs"]\n', '-t', name, '--iidfile', 'iid')
      .ended
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(await client('run', '--rm', '--network', 'none', name)).toBe('it runs')
    expect(await client('images', '--quiet', '--no-trunc', name)).toBe(readFileSync(join(home, 'iid'), 'utf8'))
    const pushed = await kbuild('push', '-q', name).ended
    expect(pushed).toEqual({
      code: 0,
      stdout: `${(await digestOf(suite.cluster, 'docker/loaded', '1')) ?? ''}\n`,
      stderr: ''
    })
    expect(await kbuild('push', `${host}/docker/absent:1`).ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`the Docker daemon has no image ${host}/docker/absent:1`)
    })
  },
  TIMEOUT
)

test(
  'a RUN that fails is told with its line, an interrupted build ends there, and nothing is left in the daemon',
  async () => {
    const failed = await build('FROM busybox:1.36\nRUN echo oh && exit 7\n').ended
    expect(failed).toMatchObject({ code: 1, stdout: '' })
    expect(failed.stderr).toMatch(/RUN echo oh .*: it ended with exit code 7/)
    const { child, ended } = build('FROM busybox:1.36\nRUN echo begun; sleep 1000\n')
    await untilSaid(child.stderr, 'begun')
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    expect([await client('ps', '--all', '--quiet'), await client('volume', 'ls', '--quiet')]).toEqual(['', ''])
  },
  TIMEOUT
)
