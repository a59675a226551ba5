import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DummyEngine } from '@kaniko-hooks/builder/dummy'
import type { V1Pod } from '@kaniko-hooks/kube'
import { ended, forbidden, quotaExceeded, refused, running, servers, waiting } from '@kaniko-hooks/testing'

import { Bench, container, RUNNER, stateOf, type CallOptions } from './job/call.fixture.js'
import { secretName } from './pods/names.js'
import type { ContainerArgs } from './protocol/schema.js'
import { runContainerStep } from './run-container-step.js'
import { FILE_COMMANDS } from './workspace/tree/leaves-out.js'
import { plays } from './workspace/helper/played-program.fixture.js'

const IMAGE = container({ image: 'alpine:3', entryPointArgs: ['echo', 'hello'] })

let bench: Bench
beforeEach(async () => {
  bench = await Bench.start()
  // A role with it is told at once what a role without it, as the stock one, has to look for.
  bench.server.mayWatch = true
})
afterEach(async () => bench.stop())

const serve = servers()

interface Options extends CallOptions {
  readonly engine?: DummyEngine
  /** False for a workflow job that has no container. */
  readonly hasJob?: boolean
  readonly hosts?: NonNullable<ReturnType<typeof stateOf>['hosts']>
  readonly hasServices?: boolean
  readonly polls?: boolean
  readonly pullSecrets?: readonly string[]
}

async function step(args: Partial<ContainerArgs> = {}, options: Options = {}): Promise<number> {
  const { engine = new DummyEngine(), hasJob = true, hosts, hasServices, polls = false, pullSecrets = [] } = options
  const state = hasJob
    ? stateOf(bench, { pullSecrets, polls, ...(hosts && { hosts }), ...(hasServices && { hasServices }) })
    : null
  const command = { command: 'run_container_step', responseFile: '/r', args: { ...IMAGE, ...args }, state } as const
  return runContainerStep(bench.call(options), command, () => Promise.resolve(engine))
}

/** The pod of the step runs a program that prints lines and ends. */
function program(code: number, ...lines: readonly string[]): void {
  bench.server.onCreate('pods', pod => {
    bench.server.logs.print(nameOf(pod), 'job', ...lines)
    pod.status = ended(pod, { job: code })
  })
}

const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? ''

/** Names of one step, which has some hex digits of its own. */
const general = (line: string): string => line.replace(/-(step|secret)-[0-9a-f]{8}/g, '-$1')

/** What is in the namespace besides the runner. */
const left = (): string[] =>
  (['pods', 'jobs', 'secrets'] as const).flatMap(kind => bench.server.names(kind)).filter(name => name !== RUNNER)

