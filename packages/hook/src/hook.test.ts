import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'

import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kaniko-hooks/kube'
import { type Certificate, ended, quotaExceeded, refused, selfSigned, waiting } from '@kaniko-hooks/testing'

import { runHook } from './hook.js'
import { Bench, container, RUNNER, stateOf } from './job/call.fixture.js'
import { readEnvironment } from './settings/environment.js'
import { playedStep } from './steps/played-step.fixture.js'

const POD = `${RUNNER}-workflow`

let tls: Certificate
beforeAll(() => {
  tls = selfSigned()
})

let bench: Bench
let responseFile: string
let operatorLog: string
beforeEach(async () => {
  bench = await Bench.start({ tls })
  const account = join(bench.home, 'account')
  mkdirSync(account)
  const { ca = '', namespace } = bench.server.config
  for (const [file, text] of Object.entries({ token: 't0ken', 'ca.crt': ca, namespace })) {
    writeFileSync(join(account, file), text)
  }
  operatorLog = join(bench.home, 'operator.log')
  mkdirSync(join(bench.work, '_temp/_runner_hook_responses'), { recursive: true })
  mkdirSync(join(bench.work, '_temp/_runner_file_commands'))
  responseFile = join(bench.work, '_temp/_runner_hook_responses/1.json')
  // As the runner makes it.
  writeFileSync(responseFile, '')
})
afterEach(async () => bench.stop())

interface End {
  readonly code: number
  readonly stdout: string
  /** The answer to the runner. */
  readonly response: unknown
  /** The line for operators. */
  readonly record: Readonly<Record<string, unknown>>
}

interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly cancelled?: AbortSignal
}

