import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, expect, test } from '@jest/globals'
import { list } from 'tar'

import type { ImageBuild } from '../../image-build.js'
import { buildOf, DIGEST, type Fixture, LEAVE, LEFT, isRunning, lend, makeExecutor } from '../executor.fixture.js'
import { LocalBackend } from './local.js'

let fixture: Fixture | undefined
afterEach(async () => fixture?.remove())

const GOOD = `echo '{"level":"info","msg":"RUN make","time":"t"}' >&2; echo ${DIGEST} > "$digest"`

async function run(
  ending: string,
  build: Partial<ImageBuild> = {},
  { config, signal, wait }: { config?: string; signal?: AbortSignal; wait?: (made: Fixture) => Promise<void> } = {}
) {
  fixture = await makeExecutor(ending)
  await wait?.(fixture)
  const lines: string[] = []
  const backend = new LocalBackend({ environment: process.env, home: fixture.home }, lend(config))
  const listener = { line: (line: string) => lines.push(line), phase: () => undefined }
  const outcome = backend.build(buildOf(fixture, build), listener, signal ?? new AbortController().signal)
  return { outcome, lines, fixture, backend }
}

test('builds from a copy that Kaniko leaves alone, with Docker’s modes', async () => {
  const look = `(cd "\${0%/executor}/context/tree/context" && stat -c '%a %F %n' * > "\${0%/kaniko/executor}/look")`
  const { outcome, lines, fixture, backend } = await run(
    `${look}; ${GOOD}`,
    {},
    {
      wait: async ({ context }) => {
        await writeFile(join(context, 'open'), 'x')
        await chmod(join(context, 'open'), 0o666)
        await chmod(join(context, 'hello'), 0o4750)
        await mkdir(join(context, 'directory'))
        await chmod(join(context, 'directory'), 0o770)
        await symlink('/etc/passwd', join(context, 'link'))
      }
    }
  )
  expect(await backend.missing()).toBeUndefined()
  expect(await outcome).toMatchObject({ digest: DIGEST, pushed: ['registry.test/app:1'], backend: 'local' })
  expect(lines).toEqual(['Step 1: RUN make'])
  expect((await fixture.noted('look')).split('\n').filter(line => !line.includes('Dockerfile'))).toEqual([
    '770 directory directory',
    '4750 regular file hello',
    '777 symbolic link link',
    '666 regular file open',
    ''
  ])
  expect(existsSync(join(fixture.home, '.kbuild'))).toBe(false)
  expect(existsSync(join(fixture.home, 'context/tree'))).toBe(false)
})

test('credentials and secrets are files for root alone, and go with a failure too', async () => {
  const config = '{"auths":{"registry.test":{"auth":"dXNlcjpjYW5hcnk="}}}'
  const secrets = [{ id: 'npm', value: Buffer.from('canary') }]
  const { outcome, fixture } = await run('exit 1', { secrets }, { config })
  await expect(outcome).rejects.toMatchObject({ code: 'DOCKERFILE_FAILED', exitCode: 1 })
  expect(await fixture.noted('config')).toBe(config)
  expect(await fixture.noted('secrets')).toBe('canary')
  expect((await fixture.noted('modes')).match(/^\d+/gm)).toEqual(['600', '600'])
  for (const name of ['arguments', 'environment'])
    expect(await fixture.noted(name)).not.toMatch(/dXNlcjpjYW5hcnk=|canary/)
  expect(existsSync(join(fixture.home, '.kbuild'))).toBe(false)
})

test('what a RUN prints of its secret, and what a registry quotes, is hidden', async () => {
  const config = '{"auths":{"registry.test":{"auth":"dXNlcjpjYW5hcnk="}}}'
  const secrets = [{ id: 'npm', value: Buffer.from('hush-hush') }]
  const said = `echo "printed hush-hush"; echo 'error building image: dXNlcjpjYW5hcnk= is wrong'; exit 1`
  const { outcome, lines } = await run(said, { secrets }, { config })
  await expect(outcome).rejects.toMatchObject({ message: expect.not.stringMatching(/hush-hush|dXNlcj/) })
  expect(lines.join('\n')).toContain('printed ***')
  expect(lines.join('\n')).not.toMatch(/hush-hush|dXNlcj/)
})

test('what the executor leaves beside itself goes, and nothing that was there', async () => {
  const leave = `mkdir -p "\${0%executor}/one/two" && touch "\${0%executor}/123" "\${0%executor}/a b"`
  const wait = async ({ home }: Fixture): Promise<void> => writeFile(join(home, '.own file'), '')
  const { outcome, fixture } = await run(`${leave}; ${GOOD}`, {}, { wait })
  await outcome
  expect((await readdir(fixture.home)).sort()).toEqual(['.own file', 'executor'])
})