describe('a step of an image', () => {
  test('is a Job with a Secret for its environment; both go at its end, and the pod with its Job', async () => {
    program(0, 'hello')
    expect(await step()).toBe(0)
    const changes = bench.server.changes.map(general)
    expect(changes.slice(0, 2)).toEqual(['POST secrets', 'POST jobs'])
    expect(changes.slice(2).sort()).toEqual([`DELETE jobs/${RUNNER}-step`, `DELETE secrets/${RUNNER}-secret`])
    expect(left()).toEqual([])
  })

  test('asks for no more than twelve things where the role has no watch, as prepare_job found', async () => {
    bench.server.mayWatch = false
    bench.server.onCreate('pods', pod => {
      // As a pod is on a cluster that does nothing else.
      const states = [
        [800, () => (pod.status = running(pod))],
        [900, () => (pod.status = { ...ended(pod, { job: 0 }), phase: 'Running' })],
        [1_900, () => (pod.status = ended(pod, { job: 0 }))]
      ] as const
      pod.status = waiting(pod, 'ContainerCreating', '')
      for (const [ms, change] of states) setTimeout(change, ms)
      bench.server.logs.print(nameOf(pod), 'job', 'hello')
    })
    expect(await step({}, { polls: true })).toBe(0)
    expect(bench.server.watched).toEqual([])
    expect(bench.server.asked.length).toBeLessThanOrEqual(12)
    expect(bench.output).toBe('hello\n')
  })

  test("finds the runner's files open to its user, however soon its pod starts", async () => {
    const commands = join(bench.work, FILE_COMMANDS)
    const file = join(commands, 'set_output')
    mkdirSync(commands, { recursive: true })
    writeFileSync(file, '')
    chmodSync(file, 0o644)
    const modes: number[] = []
    bench.server.onCreate('pods', pod => {
      modes.push(statSync(file).mode & 0o777)
      pod.status = ended(pod, { job: 0 })
    })
    await step()
    expect(modes).toEqual([0o666])
  })

  test("prints the container's lines as they are, and ends with its exit code", async () => {
    program(3, 'one', '::error::two')
    expect(await step()).toBe(3)
    expect(bench.output).toBe('one\n::error::two\n')
    expect(bench.printed).toEqual([
      '::add-mask::t0ken',
      expect.stringMatching(/^Pulled, started and ran in .*alpine:3$/)
    ])
  })

  test('names files where the runner finds them, in commands alone', async () => {
    const error = '::error file=/github/workspace/a.js::no'
    program(0, error, '/github/workspace/a.js:1: no', '::stop-commands::x', error)
    const workspace = join(bench.work, 'app/app')
    const volume = { sourceVolumePath: workspace, targetVolumePath: '/github/workspace', readOnly: false }
    await step({ systemMountVolumes: [volume] })
    expect(bench.output.split('\n')).toEqual([
      `::error file=${workspace}/a.js::no`,
      '/github/workspace/a.js:1: no',
      '::stop-commands::x',
      error,
      ''
    ])
  })

  test('that goes on for a while says how long it was pulled and how long it ran', async () => {
    let pod: V1Pod = {}
    bench.server.onCreate('pods', made => (made.status = running((pod = made))))
    const end = (): void => {
      bench.server.logs.print(nameOf(pod), 'job', 'late')
      pod.status = ended(pod, { job: 0 })
    }
    bench.server.intercept(/^GET .*\/log$/, () => void setTimeout(end, 20), 1)
    expect(await step()).toBe(0)
    expect(bench.output).toBe('late\n')
    expect(bench.printed.slice(1)).toEqual([
      expect.stringMatching(/^Pulled and started in .*: alpine:3$/),
      expect.stringMatching(/^Ran in /)
    ])
  })

  test('has the words of the step, its variables from the Secret, and the claim of the work directory', async () => {
    let spec: V1Pod['spec']
    bench.server.onCreate('pods', pod => {
      spec = pod.spec
      pod.status = ended(pod, { job: 0 })
    })
    await step({ environmentVariables: { GREETING: 'hello' } })
    const [job] = spec?.containers ?? []
    expect(job).toMatchObject({ image: 'alpine:3', args: ['echo', 'hello'] })
    expect(job?.env?.find(({ name }) => name === 'GREETING')?.valueFrom?.secretKeyRef?.key).toBe('0.1')
    expect(spec?.volumes).toMatchObject([{ persistentVolumeClaim: { claimName: `${RUNNER}-work` } }])
    expect(spec?.automountServiceAccountToken).toBe(false)
  })

  test('reaches the services of the job by name, and is pulled with the Secrets of the job', async () => {
    let spec: V1Pod['spec']
    bench.server.onCreate('pods', pod => {
      spec = pod.spec
      pod.status = ended(pod, { job: 0 })
    })
    const ofTheJob = secretName(RUNNER)
    const registry = { username: 'u', password: 'p4ssword', serverUrl: 'ghcr.io' }
    await step(
      { registry },
      {
        hosts: [
          { ip: '10.0.0.9', names: ['redis'] },
          { ip: '10.0.0.8', names: [] }
        ],
        pullSecrets: [ofTheJob]
      }
    )
    expect(spec?.hostAliases).toEqual([{ ip: '10.0.0.9', hostnames: ['redis'] }])
    const pulls = spec?.imagePullSecrets?.map(({ name }) => name)
    expect(pulls).toEqual(['runner-pull', ofTheJob, expect.stringContaining('-secret-')])
    expect(bench.printed).toContain('::add-mask::p4ssword')
    expect(left()).toEqual([])
  })

  test('that fails looks for services of the job that have ended, which is no failure of its own', async () => {
    program(1)
    bench.server.intercept('GET pods', ({ query }) =>
      query.get('labelSelector')?.startsWith('job-name=') === true ? undefined : forbidden('list', 'pods', 'runners')
    )
    expect(await step({}, { hasServices: true })).toBe(1)
    expect(bench.noted).toContainEqual(expect.stringContaining('Looking for services that ended'))
  })

  test('is a bare pod where the role has no Jobs', async () => {
    program(0)
    bench.server.refuse('POST jobs', forbidden('create', 'jobs.batch', 'runners'))
    expect(await step()).toBe(0)
    expect(bench.server.changes.map(general)).toEqual(
      expect.arrayContaining(['POST pods', `DELETE pods/${RUNNER}-step`])
    )
    expect(left()).toEqual([])
  })

  test('has the options of its request, and is warned of those without meaning', async () => {
    program(0)
    await step({ createOptions: '--read-only --ulimit nofile=1' })
    expect(bench.printed).toContain(
      "::warning::The step's container: options without meaning in a pod are ignored: --ulimit."
    )
    expect(JSON.stringify(bench.server.sightings.map(({ body }) => body))).toContain('"readOnlyRootFilesystem":true')
  })

  test('is refused with options that docker would not take, and nothing is made', async () => {
    await expect(step({ createOptions: '--no-such-flag' })).rejects.toMatchObject({ code: 'INPUT' })
    expect(bench.server.changes).toEqual([])
  })

  test('that names neither image nor Dockerfile is refused, and nothing is made', async () => {
    await expect(step({ image: null })).rejects.toMatchObject({ code: 'INPUT' })
    expect(bench.server.changes).toEqual([])
  })
})