/** A process of the hook in the runner's pod, with this on its standard input. */
async function hook(input: string | object, { env = {}, cancelled }: Options = {}): Promise<End> {
  const stdout = new PassThrough()
  const pieces: Buffer[] = []
  stdout.on('data', (piece: Buffer) => pieces.push(piece))
  const { hostname, port } = bench.server.config.server
  const code = await runHook({
    stdin: Readable.from([Buffer.from(typeof input === 'string' ? input : JSON.stringify(input))]),
    stdout,
    stderr: new PassThrough(),
    environment: readEnvironment({
      ACTIONS_RUNNER_POD_NAME: RUNNER,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      KANIKO_HOOKS_SERVICE_ACCOUNT_DIR: join(bench.home, 'account'),
      KANIKO_HOOKS_OPERATOR_LOG: operatorLog,
      GITHUB_WORKSPACE: join(bench.work, 'app/app'),
      ...env
    }),
    cancelled: cancelled ?? new AbortController().signal
  })
  const answer = existsSync(responseFile) ? readFileSync(responseFile, 'utf8') : ''
  return {
    code,
    stdout: Buffer.concat(pieces).toString(),
    response: answer === '' ? undefined : JSON.parse(answer),
    record: JSON.parse(readFileSync(operatorLog, 'utf8').trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  }
}

const PREPARE = { command: 'prepare_job', state: null, args: { container: { image: 'debian:12' }, services: [] } }
const SCRIPT = { command: 'run_script_step', args: { entryPoint: 'sh', entryPointArgs: ['-e', 'x.sh'] } }

describe('a job', () => {
  test('is prepared, runs its steps and is cleaned up, each in a process of its own', async () => {
    const prepared = await hook({ ...PREPARE, responseFile })
    expect(prepared).toMatchObject({ code: 0, stdout: '::add-mask::t0ken\n', response: { isAlpine: false } })
    const { state } = prepared.response as { state: object }

    bench.server.exec = playedStep(async ({ print }) => print('hello\n').then(() => 0)).exec
    const ran = await hook({ ...SCRIPT, responseFile, state })
    expect(ran).toMatchObject({ code: 0, stdout: 'hello\n', response: undefined })

    const cleaned = await hook({ command: 'cleanup_job', responseFile, state, args: {} })
    expect(cleaned).toMatchObject({ code: 0, stdout: '' })
    expect(bench.server.names('pods')).toEqual([RUNNER])
    expect(bench.server.names('secrets')).toEqual([])
  })

  test('leaves a line for operators at each call', async () => {
    const { record } = await hook({ ...PREPARE, responseFile })
    expect(record).toMatchObject({ source: 'kaniko-hooks', command: 'prepare_job', exitCode: 0, retries: 0 })
    expect(record['requests']).toBe(bench.server.asked.length)
    expect(Object.keys(record['phases'] as object).sort()).toEqual(['externals', 'pod', 'services', 'workspace'])
  })
})

describe('a step that fails', () => {
  const step = async (code: number): Promise<End> => {
    bench.server.put('pods', { metadata: { name: POD }, spec: { containers: [{ name: 'job' }] } })
    bench.server.exec = playedStep(async ({ print }) => print('no line end').then(() => code)).exec
    return hook({ ...SCRIPT, responseFile, state: stateOf(bench) })
  }

  test('ends the hook with its own code, and nothing is added to what it printed but the mask', async () => {
    const { code, stdout, record } = await step(7)
    expect(code).toBe(7)
    expect(stdout).toBe('::add-mask::t0ken\nno line end')
    expect(record).not.toHaveProperty('error')
  })

  test('and left a link where the runner reads is warned of on a line of its own', async () => {
    symlinkSync('/etc/passwd', join(bench.work, '_temp/_runner_file_commands/set_env_1'))
    const { stdout } = await step(7)
    expect(stdout).toMatch(/no line end\n::warning::The step left a symbolic link at _temp/)
  })
})

describe('a call that the hook cannot do', () => {
  test.each([
    ['nothing', '', /^::error::Runner configuration: Bad input from the runner: stdin was empty/],
    [
      'half a line',
      '{"command":"prepare_job","args":{"password":"s3cret"',
      /stdin is not whole JSON .* it was cut off/
    ],
    ['an unknown command', '{"command":"dance"}', /unknown command "dance"; known are prepare_job/]
  ])('because stdin has %s ends with 1 and one error, and asks nobody', async (_, input, words) => {
    const { code, stdout, record } = await hook(input)
    expect(code).toBe(1)
    expect(stdout).toMatch(words)
    expect(stdout.trimEnd()).not.toContain('\n')
    expect(stdout).not.toContain('s3cret')
    expect(record).toMatchObject({ command: 'none', exitCode: 1, error: 'INPUT', requests: 0 })
    expect(bench.server.asked).toEqual([])
  })

  test('because nobody could read its answer makes nothing', async () => {
    rmSync(join(bench.work, '_temp/_runner_hook_responses'), { recursive: true })
    const { code, stdout } = await hook({ ...PREPARE, responseFile })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^::error::Runner configuration: .* the response file .* cannot be written/)
    expect(bench.server.asked).toEqual([])
  })

  test('because a setting is unknown names file and setting', async () => {
    const settings = join(bench.home, 'settings.yaml')
    writeFileSync(settings, 'workspaces: auto\n')
    const { code, stdout, record } = await hook(
      { ...PREPARE, responseFile },
      { env: { KANIKO_HOOKS_CONFIG: settings } }
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/^::error::Runner configuration: .*settings\.yaml: workspaces: is not a known setting/)
    expect(record).toMatchObject({ error: 'SETTING' })
  })

  test('because it runs in no pod says so', async () => {
    const { code, stdout } = await hook({ ...PREPARE, responseFile }, { env: { KUBERNETES_SERVICE_HOST: '' } })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^::error::Runner configuration: This does not run in a Kubernetes pod/)
  })
})

describe('a failure', () => {
  test('of the pod is one error that says whose fault it is, and the answer stays empty', async () => {
    bench.server.onCreate('pods', pod => (pod.status = waiting(pod, 'InvalidImageName', 'no such name')))
    const { code, stdout, response, record } = await hook({ ...PREPARE, responseFile })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^::error::The name of the image "debian:12" .* is not valid\. no such name\.$/m)
    expect(response).toBeUndefined()
    expect(record).toMatchObject({ exitCode: 1, error: 'POD_FAILED' })
  })

  test('in whose words a secret of the step stands is printed without it', async () => {
    bench.server.refuse('POST pods', refused(422, 'Invalid', 'Invalid value: "hunter2-and-more"'))
    const job = container({ image: 'debian:12', environmentVariables: { MY_TOKEN: 'hunter2-and-more' } })
    const { stdout } = await hook({ ...PREPARE, responseFile, args: { container: job, services: [] } })
    expect(stdout).toContain('Invalid value: "***"')
    expect(stdout).not.toContain('hunter2')
  })

  test('that is over at the next try is seen in the line for operators, and when debugging', async () => {
    bench.server.refuse(`GET pods/${RUNNER}`, refused(503, 'ServiceUnavailable', 'etcd is starting'))
    const { code, stdout, record } = await hook({ ...PREPARE, responseFile }, { env: { RUNNER_DEBUG: '1' } })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^::debug::.*etcd is starting/m)
    expect(record).toMatchObject({ retries: 1 })
  })
})

