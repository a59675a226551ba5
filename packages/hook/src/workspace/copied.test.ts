import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer, type ExecAnswer, type ExecScript, refused, running, waiting } from '@kaniko-hooks/testing'

import { SPOOL_PATH } from '../pods/spool.js'
import { Copied } from './copied.js'
import { ownDirectory } from './own-directory.js'

/**
 * A job and its steps without a volume, by the shells of this machine: what a pod would have at `/__w`, `/work` and the
 * like lies in directories of its own.
 */
jest.setTimeout(60_000)

let base: string
let runner: string
let printed: string[]
let ended: string[]
let server: ApiServer
let kube: Kube
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'copied-'))
  runner = join(base, '_work')
  printed = []
  ended = []
  mkdirSync(join(runner, 'repo/repo'), { recursive: true })
  server = await ApiServer.start()
  server.exec = runHere
  for (const pod of ['job', 'step', 'another']) startPod(pod)
  kube = new Kube(server.config)
})
afterEach(async () => {
  kube.close()
  await server.stop()
  for (const path of [base, ownDirectory(runner)]) rmSync(path, { recursive: true })
})

/** A pod's path on this machine. */
function local(pod: string, path: string): string {
  return join(base, pod, path)
}

function localised(pod: string, text: string): string {
  return ['/__w', SPOOL_PATH, '/work', '/transfer'].reduce(
    (whole, path) => whole.replaceAll(new RegExp(`(?<![\\w/])${path}`, 'g'), local(pod, path)),
    text
  )
}

/** Runs a command of a pod on this machine. The first line of its standard input names paths of the pod. */
const runHere: ExecScript = async ({ pod, command, stdin, print, complain, gone }) => {
  const [program = '', ...words] = command.map(word => localised(pod, word))
  for (const path of ['/__w', '/work', '/transfer', SPOOL_PATH]) mkdirSync(local(pod, path), { recursive: true })
  const child = spawn(program, words)
  gone.addEventListener('abort', () => void child.kill())
  child.stdin.on('error', () => undefined)
  const code = new Promise<number>(resolve => child.on('close', status => resolve(status ?? 137)))
  const passed = Promise.all([pass(child.stdout, print), pass(child.stderr, complain)])
  void feed(stdin, child.stdin, line => localised(pod, line))
  await passed
  return code
}

async function pass(output: Readable, write: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of output as AsyncIterable<Buffer>) await write(chunk)
}

async function feed(from: Readable, to: Writable, change: (line: string) => string): Promise<void> {
  let start: Buffer = Buffer.alloc(0)
  let isLater = false
  for await (const chunk of from as AsyncIterable<Buffer>) {
    start = isLater ? chunk : Buffer.concat([start, chunk])
    const end = isLater ? 0 : start.indexOf(10) + 1
    if (!isLater && end === 0) continue
    if (!isLater) to.write(change(start.toString('utf8', 0, end)))
    isLater = true
    if (end < start.length && !to.write(start.subarray(end)) && to.writable) {
      await Promise.race([once(to, 'drain'), once(to, 'close')])
    }
  }
  to.end()
}

/** A pod whose receiver runs, and whose other containers can be asked as well. */
function startPod(name: string): void {
  const containers = ['job', 'keep-work'].map(container => ({ name: container }))
  const pod = { metadata: { name }, spec: { containers, initContainers: [{ name: 'receive-work' }] } }
  const { containerStatuses = [] } = running(pod)
  const [receiver] = containerStatuses.map(status => ({ ...status, name: 'receive-work' }))
  const initContainerStatuses = receiver === undefined ? [] : [receiver]
  server.put('pods', { ...pod, status: { phase: 'Pending', initContainerStatuses, containerStatuses } })
}

/** The hook's next call: nothing of the one before is in its memory. */
function call(): Copied {
  return new Copied({
    kube,
    workDirectory: runner,
    workspaceDirectory: join(runner, 'repo/repo'),
    runnerImage: 'runner',
    timeoutMs: 10_000,
    print: line => void printed.push(JSON.stringify(line))
  })
}