describe('a step that cannot run', () => {
  test('for its quota is told in the words of the API server, and leaves nothing', async () => {
    bench.server.refuse('POST jobs', quotaExceeded('jobs.batch', 'j'))
    await expect(step()).rejects.toMatchObject({ code: 'QUOTA', message: expect.stringContaining('exceeded quota') })
    expect(left()).toEqual([])
  })

  test('because its image has no valid name is the fault of the user, and leaves nothing', async () => {
    bench.server.onCreate('pods', pod => (pod.status = waiting(pod, 'InvalidImageName', 'bad')))
    await expect(step()).rejects.toMatchObject({ code: 'POD_FAILED', fault: 'user' })
    expect(left()).toEqual([])
  })

  test('because the image has no such program ends with 127, as at Docker', async () => {
    const said = 'exec: "ech": executable file not found in $PATH: unknown'
    bench.server.onCreate('pods', pod => (pod.status = waiting(pod, 'RunContainerError', said)))
    expect(await step()).toBe(127)
    expect(bench.printed.at(-1)).toMatch(/^::error::.*The image has no ech in its PATH\.$/)
    expect(left()).toEqual([])
  })
})

describe('a step whose pod its node rejects before anything ran', () => {
  test.each(['a Job', 'a bare pod'])('is started again, as %s, and leaves nothing', async kind => {
    if (kind === 'a bare pod') bench.server.refuse('POST jobs', forbidden('create', 'jobs.batch', 'runners'), 2)
    const made: V1Pod[] = []
    bench.server.onCreate('pods', pod => {
      if (kind === 'a Job' && !nameOf(pod).endsWith('-x7k2p')) return
      made.push(pod)
      bench.server.logs.print(nameOf(pod), 'job', 'hello')
      pod.status =
        made.length === 1 ? { phase: 'Failed', reason: 'NodeShutdown', message: 'going' } : ended(pod, { job: 0 })
    })
    expect(await step()).toBe(0)
    expect(bench.printed).toContainEqual(
      expect.stringMatching(/NodeShutdown. going. It is created again \(1 of 3\)\.$/)
    )
    expect(bench.output).toContain('hello\n')
    expect(left()).toEqual([])
  })
})

