import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { list } from 'tar'

import { startDebugPod } from '../../harness/debug-pod.js'
import { tryKubectl } from '../../harness/kubectl.js'
import { Suite } from '../../harness/suite.js'
import { untilSaid } from '../../harness/until-said.js'
import { writeCf } from '../../stand-ins/cf/cf.js'
import { nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { startSshd, type Sshd } from '../../stand-ins/ssh/sshd.js'
import { digestAt } from './digest.js'

const KBUILD = join(import.meta.dirname, '../../../dist/kbuild/index.cjs')

const suite = new Suite('kbuild-via')

const WAYS = ['kubectl exec', 'ssh', 'cf ssh'] as const
type Way = (typeof WAYS)[number]

let directory: string
let registry: Registry
let sshd: Sshd
let ways: Readonly<Record<Way, string>>

beforeAll(async () => {
  const { cluster, namespace } = suite
  directory = await mkdtemp(join(tmpdir(), 'kbuild-'))
  const [made] = await Promise.all([
    nodePortRegistry(cluster, namespace, { auth: true }),
    startDebugPod(cluster, namespace, 'builder')
  ])
  registry = made
  const { username = '', password = '' } = made.users?.push ?? {}
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  await mkdir(join(directory, 'home/.docker'), { recursive: true })
  const config = JSON.stringify({ auths: { [made.pushHost]: { auth }, 'other.test': { auth: 'Y2FuYXJ5Om90aGVy' } } })
  await writeFile(join(directory, 'home/.docker/config.json'), config)
  const into = `'${cluster.kubectl}' '--kubeconfig=${cluster.kubeconfig}' -n ${namespace} exec -i builder -c kaniko --`
  sshd = await startSshd(`exec ${into} sh -c "$SSH_ORIGINAL_COMMAND"`)
  const cf = await writeCf(directory, { kaniko: `exec ${into} sh -c "$COMMAND"` })
  ways = { 'kubectl exec': into, ssh: sshd.client.join(' '), 'cf ssh': `${cf} ssh kaniko --command` }
}, 400_000)

afterAll(async () => {
  await sshd.stop()
  await registry.remove()
  await rm(directory, { recursive: true })
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(way: Way, args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const { mirror } = suite.cluster
  const all = ['--registry-mirror', mirror, '--insecure-registry', mirror, '--insecure-registry', registry.pushHost]
  const child = spawn(process.execPath, [KBUILD, 'build', ...all, '--via', ways[way], ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: join(directory, 'home') }
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ended>(resolve => child.on('close', code => resolve({ code, stdout, stderr })))
  return { child, ended }
}

async function context(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(directory, 'context-'))
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content)
  return path
}

async function inPod(script: string): Promise<string> {
  const { stdout } = await tryKubectl(suite.cluster, [
    ...['-n', suite.namespace, 'exec', 'builder', '-c', 'kaniko', '--', 'sh', '-c', script]
  ])
  return stdout.toString()
}

function digestOf(repository: string, tag: string): Promise<string | null> {
  return digestAt(registry.pullHost.replace('localhost', '127.0.0.1'), repository, tag, registry.users?.admin)
}

/** Files of an earlier build would be seen here, and a heredoc needs what is sent beside the context. */
const DOCKERFILE = `FROM busybox:1.36 AS made
COPY . /src
RUN test ! -e /leftover && touch /leftover && cat /src/hello > /made
FROM busybox:1.36
COPY --from=made /made /made
RUN <<END
test ! -e /leftover
cat /made
END
`

describe.each(WAYS)('%s', way => {
  test('one line builds and pushes with the password, and says the digest alone', async () => {
    const path = await context({
      Dockerfile: DOCKERFILE,
      hello: `hello by ${way}\n`,
      secret: 'no',
      '.dockerignore': 'secret'
    })
    const repository = `by/${way.replace(' ', '-')}`
    const tags = ['1', '2'].map(tag => `${registry.pushHost}/${repository}:${tag}`)
    const metadata = join(path, '../metadata.json')
    const names = tags.flatMap(tag => ['-t', tag])
    const archive = join(path, '../image.tar')
    const results = ['--metadata-file', metadata, '-o', `type=oci,dest=${archive}`]
    const { code, stdout, stderr } = await start(way, ['-q', ...names, '--push', ...results, path]).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const digest = stdout.trim()
    expect(await Promise.all(['1', '2'].map(tag => digestOf(repository, tag)))).toEqual([digest, digest])
    const entries: string[] = []
    await list({ file: archive, onReadEntry: entry => entries.push(entry.path.replace(/^\.\//, '')) })
    expect(entries).toEqual(expect.arrayContaining(['index.json', `blobs/${digest.replace(':', '/')}`]))
    expect(JSON.parse(await readFile(metadata, 'utf8'))).toEqual({
      'containerimage.config.digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      'containerimage.digest': digest,
      'image.name': tags.join(',')
    })
    expect(await inPod('ls -A /kaniko; cat /kaniko/.docker/* 2>/dev/null')).not.toMatch(/\.kbuild|config\.json|auth/)
  })
})

test('a RUN that fails: exit code 1, its line, nothing pushed; the next build is not disturbed', async () => {
  const path = await context({ Dockerfile: 'FROM busybox:1.36\nRUN touch /leftover && echo oh && exit 7\n' })
  const { code, stdout, stderr } = await start('ssh', ['-t', `${registry.pushHost}/by/failure:1`, '--push', path]).ended
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/RUN touch \/leftover .*: it ended with exit code 7/)
  expect(await digestOf('by/failure', '1')).toBeNull()
  expect(await inPod('ls /leftover 2>&1')).toMatch(/No such file/)
})

test('a password that is wrong: exit code 3, and who said so', async () => {
  const file = join(directory, 'wrong.json')
  const auth = Buffer.from('nobody:canary-wrong').toString('base64')
  await writeFile(file, JSON.stringify({ auths: { [registry.pushHost]: { auth } } }))
  const path = await context({ Dockerfile: 'FROM busybox:1.36\n' })
  const tag = `${registry.pushHost}/by/nobody:1`
  const { code, stderr } = await start('kubectl exec', ['--registry-auth', file, '-t', tag, '--push', path]).ended
  expect(code).toBe(3)
  expect(stderr).toMatch(/UNAUTHORIZED|401/)
  expect(stderr).not.toContain('canary-wrong')
})

describe.each(WAYS)('%s', way => {
  test.each(['SIGINT', 'SIGKILL'] as const)('%s ends the build there, and takes the credentials away', async signal => {
    const path = await context({ Dockerfile: 'FROM busybox:1.36\nRUN echo begun; sleep 1000\n' })
    const { child, ended } = start(way, ['-t', `${registry.pushHost}/by/nobody:1`, '--push', path])
    await untilSaid(child.stderr, 'begun')
    child.kill(signal)
    const { code } = await ended
    expect(code).toBe(signal === 'SIGINT' ? 130 : null)
    let left = ''
    for (let tries = 0; tries < 50; tries += 1) {
      left = await inPod('ps | grep -E "executor|sleep 1000" | grep -v grep; ls -d /kaniko/.kbuild 2>/dev/null')
      if (left === '') break
      await sleep(200)
    }
    expect(left).toBe('')
  })
})