describe('whatever fails, exactly one error line tells why:', () => {
  const image = container({ image: 'alpine:3', entryPoint: '/entry' })
  const job = (): void => {
    bench.server.put('pods', { metadata: { name: POD }, spec: { containers: [{ name: 'job' }] } })
  }
  const script = () => ({ ...SCRIPT, state: stateOf(bench) })
  const step = () => ({ command: 'run_container_step', args: image, state: stateOf(bench) })
  const startError = (pod: V1Pod, message: string): NonNullable<V1Pod['status']> => {
    const [status] = ended(pod, { job: 128 }, 'StartError').containerStatuses ?? []
    const terminated = { exitCode: 128, reason: 'StartError', message }
    return { phase: 'Failed', containerStatuses: status === undefined ? [] : [{ ...status, state: { terminated } }] }
  }
  const becomes = (status: (pod: V1Pod) => NonNullable<V1Pod['status']>) => () => {
    bench.server.onCreate('pods', pod => (pod.status = status(pod)))
  }
  const unscheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes.' }

  test.each<[string, () => object, () => void, number, RegExp]>([
    [
      'no node in time',
      () => PREPARE,
      becomes(() => ({ phase: 'Pending', conditions: [unscheduled] })),
      1,
      /did not get as far as needed in 1 s\. No node takes .* 0\/3 nodes/
    ],
    [
      'a Secret that is refused',
      () => PREPARE,
      () => bench.server.refuse('POST secrets', quotaExceeded('secrets', 's')),
      1,
      /exceeded quota.*raise the ResourceQuota/
    ],
    [
      'a job container that ended',
      () => PREPARE,
      becomes(pod => ended(pod, { job: 3 })),
      1,
      /The job container ended with exit code 3/
    ],
    [
      'a job image without tools',
      () => PREPARE,
      () => (bench.server.exec = async ({ print }) => print('missing dd\n').then(() => 0)),
      1,
      /lacks dd/
    ],
    ['a job pod that is gone', script, () => undefined, 1, /somebody deleted it|is gone/],
    [
      'a step whose watcher was killed',
      script,
      () => {
        job()
        bench.server.exec = playedStep(() => 'lost').exec
      },
      1,
      /process that watched over the step was killed/
    ],
    [
      'a variable that no program can have',
      () => ({ ...script(), args: { ...SCRIPT.args, environmentVariables: { BIG: 'x'.repeat(140_000) } } }),
      job,
      126,
      /BIG has 140005 bytes/
    ],
    [
      'an image of a step that is not there',
      step,
      becomes(pod => waiting(pod, 'InvalidImageName', 'bad name')),
      1,
      /name of the image "alpine:3" .* not valid/
    ],
    [
      'an entry point that is not there',
      step,
      becomes(pod => startError(pod, 'exec: "/entry": stat /entry: no such file or directory')),
      127,
      /The image has no file \/entry/
    ],
    ['a step without memory', step, becomes(pod => ended(pod, { job: 137 }, 'OOMKilled')), 137, /OOMKilled/],
    [
      'a step whose node was emptied',
      step,
      becomes(pod => ({ ...ended(pod, { job: 0 }), phase: 'Failed', reason: 'Evicted', message: 'disk' })),
      1,
      /did not succeed.*Evicted: disk/
    ]
  ])('%s', async (_, request, prepare, expected, words) => {
    prepare()
    const env = { ACTIONS_RUNNER_PREPARE_JOB_TIMEOUT_SECONDS: '1' }
    const { code, stdout } = await hook({ ...request(), responseFile }, { env })
    expect(code).toBe(expected)
    const errors = stdout.split('\n').filter(line => line.includes('::error'))
    expect(errors).toEqual([expect.stringMatching(/^::error::/)])
    expect(errors[0]).toMatch(words)
  })
})

test('a cancelled call says so, whatever failed because of it', async () => {
  const cancelled = new AbortController()
  bench.server.onCreate('pods', () => cancelled.abort())
  const { code, stdout, record } = await hook({ ...PREPARE, responseFile }, { cancelled: cancelled.signal })
  expect(code).toBe(1)
  expect(stdout).toMatch(/::error::The step was cancelled\.\n$/)
  expect(record).toMatchObject({ error: 'CANCELLED' })
})