describe('a step that is disturbed', () => {
  test('by an eviction is no success, though its program ended with 0', async () => {
    bench.server.onCreate('pods', pod => {
      pod.status = { ...ended(pod, { job: 0 }), phase: 'Failed', reason: 'Evicted', message: 'disk pressure' }
    })
    await expect(step()).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringContaining('disk pressure')
    })
    expect(left()).toEqual([])
  })

  test('and ends with another code has that code, and the reason as an error', async () => {
    bench.server.onCreate('pods', pod => (pod.status = ended(pod, { job: 137 }, 'OOMKilled')))
    expect(await step()).toBe(137)
    expect(bench.printed.at(-1)).toMatch(/^::error::.*used too much memory \(OOMKilled/)
  })

  test('because somebody deletes its pod fails, and is warned that lines may be missing', async () => {
    let name = ''
    bench.server.onCreate('pods', pod => {
      name = nameOf(pod)
      pod.status = running(pod)
    })
    const removed = (): void => void setTimeout(() => bench.server.remove('pods', name), 20)
    bench.server.intercept(/^GET .*\/log$/, removed, 1)
    await expect(step()).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining('is gone') })
    expect(bench.printed.at(-1)).toMatch(/^::warning::Lines of the log .* may be missing/)
    expect(left()).toEqual([])
  })
})

test('a clean-up that is refused is a warning, and the step has its own result', async () => {
  program(0)
  bench.server.refuse(/^DELETE secrets/, refused(403, 'Forbidden', 'admission webhook "w" denied the request: no'))
  expect(await step()).toBe(0)
  expect(bench.printed.at(-1)).toMatch(/^::warning::Clean-up after the step: Secret .* may stay until the job ends: /)
})

describe('a cancelled step', () => {
  /** The runner cancels as soon as the container runs; `answer` is what the container's shell says to a signal. */
  async function cancelledStep(answer: string, signalled: (pod: V1Pod) => void = () => undefined): Promise<number> {
    const cancelled = new AbortController()
    let pod: V1Pod = {}
    bench.server.onCreate('pods', made => (made.status = running((pod = made))))
    bench.server.intercept(/^GET pods\/.*\/log$/, () => cancelled.abort(), 1)
    bench.server.exec = async ({ print }) => {
      signalled(pod)
      await print(answer)
      return 0
    }
    return step({}, { cancelled: cancelled.signal })
  }

  test('is asked to end by SIGINT and may say its last words; its code is 130', async () => {
    const code = await cancelledStep('INT\n', pod => {
      bench.server.logs.print(nameOf(pod), 'job', 'goodbye')
      pod.status = ended(pod, { job: 0 })
    })
    expect(code).toBe(130)
    expect(bench.printed).toContain('Cancelled: the container was sent SIGINT.')
    expect(bench.output).toBe('goodbye\n')
    expect(left()).toEqual([])
  })

  test('that ended in time keeps its pod until its files are back, however late the kubelet tells its end', async () => {
    const cancelled = new AbortController()
    let pod: V1Pod = {}
    bench.server.onCreate('pods', made => (made.status = running((pod = made))))
    bench.server.intercept(/^GET pods\/.*\/log$/, () => cancelled.abort(), 1)
    bench.server.exec = async ({ print }) => {
      await print('INT\n')
      // After the time that a container has to end by itself, and before its end has to be told.
      setTimeout(() => {
        bench.server.logs.print(nameOf(pod), 'job', 'goodbye')
        pod.status = ended(pod, { job: 0 })
      }, 4_700)
      return 137
    }
    expect(await step({}, { cancelled: cancelled.signal })).toBe(130)
    expect(bench.printed.filter(line => line.includes('Cancelled'))).toEqual([
      'Cancelled: the container was sent SIGINT.'
    ])
    expect(bench.output).toBe('goodbye\n')
  })

  test('that notices no signal is killed at once', async () => {
    expect(await cancelledStep('none\n')).toBe(130)
    expect(bench.printed).toContain('Cancelled: the container notices neither SIGINT nor SIGTERM, so it is killed.')
    expect(left()).toEqual([])
  })
})

