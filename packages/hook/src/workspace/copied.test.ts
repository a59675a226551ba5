import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from 'node:tls'

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer, EXEC_CUT, type ExecAnswer, type ExecScript, refused, running, waiting } from '@kaniko-hooks/testing'

import { WORK_CONTAINER } from '../pods/names.js'
import { Copied } from './copied.js'
import { plays, ProgramsHere } from './helper/played-program.fixture.js'
import { DIRECT_TLS, type Word } from './helper/words.js'
import { NO_MAIL } from './mailbox/letters.js'
import { MirrorFile } from './mirror.js'
import { ownDirectory } from './own-directory.js'

/**
 * A job and its steps without a volume, by the shells of this machine: what a pod would have at `/__w`, `/work` and the
 * like lies in directories of its own.
 */
jest.setTimeout(60_000)

let base: string
let runner: string
let notes: string[]
let printed: string[]
let ended: string[]
let programs: ProgramsHere
let server: ApiServer
let kube: Kube
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'copied-'))
  runner = join(base, '_work')
  printed = []
  notes = []
  ended = []
  mkdirSync(join(runner, 'repo/repo'), { recursive: true })
  programs = new ProgramsHere(local)
  server = await ApiServer.start()
  server.exec = runHere
  for (const pod of ['job', 'step', 'another']) startPod(pod)
  kube = new Kube(server.config)
})
afterEach(async () => {
  kube.close()
  await server.stop()
  programs.end()
  for (const path of [base, ownDirectory(runner)]) rmSync(path, { recursive: true })
})

/** A pod's path on this machine. */
function local(pod: string, path: string): string {
  return join(base, pod, path)
}

/** Runs our program of a pod on this machine. */
const runHere: ExecScript = async call => programs.exec(call)

/** From now on conversations are held until the function that this gives cuts them; those after it are held to their ends. */
function cutLater(): () => void {
  let cut = (): void => undefined
  const isCut = new Promise<ExecAnswer>(resolve => (cut = () => resolve(EXEC_CUT)))
  server.exec = async exec => Promise.race([runHere(exec), isCut])
  return () => {
    cut()
    server.exec = runHere
  }
}

/** A pod whose receiver runs, and whose other containers can be asked as well. */
function startPod(name: string): void {
  const containers = ['job', WORK_CONTAINER].map(container => ({ name: container }))
  const pod = { metadata: { name }, spec: { containers, initContainers: [{ name: 'receive-work' }] } }
  const { containerStatuses = [] } = running(pod)
  const [receiver] = containerStatuses.map(status => ({ ...status, name: 'receive-work' }))
  const initContainerStatuses = receiver === undefined ? [] : [receiver]
  server.put('pods', { ...pod, status: { phase: 'Pending', initContainerStatuses, containerStatuses } })
}

/** The hook's next call: nothing of the one before is in its memory. */
function call(exclude: readonly string[] = []): Copied {
  return new Copied({
    kube,
    workDirectory: runner,
    workspaceDirectory: join(runner, 'repo/repo'),
    runnerImage: 'runner',
    exclude,
    direct: true,
    timeoutMs: 10_000,
    note: text => void notes.push(text),
    print: line => void printed.push(JSON.stringify(line))
  })
}

const { signal } = new AbortController()
const ME = Promise.resolve({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 })

async function script(body: () => void, end?: AbortSignal): Promise<void> {
  const workspace = call()
  await workspace.beforeScript('job', signal)
  body()
  await workspace.afterScript('job', end)
}

/** A container step's own containers: the receiver's script runs until the files are there. */
async function container(pod: string, body: (work: string) => void): Promise<{ files: number; bytes: number }> {
  const workspace = call()
  const parts = workspace.stepParts({ system: [], user: [] })
  const [receiver] = parts.initContainers
  const [status] = server.get('pods', pod)?.status?.initContainerStatuses ?? []
  const running = programs.start(pod, receiver?.command ?? [])
  running.on('exit', code => {
    ended.push(`${pod} ${code ?? 'killed'}`)
    if (status !== undefined) status.state = { terminated: { exitCode: code ?? 137 } }
  })
  workspace.openStep()
  const travelled = await workspace.fillStep({ name: pod, hasOwnAddress: false }, signal)
  while (ended.length === 0) await new Promise(resolve => setTimeout(resolve, 20))
  workspace.attendStep()
  body(local(pod, '/work'))
  await workspace.collectStep(pod)
  workspace.close()
  return travelled
}

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')

