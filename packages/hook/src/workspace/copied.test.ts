import { spawn } from 'node:child_process'
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
import { PassThrough } from 'node:stream'

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { KubeError, type ExecStream, type ExecTarget, type Kube } from '@kaniko-hooks/kube'

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
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'copied-'))
  runner = join(base, '_work')
  printed = []
  ended = []
  mkdirSync(join(runner, 'repo/repo'), { recursive: true })
})
afterEach(() => {
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

const kube = {
  awaitNode: () => Promise.resolve(),
  get: () =>
    Promise.resolve({
      metadata: { uid: 'x' },
      status: { phase: 'Pending', initContainerStatuses: [{ name: 'receive-work', state: { running: {} } }] }
    }),
  exec: async ({ pod, command, stdin }: ExecTarget, options?: { signal?: AbortSignal }): Promise<ExecStream> => {
    if (options?.signal?.aborted === true) throw new KubeError('ABORTED', 'aborted')
    const [program = '', ...words] = command.map(word => localised(pod, word))
    for (const path of ['/__w', '/work', '/transfer', SPOOL_PATH]) mkdirSync(local(pod, path), { recursive: true })
    const child = spawn(program, words)
    child.stdin.on('error', () => undefined)
    if (stdin !== true) child.stdin.end()
    const close = (): void => void child.kill()
    options?.signal?.addEventListener('abort', close)
    // As of a real exec: the exit code comes when the output has been read to its end.
    const stdout = child.stdout.pipe(new PassThrough())
    const read = new Promise(resolve => stdout.once('close', resolve))
    return Promise.resolve({
      stdout,
      stderr: child.stderr,
      write: async chunk =>
        new Promise<void>((resolve, reject) => {
          if (child.stdin.writable) {
            child.stdin.write(typeof chunk === 'string' ? localised(pod, chunk) : chunk, () => resolve())
          } else reject(new KubeError('EXEC_FAILED', 'it has ended'))
        }),
      end: () => child.stdin.end(),
      exit: new Promise(resolve => child.on('close', code => void read.then(() => resolve(code ?? 137)))),
      close
    })
  }
} as unknown as Kube

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
  expect(printed.at(-1)).toContain('::warning::The step left 20 more like these.')
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