test('a step without a work volume is a bare pod that gets its files before its program begins, and gives them back', async () => {
  writeFileSync(join(bench.work, 'app/app/file'), 'x')
  let pod: V1Pod = {}
  let made = 0
  bench.server.onCreate('pods', created => {
    pod = created
    // By a node that goes, before it took a file.
    if (made++ === 0) {
      created.status = { phase: 'Failed', reason: 'NodeShutdown' }
      return
    }
    const initContainerStatuses = running({ spec: { containers: [{ name: 'receive-work' }] } }).containerStatuses ?? []
    created.status = { phase: 'Pending', initContainerStatuses }
  })
  const commands: string[] = []
  bench.server.exec = call => {
    commands.push(call.container)
    return plays(word => {
      if (!('leave' in word)) return undefined
      bench.server.logs.print(nameOf(pod), 'job', 'hello')
      pod.status = ended(pod, { job: 0 })
      return { remembered: true }
    })(call)
  }
  expect(await step({}, { settings: { workspace: { mode: 'copied', exclude: [] } } })).toBe(0)
  expect(commands).toEqual(['receive-work', 'kaniko-hooks-work'])
  expect(bench.output).toBe('hello\n')
  expect(bench.printed.filter(line => line.includes('It is created again'))).toHaveLength(1)
  expect(bench.server.asked).toContain('POST pods')
  expect(bench.server.asked).not.toContain('POST jobs')
  expect(left()).toEqual([])
})

describe('a step with a Dockerfile', () => {
  let repository: string
  let asked: readonly string[]
  beforeEach(async () => {
    const registry = await serve(({ method }, response) => void response.writeHead(method === 'HEAD' ? 200 : 202).end())
    repository = `${registry.host}/actions`
    asked = registry.asked
    writeFileSync(join(bench.work, 'app/app/Dockerfile'), 'FROM scratch\n')
    program(0)
  })
  const build = async (options: Options = {}): Promise<number> => {
    const settings = { destinations: [{ remote: { repository, plainHttp: true } }] }
    return step({ image: null, dockerfile: join(bench.work, 'app/app/Dockerfile') }, { settings, ...options })
  }

  test('is built and run by its digest; pre, main and post have one image', async () => {
    const engine = new DummyEngine()
    for (let stage = 0; stage < 3; stage += 1) expect(await build({ engine })).toBe(0)
    expect(engine.requests).toHaveLength(1)
    const image = `${repository}@sha256:${'d'.repeat(64)}`
    expect(bench.printed.filter(line => line.includes('started and ran in') && line.endsWith(image))).toHaveLength(3)
    expect(asked.filter(line => line.includes('/manifests/'))).toEqual([])
  })

  test('of a job without a container is removed with its step: nobody calls cleanup_job', async () => {
    expect(await build({ hasJob: false })).toBe(0)
    expect(asked).toContainEqual(expect.stringMatching(/^DELETE \/v2\/actions\/manifests\//))
    expect(left()).toEqual([])
  })

  test('whose build fails makes no pod', async () => {
    const engine = new DummyEngine({ failure: new Error('the build failed') })
    await expect(build({ engine, hasJob: false })).rejects.toThrow('the build failed')
    expect(bench.server.asked).not.toContain('POST jobs')
    expect(left()).toEqual([])
  })
})

test('a volume of its options that a link leads to is refused before anything is made', async () => {
  symlinkSync(join(bench.work, 'externals'), join(bench.work, 'app/app/link'))
  await expect(step({ createOptions: `-v ${bench.work}/app/app/link:/x` })).rejects.toMatchObject({
    code: 'UNSUPPORTED'
  })
  expect(bench.server.changes).toEqual([])
})