test('a job: its steps and containers see one tree', async () => {
  const repository = join(runner, 'repo/repo')
  const inJob = local('job', '/work/repo/repo')
  writeFileSync(join(repository, 'committed'), 'x')
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  expect(read(inJob, 'committed')).toBe('x')

  await script(() => {
    mkdirSync(join(inJob, 'out'))
    writeFileSync(join(inJob, 'out/app'), 'app')
    rmSync(join(inJob, 'committed'))
  })
  expect(read(repository, 'out/app')).toBe('app')
  expect(existsSync(join(repository, 'committed'))).toBe(false)

  const { files, bytes } = await container('step', work => {
    const tree = join(work, 'repo/repo')
    expect(readdirSync(tree)).toEqual(['out'])
    writeFileSync(join(tree, 'made'), 'made')
    rmSync(join(tree, 'out'), { recursive: true })
  })
  expect(ended).toEqual(['step 0'])
  expect(files).toBeGreaterThan(0)
  expect(bytes).toBeGreaterThan(0)
  expect(readdirSync(repository)).toEqual(['made'])

  await script(() => expect(readdirSync(inJob)).toEqual(['made']))
  expect(printed).toEqual([])
})

test('no file of the hook lies in the work directory, on either side', async () => {
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  await script(() => undefined)
  await container('step', work => expect(readdirSync(work).sort()).toEqual(['_actions', '_temp', '_tool', 'repo']))
  expect(readdirSync(runner).sort()).toEqual(['_actions', '_temp', '_tool', 'repo'])
  expect(readdirSync(join(runner, '_temp')).sort()).toEqual([
    '_github_home',
    '_github_workflow',
    '_runner_file_commands'
  ])
})

test('the step’s own container cannot reach what helps to fill its pod', () => {
  const { mounts, volumes, initContainers, beside } = call().stepParts({
    system: [
      { sourceVolumePath: runner, targetVolumePath: '/__w', readOnly: false },
      { sourceVolumePath: join(runner, '_temp/_github_home'), targetVolumePath: '/github/home', readOnly: false }
    ],
    user: []
  })
  const helpers = [...initContainers, ...beside].map(({ volumeMounts }) => volumeMounts?.map(({ name }) => name))
  const [transfer = ''] = helpers[0]?.filter(name => name !== 'work') ?? []
  expect(volumes.map(({ name }) => name)).toContain(transfer)
  expect(helpers).toEqual([
    ['work', transfer],
    ['work', transfer]
  ])
  expect(mounts.map(({ name }) => name)).toEqual(['work', 'work'])
})

test('a service sees the work directory of its pod, and brings no volume for it', () => {
  const volume = { sourceVolumePath: join(runner, 'repo/data'), targetVolumePath: '/data', readOnly: true }
  expect(call().serviceParts([volume], 'redis')).toEqual({
    mounts: [{ name: 'work', mountPath: '/data', subPath: 'repo/data', readOnly: true }],
    volumes: []
  })
})

test('what is left out is told, and thousands of it in some lines', async () => {
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  const commands = local('job', '/work/_temp/_runner_file_commands')
  await script(() => {
    for (let index = 0; index < 30; index += 1) symlinkSync('/etc/passwd', join(commands, `${index}`))
  })
  expect(printed).toHaveLength(11)
  expect(printed.at(-1)).toContain('::warning::There are 20 more like these.')
  expect(readdirSync(join(runner, '_temp/_runner_file_commands'))).toEqual([])
})

test('a lost connection during a step costs nothing', async () => {
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  const repository = join(runner, 'repo/repo')
  const inJob = local('job', '/work/repo/repo')
  writeFileSync(join(repository, 'sent'), 'sent')
  const cut = cutLater()
  const workspace = call()
  await workspace.beforeScript('job', signal)
  expect(read(inJob, 'sent')).toBe('sent')
  writeFileSync(join(inJob, 'made'), 'made')
  cut()
  await workspace.afterScript('job')
  expect(readdirSync(repository).sort()).toEqual(['made', 'sent'])
  await script(() => rmSync(join(inJob, 'sent')))
  expect(readdirSync(repository)).toEqual(['made'])
})

test('what was sent before a step and removed by that step is gone, also when the connection was lost meanwhile', async () => {
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  const repository = join(runner, 'repo/repo')
  const inJob = local('job', '/work/repo/repo')
  mkdirSync(join(repository, 'dist'))
  writeFileSync(join(repository, 'dist/app'), 'app')
  const cut = cutLater()
  const workspace = call()
  await workspace.beforeScript('job', signal)
  rmSync(join(inJob, 'dist'), { recursive: true })
  cut()
  await workspace.afterScript('job')
  expect(readdirSync(repository)).toEqual([])
})