test('what a killed build left beside the executor goes too', async () => {
  const wait = async ({ home }: Fixture): Promise<void> => {
    await mkdir(join(home, '.kbuild'))
    await writeFile(join(home, '.kbuild', 'pid'), '4194303\n')
    await writeFile(join(home, '.kbuild', 'had'), '/executor/own/\n')
    await writeFile(join(home, 'own'), '')
    await mkdir(join(home, 'stage'))
  }
  const { outcome, fixture } = await run(GOOD, {}, { wait })
  expect((await outcome).digest).toBe(DIGEST)
  expect((await readdir(fixture.home)).sort()).toEqual(['executor', 'own'])
})

test('an abort ends the executor and what it started in groups of their own', async () => {
  const abort = new AbortController()
  const started = `setsid sh -c 'echo $$ > "$1/run"; exec sleep 100' x "\${0%/kaniko/executor}" & echo $$ > "\${0%/kaniko/executor}/pid"; sleep 100`
  const { outcome, fixture } = await run(started, {}, { signal: abort.signal })
  const pid = async (name: string): Promise<number> => {
    for (;;) {
      const text = await fixture.noted(name).catch(() => '')
      if (text.endsWith('\n')) return Number(text)
      await sleep(20)
    }
  }
  const pids = [await pid('pid'), await pid('run')]
  const failed = expect(outcome).rejects.toMatchObject({ code: 'ABORTED' })
  abort.abort()
  await failed
  for (const id of pids) expect(await isRunning(id)).toBe(false)
  expect(existsSync(join(fixture.home, '.kbuild'))).toBe(false)
})

test('an executor whose caller was killed is ended by its id, and what it was lent is removed', async () => {
  const made = await makeExecutor('sleep 100')
  fixture = made
  const { home } = made
  const backend = new LocalBackend({ environment: process.env, home }, lend('{"auths":{}}'))
  let id = ''
  const begun = new Promise<void>((resolve, reject) => {
    const started = (name: string): void => {
      id = name
      resolve()
    }
    const listener = { line: () => undefined, phase: () => undefined, started }
    backend.build(buildOf(made), listener, new AbortController().signal).then(reject, () => undefined)
  })
  await begun
  expect(id).toMatch(/^local-\d+-\d+$/)
  const [, pid = '0', beginning = ''] = id.split('-')
  // As after a kill: whoever took the container is gone.
  await writeFile(join(home, '.kbuild', 'pid'), '4194303\n')
  await backend.cancel(`local-${pid}-${Number(beginning) + 1}`)
  expect(await isRunning(Number(pid))).toBe(true)
  await backend.cancel(id)
  while (await isRunning(Number(pid))) await sleep(10)
  expect(existsSync(join(home, '.kbuild'))).toBe(false)
  await backend.cancel(id)
  await expect(backend.cancel('local-1')).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
})

test('another build in the same container is not disturbed', async () => {
  const wait = async ({ home }: Fixture): Promise<void> => {
    await mkdir(join(home, '.kbuild'))
    await writeFile(join(home, '.kbuild', 'pid'), `${process.pid}\n`)
  }
  const { outcome, fixture } = await run(GOOD, {}, { wait })
  await expect(outcome).rejects.toMatchObject({ message: expect.stringContaining('another build') })
  expect(await readFile(join(fixture.home, '.kbuild', 'pid'), 'utf8')).toBe(`${process.pid}\n`)
})

test('of builds that begin at once, one has the container', async () => {
  const made = (fixture = await makeExecutor(`sleep 1; ${GOOD}`))
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, async () => {
      const backend = new LocalBackend({ environment: process.env, home: made.home }, lend(undefined))
      const listener = { line: () => undefined, phase: () => undefined }
      return backend.build(buildOf(made), listener, new AbortController().signal)
    })
  )
  const lost = results.flatMap(result => (result.status === 'rejected' ? [(result.reason as Error).message] : []))
  expect(lost).toHaveLength(7)
  expect(lost.filter(message => !message.includes('another build'))).toEqual([])
})

test('says what is missing', async () => {
  const backend = new LocalBackend({ environment: {}, home: '/nonexistent' }, lend())
  expect(await backend.missing()).toBe('there is no /nonexistent/executor')
})

test('archives of the image come to the caller, and the image’s id is told', async () => {
  const at = await mkdtemp(join(tmpdir(), 'archives-'))
  const files = (['docker', 'oci'] as const).map(kind => ({ kind, path: join(at, `${kind}.tar`) }))
  const { outcome } = await run(LEAVE, { files })
  const { digest, imageId, size } = LEFT
  expect(await outcome).toMatchObject({ digest, imageId, size })
  expect((await readFile(join(at, 'docker.tar'))).equals(LEFT.tar)).toBe(true)
  const names: string[] = []
  list({ file: join(at, 'oci.tar'), sync: true, onReadEntry: ({ path }) => names.push(path.replace(/^\.\//, '')) })
  expect(names).toEqual(expect.arrayContaining(['index.json', 'oci-layout', `blobs/${digest.replace(':', '/')}`]))
  expect((await readdir(at)).sort()).toEqual(['docker.tar', 'oci.tar'])
  await rm(at, { recursive: true })
})