const { signal } = new AbortController()

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
  const [program = '', ...words] = (receiver?.command ?? []).map(word => localised(pod, word))
  for (const path of ['/work', '/transfer']) mkdirSync(local(pod, path), { recursive: true })
  const process = spawn(program, words)
  process.on('exit', code => ended.push(`${pod} ${code ?? 'killed'}`))
  try {
    const travelled = await workspace.fillStep(pod, signal)
    while (ended.length === 0) await new Promise(resolve => setTimeout(resolve, 20))
    body(local(pod, '/work'))
    await workspace.collectStep(pod)
    return travelled
  } finally {
    process.kill()
  }
}

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')

test('a job: its steps and containers see one tree', async () => {
  const repository = join(runner, 'repo/repo')
  const inJob = local('job', '/__w/repo/repo')
  writeFileSync(join(repository, 'committed'), 'x')
  await call().deliver()
  await call().fillJob('job', signal)
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
  await call().fillJob('job', signal)
  await script(() => undefined)
  await container('step', work => expect(readdirSync(work).sort()).toEqual(['_actions', '_temp', '_tool', 'repo']))
  expect(readdirSync(runner).sort()).toEqual(['_actions', '_temp', '_tool', 'repo'])
  expect(readdirSync(join(runner, '_temp')).sort()).toEqual([
    '_github_home',
    '_github_workflow',
    '_runner_file_commands'
  ])
  expect(readdirSync(local('job', `${SPOOL_PATH}/transfer`))).toEqual([])
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

test('what is left out is told once in a job, and thousands of it in some lines', async () => {
  await call().deliver()
  await call().fillJob('job', signal)
  const commands = local('job', '/__w/_temp/_runner_file_commands')
  mkdirSync(commands, { recursive: true })
  const odd = Buffer.concat([Buffer.from(local('job', '/__w/')), Buffer.from([0x61, 0xff])])
  for (let step = 0; step < 3; step += 1) await script(() => writeFileSync(odd, 'x'))
  expect(printed).toEqual([expect.stringMatching(/::warning::Some files do not travel .*pod job: a\ufffd: its name/)])
  await call().fillJob('job', signal)
  await script(() => undefined)
  expect(printed).toHaveLength(2)

  await script(() => {
    for (let index = 0; index < 30; index += 1) symlinkSync('/etc/passwd', join(commands, `${index}`))
  })
  expect(printed).toHaveLength(13)
  expect(printed.at(-1)).toContain('::warning::There are 20 more like these.')
})

test('a name of a directory is no variable of the kubelet', () => {
  const options = { kube, workDirectory: runner, runnerImage: 'runner', timeoutMs: 1, print: () => undefined }
  const workspace = new Copied({ ...options, workspaceDirectory: join(runner, '$(HOME)/$$') })
  const [init] = workspace.jobParts({ system: [], user: [] }).initContainers
  expect(init?.command).toContain('/work/$$(HOME)/$$$$')
})

test('a lost memory of the transfers costs time, and nothing else', async () => {
  await call().deliver()
  writeFileSync(join(runner, 'repo/repo/file'), 'x')
  await call().fillJob('job', signal)
  await call().beforeScript('another', signal)
  expect(read(local('another', '/__w/repo/repo/file'))).toBe('x')
})

test('a step whose time is over gives up its files at once', async () => {
  await call().deliver()
  await call().fillJob('job', signal)
  await expect(script(() => undefined, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
})

describe('the end of the receiver', () => {
  /** The command that lets the receiver go gives this. */
  function touched(answer: ExecAnswer): void {
    server.exec = call => {
      if (call.command[0] !== 'touch') return runHere(call)
      const pod = server.get('pods', 'step')
      const [receiver] = pod?.status?.initContainerStatuses ?? []
      if (receiver !== undefined) receiver.state = { terminated: { exitCode: 0 } }
      return answer
    }
  }

  test.each<[string, ExecAnswer]>([
    ['takes the command along', 137],
    ['comes before the command', refused(500, 'InternalError', 'container not found ("receive-work")')]
  ])('is no failure when it %s', async (_, answer) => {
    touched(answer)
    await call().fillStep('step', signal)
    expect(printed).toEqual([])
  })
})

test('a step whose pod cannot start gets no files', async () => {
  server.put('pods', {
    metadata: { name: 'broken' },
    status: waiting({ spec: { containers: [{ name: 'job' }] } }, 'InvalidImageName', 'bad')
  })
  await expect(call().fillStep('broken', signal)).rejects.toMatchObject({ code: 'POD_FAILED' })
  expect(server.asked.filter(line => line.endsWith('/exec'))).toEqual([])
})