test('when one side has lost its memory, what the other one removed goes all the same', async () => {
  await call().deliver()
  const repository = join(runner, 'repo/repo')
  for (const name of ['a', 'b', 'c']) writeFileSync(join(repository, name), name)
  await call().fillJob({ name: 'job' }, ME, signal)
  const file = new MirrorFile(runner)
  file.save({ ...file.load('job'), generation: 'another' })
  rmSync(join(repository, 'a'))
  const inJob = local('job', '/work/repo/repo')
  await script(() => {
    expect(readdirSync(inJob)).toEqual(['b', 'c'])
    rmSync(join(inJob, 'b'))
  })
  expect(readdirSync(repository)).toEqual(['c'])
})

test('names of any bytes and renamed directories, through a job and a container', async () => {
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  const inJob = local('job', '/work/repo/repo')
  await script(() => {
    mkdirSync(join(inJob, 'out'))
    writeFileSync(Buffer.concat([Buffer.from(join(inJob, 'out/')), Buffer.from([0x61, 0xff])]), 'odd')
  })
  await script(() => renameSync(join(inJob, 'out'), join(inJob, 'dist')))
  await container('step', work => {
    const names = readdirSync(join(work, 'repo/repo/dist'), { encoding: 'latin1' })
    expect(names).toEqual(['a\xff'])
    renameSync(join(work, 'repo/repo/dist'), join(work, 'repo/repo/third'))
  })
  expect(readdirSync(join(runner, 'repo/repo'))).toEqual(['third'])
  await script(() => expect(readdirSync(inJob)).toEqual(['third']))
  expect(printed).toEqual([])
})

test('what is excluded stays in the pod, and what the runner has of it is not removed', async () => {
  const repository = join(runner, 'repo/repo')
  const inJob = local('job', '/work/repo/repo')
  mkdirSync(join(repository, 'lib/node_modules'), { recursive: true })
  writeFileSync(join(repository, 'lib/node_modules/committed'), 'x')
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  for (let step = 0; step < 2; step += 1) {
    const workspace = call(['node_modules'])
    await workspace.beforeScript('job', signal)
    expect(read(inJob, 'lib/node_modules/committed')).toBe('x')
    mkdirSync(join(inJob, 'node_modules'), { recursive: true })
    writeFileSync(join(inJob, 'node_modules/made'), 'made')
    writeFileSync(join(inJob, `step-${step}`), 'x')
    await workspace.afterScript('job')
  }
  expect(readdirSync(repository).sort()).toEqual(['lib', 'step-0', 'step-1'])
  expect(read(repository, 'lib/node_modules/committed')).toBe('x')
})

test("the job's first step waits for the runner's externals, and any user may write where the pod's volumes are", async () => {
  programs.externals = join(base, 'externals')
  mkdirSync(join(base, 'externals/node20/bin'), { recursive: true })
  symlinkSync('bin/node', join(base, 'externals/node20/node'))
  writeFileSync(join(base, 'externals/node20/bin/node'), 'x'.repeat(5_000_000), { mode: 0o755 })
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  await call().beforeScript('job', signal)
  const copied = local('job', '/mnt/externals/node20')
  expect(statSync(join(copied, 'bin/node'))).toMatchObject({ size: 5_000_000, mode: 0o100755 })
  expect(readlinkSync(join(copied, 'node'))).toBe('bin/node')
  for (const path of ['_temp', '_actions', '_tool', 'repo/repo'])
    expect(statSync(local('job', `/work/${path}`)).mode).toBe(0o40777)
})

test('externals that do not arrive fail the first step with what cp said', async () => {
  programs.externals = join(base, 'none')
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  const step = call().beforeScript('job', signal)
  await expect(step).rejects.toMatchObject({ code: 'WORKSPACE', message: expect.stringMatching(/externals: .*none/) })
})

test('a lost memory of the transfers costs time, and nothing else', async () => {
  await call().deliver()
  writeFileSync(join(runner, 'repo/repo/file'), 'x')
  await call().fillJob({ name: 'job' }, ME, signal)
  await call().beforeScript('another', signal)
  expect(read(local('another', '/work/repo/repo/file'))).toBe('x')
})

test('a step whose time is over gives up its files at once', async () => {
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  await expect(script(() => undefined, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
})

describe('whether files go straight to the pod', () => {
  test('is tried when the job begins', async () => {
    await call().fillJob({ name: 'job', ip: '127.0.0.1' }, ME, signal)
    expect(notes).toEqual([expect.stringMatching(/^Files go straight to the pod, at 127\.0\.0\.1, port \d+\.$/)])
  })

  test('is no question where the pod has no address of its own', async () => {
    const told: Word[] = []
    programs.onWord = word => void told.push(word)
    await call().fillJob({ name: 'job' }, ME, signal)
    expect([notes, told.filter(word => 'serve' in word)]).toEqual([[], []])
  })

  test('is not tried again in a job whose network lets nobody through', async () => {
    const told: Word[] = []
    const served = { serves: { host: '127.0.0.1', port: 1 } }
    server.exec = plays(word => ('serve' in word ? served : undefined), told)
    await call().fillJob({ name: 'job', ip: '127.0.0.1' }, ME, signal)
    expect(notes).toEqual(['Files go by exec: the pod is not reached at 127.0.0.1, port 1.'])
    await call().fillStep({ name: 'step', hasOwnAddress: true }, signal)
    expect(told.filter(word => 'serve' in word)).toHaveLength(1)
    // Another job's network may be another one.
    await call().fillJob({ name: 'job', ip: '127.0.0.1' }, ME, signal)
    expect(told.filter(word => 'serve' in word)).toHaveLength(2)
  })

  test('is found out too late where a network lets only small packets through: the step’s files go by exec', async () => {
    let key = ''
    const deaf = createServer({ ...DIRECT_TLS, pskCallback: () => Buffer.from(key, 'base64') })
    const heldOpen: Socket[] = []
    deaf.on('secureConnection', socket => heldOpen.push(socket.on('error', () => undefined).pause()))
    await once(deaf.listen(0, '127.0.0.1'), 'listening')
    const { port } = deaf.address() as AddressInfo
    const told: Word[] = []
    server.exec = plays(word => {
      if (!('serve' in word)) return undefined
      ;({ key } = word.serve)
      return { serves: { host: '127.0.0.1', port } }
    }, told)
    await call().fillStep({ name: 'step', hasOwnAddress: true }, signal)
    for (const socket of heldOpen) socket.destroy()
    deaf.close()
    expect(told.map(word => Object.keys(word).join())).toEqual(['open', 'serve', 'open', 'take', 'leave'])
  })

  test('is noted on the runner’s disk, and a disk that takes nothing ends the job with its reason', async () => {
    const served = { serves: { host: '127.0.0.1', port: 1 } }
    server.exec = plays(word => ('serve' in word ? served : undefined))
    const filled = call().fillJob(
      { name: 'job', ip: '127.0.0.1' },
      sleep(500).then(async () => ME),
      signal
    )
    symlinkSync('/no/such/directory/x', join(ownDirectory(runner), 'blocked'))
    await expect(filled).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('is told when the pod cannot listen there, and files go by exec', async () => {
    await call().fillJob({ name: 'job', ip: '203.0.113.1' }, ME, signal)
    expect(notes).toEqual([expect.stringMatching(/^Files go by exec: the pod takes no calls \(listen EADDRNOTAVAIL/)])
    await script(() => writeFileSync(local('job', '/work/made'), 'made'))
    expect(read(runner, 'made')).toBe('made')
  })
})

describe('a conversation that ends in its middle', () => {
  /**
   * Cuts the connection at the next message that has this in it.
   *
   * @param isHeard whether the pod hears the word, and what it answers is lost
   * @returns a promise of the cut
   */
  function cutAt(what: string, isHeard: boolean): Promise<void> {
    let cut = (): void => undefined
    const isCut = new Promise<ExecAnswer>(resolve => (cut = () => resolve(EXEC_CUT)))
    let isLost = false
    server.exec = async exec => {
      const print = async (chunk: string | Uint8Array): Promise<void> => (isLost ? undefined : exec.print(chunk))
      return Promise.race([programs.exec({ ...exec, print }), isCut])
    }
    programs.onWord = async word => {
      if (!(what in word)) return
      isLost = true
      programs.onWord = () => undefined
      server.exec = runHere
      if (isHeard) setTimeout(cut, 100)
      else {
        cut()
        await new Promise(() => undefined)
      }
    }
    return isCut.then(() => undefined)
  }

  const repository = (): string => join(runner, 'repo/repo')
  const inJob = (path = ''): string => local('job', `/work/repo/repo/${path}`)
  const same = (names: readonly string[]): void => {
    expect(readdirSync(repository()).sort()).toEqual(names)
    expect(readdirSync(inJob()).sort()).toEqual(names)
  }

  beforeEach(async () => {
    await call().deliver()
    for (const name of ['a', 'b', 'c']) writeFileSync(join(repository(), name), name)
    mkdirSync(join(repository(), 'was'))
    writeFileSync(join(repository(), 'was/file'), 'x')
    await call().fillJob({ name: 'job' }, ME, signal)
    rmSync(join(repository(), 'a'))
    renameSync(join(repository(), 'was'), join(repository(), 'is'))
    writeFileSync(join(repository(), 'sent'), 'sent')
    // What was written in the tick of a look is sent again anyway.
    await sleep(50)
  })

  const step = (): void => {
    expect(readdirSync(inJob()).sort()).toEqual(['b', 'c', 'is', 'sent'])
    rmSync(inJob('b'))
    rmSync(inJob('sent'))
    writeFileSync(inJob('c'), 'changed')
    writeFileSync(inJob('made'), 'made')
    renameSync(inJob('is'), inJob('third'))
  }

  const momentsOf = (...words: readonly string[]): readonly (readonly [string, string, boolean])[] =>
    words.flatMap(word => [[word, 'lost', false] as const, [word, 'heard, and the answer lost', true] as const])

  test.each(momentsOf('open', 'externals', 'take', 'rows', 'sent', 'give'))(
    'at the word %s, which is %s: goes on in another one',
    async (word, _, isHeard) => {
      const cut = cutAt(word, isHeard)
      await script(step)
      await cut
      same(['c', 'made', 'third'])
      expect(read(repository(), 'c')).toBe('changed')
      await script(() => rmSync(inJob('made')))
      same(['c', 'third'])
      expect(printed).toEqual([])
    }
  )

  test.each(['take', 'rows', 'sent', 'give'])('at the word %s, and the hook with it', async word => {
    const over = new AbortController()
    const cut = cutAt(word, true).then(() => over.abort())
    const workspace = call()
    const ran: boolean[] = []
    const dies = async (): Promise<void> => {
      await workspace.beforeScript('job', over.signal)
      ran.push(true)
      step()
      await workspace.afterScript('job', over.signal)
    }
    await expect(dies()).rejects.toMatchObject({ code: 'ABORTED' })
    await cut
    if (ran.length === 0) await script(step)
    await script(() => undefined)
    same(['c', 'made', 'third'])
    expect(read(repository(), 'c')).toBe('changed')
    expect(printed).toEqual([])
  })

  describe('of a container step', () => {
    async function fillsAndCollects(): Promise<void> {
      await container('step', work => {
        const tree = join(work, 'repo/repo')
        expect(readdirSync(tree).sort()).toEqual(['b', 'c', 'is', 'sent'])
        rmSync(join(tree, 'b'))
        writeFileSync(join(tree, 'made'), 'made')
      })
      expect(ended).toEqual(['step 0'])
      expect(readdirSync(repository()).sort()).toEqual(['c', 'is', 'made', 'sent'])
      expect(printed).toEqual([])
    }

    test.each(momentsOf('take', 'sent', 'leave'))('at the word %s, which is %s', async (word, _, isHeard) => {
      const cut = cutAt(word, isHeard)
      await fillsAndCollects()
      await cut
    })
  })

  test.each([
    ['has all, and has not noted it', true],
    ['has noted all', false]
  ])('when the hook %s', async (_, isKilled) => {
    const noted = join(ownDirectory(runner), 'mirror')
    const workspace = call()
    await workspace.beforeScript('job', signal)
    const before = readFileSync(noted)
    step()
    await workspace.afterScript('job')
    if (isKilled) writeFileSync(noted, before)
    const told: Word[] = []
    programs.onWord = word => void told.push(word)
    writeFileSync(join(repository(), 'next'), 'next')
    await script(() => rmSync(inJob('made')))
    same(['c', 'next', 'third'])
    // What both have noted is not sent again. A directory that has its new name on both sides cannot be renamed again.
    expect(told.some(word => 'take' in word && word.take.whole)).toBe(isKilled)
  })

  test('what comes for a state that the pod has forgotten is refused, and all is sent', async () => {
    programs.crash('job')
    const told: Word[] = []
    programs.onWord = word => void told.push(word)
    await script(step)
    same(['c', 'made', 'third'])
    expect(told.flatMap(word => ('take' in word ? [word.take.whole] : []))).toEqual([false, true])
  })
})

test('what the runner removed is gone, also when the pod has lost its memory', async () => {
  await call().deliver()
  const repository = join(runner, 'repo/repo')
  const inJob = local('job', '/work/repo/repo')
  mkdirSync(join(repository, 'was'))
  writeFileSync(join(repository, 'was/file'), 'x')
  await call().fillJob({ name: 'job' }, ME, signal)
  programs.crash('job')
  renameSync(join(repository, 'was'), join(repository, 'is'))
  await script(() => expect(readdirSync(inJob)).toEqual(['is']))
  expect(readdirSync(repository)).toEqual(['is'])
})

test('a conversation whose output nobody reads any more does not hold up the next one', async () => {
  await call().deliver()
  await call().fillJob({ name: 'job' }, ME, signal)
  const inJob = local('job', '/work/repo/repo')
  let cut = (): void => undefined
  const isCut = new Promise<ExecAnswer>(resolve => (cut = () => resolve(EXEC_CUT)))
  let printed = 0
  server.exec = async exec => {
    server.exec = runHere
    const { signal: gone } = new AbortController()
    const print = async (chunk: Buffer): Promise<void> => {
      if (++printed > 2) await new Promise(() => undefined)
      await exec.print(chunk)
    }
    return Promise.race([programs.exec({ ...exec, gone, print: async chunk => print(Buffer.from(chunk)) }), isCut])
  }
  const workspace = call()
  await workspace.beforeScript('job', signal)
  writeFileSync(join(inJob, 'large'), Buffer.alloc(4 * 1024 * 1024, 'x'))
  programs.onWord = word => {
    if ('give' in word) setTimeout(cut, 500)
  }
  await workspace.afterScript('job')
  expect(readdirSync(join(runner, 'repo/repo'))).toEqual(['large'])
})

test.each([
  ['the first node of the image does not run, as on another libc', true],
  ['no node of the image runs', false]
])('%s', async (_, hasAnother) => {
  for (const name of ['node1', 'node2']) mkdirSync(join(base, name))
  writeFileSync(join(base, 'node1/node'), '#!/no/such/loader\n', { mode: 0o755 })
  if (hasAnother) symlinkSync(process.execPath, join(base, 'node2/node'))
  programs.nodes = join(base, 'node[12]/node')
  await call().deliver()
  const filled = call().fillJob({ name: 'job' }, ME, signal)
  if (hasAnother) await filled
  else await expect(filled).rejects.toMatchObject({ code: 'WORKSPACE', fault: 'configuration' })
})

describe('a full disk', () => {
  const repository = (): string => join(runner, 'repo/repo')

  test('of a pod is named, and what has room then comes', async () => {
    programs.diskSize = 4
    await call().deliver()
    writeFileSync(join(repository(), 'small'), 'small')
    writeFileSync(join(repository(), 'large'), Buffer.alloc(8 * 1024 * 1024, 'x'))
    await expect(call().fillJob({ name: 'job' }, ME, signal)).rejects.toMatchObject({
      code: 'WORKSPACE',
      fault: 'cluster',
      message: expect.stringMatching(
        /^Could not send files to container kaniko-hooks-work of pod job: its disk is full/
      )
    })
    rmSync(join(repository(), 'large'))
    await call().fillJob({ name: 'job' }, ME, signal)
    // The pod has it: what it is asked for whole is whole on a runner that has lost all.
    rmSync(join(repository(), 'small'))
    new MirrorFile(runner).save(new MirrorFile(runner).empty('job'))
    await call().afterScript('job')
    expect(readdirSync(repository())).toEqual(['small'])
  })

  describe('of the runner', () => {
    beforeEach(() => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=72m', 'none', runner])
      mkdirSync(repository(), { recursive: true })
    })
    afterEach(() => void execFileSync('umount', [runner]))

    test('is named before a byte is written, and nothing is lost', async () => {
      await call().deliver()
      await call().fillJob({ name: 'job' }, ME, signal)
      const inJob = local('job', '/work/repo/repo')
      const large = (): void => {
        writeFileSync(join(inJob, 'small'), 'small')
        writeFileSync(join(inJob, 'large'), Buffer.alloc(16 * 1024 * 1024, 'x'))
      }
      await expect(script(large)).rejects.toMatchObject({
        code: 'WORKSPACE',
        message: expect.stringMatching(/^The runner's disk at .* has no room for 16\.8 MB that the step wrote\.$/)
      })
      expect(readdirSync(repository())).toEqual([])
      await script(() => writeFileSync(join(inJob, 'large'), 'not any more'))
      expect(readdirSync(repository()).sort()).toEqual(['large', 'small'])
    })
  })
})

test('what a container step has by now is asked for by another name when the connection was lost', async () => {
  const told: Word[] = []
  const plain = plays(undefined, told)
  server.exec = plain
  const workspace = call()
  await workspace.fillStep({ name: 'step', hasOwnAddress: false }, signal)
  server.exec = exec => {
    server.exec = plain
    return plays(word => ('give' in word ? EXEC_CUT : undefined), told, [])(exec)
  }
  await workspace.catchUp('step', signal)
  await workspace.collectStep('step')
  const names = told.flatMap(word => ('give' in word ? [word.give.name] : []))
  expect(new Set(names).size).toBe(3)
})

describe('a container step that is attended to, and whose pod does not answer', () => {
  /** @param isLost whether an answer of the first conversation does not arrive */
  async function attended(isLost: (answer: Buffer) => boolean): Promise<Copied> {
    const plain = plays()
    server.exec = plain
    const workspace = call()
    await workspace.fillStep({ name: 'step', hasOwnAddress: true }, signal)
    server.exec = exec => {
      server.exec = plain
      const print = async (chunk: string | Uint8Array): Promise<void> =>
        isLost(Buffer.from(chunk)) ? undefined : exec.print(chunk)
      return plain({ ...exec, print })
    }
    workspace.attendStep()
    return workspace
  }

  test('whether it can be called directly, is collected by another exec', async () => {
    const workspace = await attended(answer => answer.includes('no network'))
    await workspace.collectStep('step')
  })

  test('holds up nobody who gives up', async () => {
    const workspace = await attended(() => true)
    const soon = AbortSignal.timeout(200)
    expect(await workspace.exchangeMail({ entries: [], isLast: true }, soon)).toEqual(NO_MAIL)
    await expect(workspace.exchangeMail({ entries: [] }, soon)).rejects.toThrow()
    await expect(workspace.catchUp('step', soon)).rejects.toMatchObject({ code: 'ABORTED' })
    workspace.close()
  })
})

describe('the end of the receiver', () => {
  /** The word that lets the receiver go gives this. */
  function released(answer: ExecAnswer): void {
    server.exec = plays(word => {
      if (!('leave' in word)) return undefined
      const pod = server.get('pods', 'step')
      const [receiver] = pod?.status?.initContainerStatuses ?? []
      if (receiver !== undefined) receiver.state = { terminated: { exitCode: 0 } }
      return answer
    })
  }

  test.each<[string, ExecAnswer]>([
    ['takes the program along', 137],
    ['cuts the connection', EXEC_CUT]
  ])('is no failure when it %s', async (_, answer) => {
    released(answer)
    await call().fillStep({ name: 'step', hasOwnAddress: false }, signal)
    expect(printed).toEqual([])
  })

  test('is no failure when it takes all answers along with the program', async () => {
    released(137)
    const { exec } = server
    let execs = 0
    server.exec = async call => {
      if (execs++ > 0) return refused(500, 'InternalError', 'container not found')
      const print = async (chunk: string | Uint8Array): Promise<void> =>
        Buffer.from(chunk).includes('took') ? undefined : call.print(chunk)
      return exec({ ...call, print })
    }
    await call().fillStep({ name: 'step', hasOwnAddress: false }, signal)
    expect(printed).toEqual([])
  })
})

test.each([
  ['a receiver that is told to end has not gone with its files', 'receive-work', 1],
  ['what helps a job ends well when it is told to', WORK_CONTAINER, 0]
])('%s', async (_, name, code) => {
  const { initContainers, beside } = call().stepParts({ system: [], user: [] })
  const { command = [] } = [...initContainers, ...beside].find(container => container.name === name) ?? {}
  const helper = programs.start('step', command)
  const end = new Promise(resolve => helper.on('exit', resolve))
  while (!existsSync(local('step', '/transfer/listens'))) await sleep(20)
  helper.kill('SIGTERM')
  expect(await end).toBe(code)
})

test('a step that is cancelled while its receiver is silent gives it up', async () => {
  const cancelled = new AbortController()
  server.exec = call =>
    plays(word => {
      if ('leave' in word) setTimeout(() => cancelled.abort(), 50)
      return undefined
    })({
      ...call,
      print: async chunk => (Buffer.from(chunk).includes('remembered') ? undefined : call.print(chunk))
    })
  await expect(call().fillStep({ name: 'step', hasOwnAddress: false }, cancelled.signal)).rejects.toMatchObject({
    code: 'ABORTED'
  })
}, 5_000)

test('a step whose pod cannot start gets no files', async () => {
  server.put('pods', {
    metadata: { name: 'broken' },
    status: waiting({ spec: { containers: [{ name: 'job' }] } }, 'InvalidImageName', 'bad')
  })
  await expect(call().fillStep({ name: 'broken', hasOwnAddress: false }, signal)).rejects.toMatchObject({
    code: 'POD_FAILED'
  })
})

describe('the mailbox of a step', () => {
  const ID = '0190f6f0-6b5c-4d0e-8a52-9d3a5a0c1e11'
  const box = (name = ''): string => local('job', `/work/_temp/_kbuild/${name}`)
  const ask = (id = ID): void => writeFileSync(box(`${id}.req.json`), 'please')

  async function filled(): Promise<Copied> {
    mkdirSync(local('job', '/work/_temp'), { recursive: true })
    mkdirSync(join(runner, '_temp'), { recursive: true })
    const workspace = call()
    await workspace.fillJob({ name: 'job' }, ME, signal)
    await workspace.beforeScript('job', signal)
    return workspace
  }

  test('lies in the pod from the job’s beginning, says what the hook speaks, and is open to every user', async () => {
    await filled()
    expect(JSON.parse(readFileSync(box('broker.json'), 'utf8'))).toEqual({
      versions: [1],
      capabilities: ['base-credentials']
    })
    expect(statSync(box()).mode & 0o777).toBe(0o777)
  })

  test('gives letters once, and takes logs and answers', async () => {
    const workspace = await filled()
    ask()
    const mail = await workspace.exchangeMail({ entries: [] }, signal)
    expect(mail).toEqual({ letters: [{ id: ID, text: 'please' }], cancelled: [] })
    expect(existsSync(box(`${ID}.req.json`))).toBe(false)
    writeFileSync(box(`${ID}.cancel`), '')
    const entry = { id: ID, log: 'one\n' }
    expect(await workspace.exchangeMail({ entries: [entry] }, signal)).toEqual({ letters: [], cancelled: [ID] })
    await workspace.exchangeMail({ entries: [{ ...entry, log: 'two\n', answer: '{}' }] }, signal)
    expect(readFileSync(box(`${ID}.log`), 'utf8')).toBe('one\ntwo\n')
    expect(readFileSync(box(`${ID}.res.json`), 'utf8')).toBe('{}')
    await workspace.exchangeMail({ entries: [], isLast: true }, signal)
    await workspace.afterScript('job')
    expect(readdirSync(box())).toEqual(['broker.json'])
  })

  test('is reached again, and logs go on, when the connection was lost', async () => {
    mkdirSync(local('job', '/work/_temp'), { recursive: true })
    mkdirSync(join(runner, '_temp'), { recursive: true })
    const workspace = call()
    await workspace.fillJob({ name: 'job' }, ME, signal)
    const cut = cutLater()
    await workspace.beforeScript('job', signal)
    await workspace.exchangeMail({ entries: [{ id: ID, log: 'one\n' }] }, signal)
    cut()
    const again = async (): Promise<unknown> =>
      workspace.exchangeMail({ entries: [{ id: ID, log: 'two\n' }] }, signal).catch(again)
    await again()
    expect(readFileSync(box(`${ID}.log`), 'utf8')).toBe('one\ntwo\n')
    await workspace.afterScript('job')
  })

  test('does not travel, and a runner’s own one does not either', async () => {
    const workspace = await filled()
    ask()
    await workspace.afterScript('job')
    expect(existsSync(join(runner, '_temp/_kbuild'))).toBe(false)
    expect(existsSync(box(`${ID}.req.json`))).toBe(true)
  })

  test('leaves the step’s files alone: what it has by then comes when it is wanted, and the rest at its end', async () => {
    const workspace = await filled()
    writeFileSync(local('job', '/work/repo/repo/made'), 'early')
    await workspace.catchUp('job', signal)
    expect(readFileSync(join(runner, 'repo/repo/made'), 'utf8')).toBe('early')
    await workspace.exchangeMail({ entries: [] }, signal)
    writeFileSync(local('job', '/work/repo/repo/made'), 'later')
    writeFileSync(local('job', '/work/repo/repo/more'), 'more')
    await workspace.afterScript('job')
    expect(readFileSync(join(runner, 'repo/repo/made'), 'utf8')).toBe('later')
    expect(readFileSync(join(runner, 'repo/repo/more'), 'utf8')).toBe('more')
  })

  test('is not looked for by another conversation when the step is over', async () => {
    const workspace = await filled()
    await expect(workspace.exchangeMail({ entries: [] }, AbortSignal.abort())).rejects.toThrow()
    const before = server.asked.length
    expect(await workspace.exchangeMail({ entries: [], isLast: true }, signal)).toEqual({ letters: [], cancelled: [] })
    expect(server.asked.slice(before)).toEqual([])
    await workspace.afterScript('job')
  })

  test('that is given up is not spoken to in the same conversation again', async () => {
    const workspace = await filled()
    programs.onWord = word => ('mail' in word ? new Promise(() => undefined) : undefined)
    const gone = new AbortController()
    const asking = workspace.exchangeMail({ entries: [] }, gone.signal)
    setTimeout(() => gone.abort(), 50)
    await expect(asking).rejects.toThrow()
    programs.onWord = () => undefined
    writeFileSync(local('job', '/work/repo/repo/made'), 'whole')
    await workspace.afterScript('job')
    expect(readFileSync(join(runner, 'repo/repo/made'), 'utf8')).toBe('whole')
  })
})
