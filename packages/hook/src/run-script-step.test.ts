import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DummyEngine } from '@kaniko-hooks/builder/dummy'
import { EXEC_CUT, ended, type ExecScript, refused } from '@kaniko-hooks/testing'

import { Bench, RUNNER, stateOf, type CallOptions } from './job/call.fixture.js'
import { maskOwnToken } from './job/mask-credentials.js'
import type { State } from './job/state.js'
import type { RunScriptStep } from './protocol/schema.js'
import { runScriptStep } from './run-script-step.js'
import { playedStep, type Ending, type Launch, type Played } from './steps/played-step.fixture.js'
import { LAUNCH_COMMAND, SIGNAL_COMMAND } from './steps/supervisor.js'
import { isProgram, plays } from './workspace/helper/played-program.fixture.js'
import { CALL_COMMAND } from './workspace/helper/program.js'
import type { Word } from './workspace/helper/words.js'

const POD = `${RUNNER}-workflow`

let bench: Bench
beforeEach(async () => {
  bench = await Bench.start()
  bench.server.put('pods', {
    metadata: { name: POD },
    spec: { containers: [{ name: 'job', image: 'debian:12' }, { name: 'kaniko-hooks-work' }] }
  })
})
afterEach(async () => bench.stop())

/** The container plays steps like this one. */
function steps(
  play: (launch: Launch) => Ending | Promise<Ending>,
  onSignal?: (name: string) => void,
  other?: ExecScript
): Played {
  const { exec, ...played } = playedStep(play, onSignal, other)
  bench.server.exec = exec
  return played
}

async function step(
  args: Partial<RunScriptStep['args']> = {},
  options: CallOptions = {},
  state: object | null = stateOf(bench)
): Promise<number> {
  const bare = {
    entryPoint: 'sh',
    entryPointArgs: [],
    environmentVariables: {},
    prependPath: [],
    workingDirectory: null
  }
  const command = { command: 'run_script_step', responseFile: '/r', args: { ...bare, ...args } } as const
  return runScriptStep(bench.call(options), { ...command, state: state as Record<string, unknown> | null })
}

describe('a step', () => {
  test('is one exec into the job container, and asks the API server for nothing else', async () => {
    steps(() => 0)
    expect(await step()).toBe(0)
    expect(bench.server.asked).toEqual([`GET pods/${POD}/exec`])
  })

  test('prints what its program prints, byte by byte, and ends with its exit code', async () => {
    steps(async ({ print }) =>
      print('one\n')
        .then(async () => print('::error::two, no line end'))
        .then(() => 3)
    )
    expect(await step()).toBe(3)
    expect(bench.output).toBe('one\n::error::two, no line end')
    expect(bench.printed).toEqual(['::add-mask::t0ken'])
  })

  test('has its variables, its PATH and its directory in the script, and no word of it in the command', async () => {
    const { launches } = steps(() => 0)
    await step({
      entryPoint: '/bin/bash',
      entryPointArgs: ['-e', '/__w/_temp/x.sh'],
      environmentVariables: { GREETING: "it's me" },
      prependPath: ['/opt/a', '/opt/b'],
      workingDirectory: '/__w/app/app'
    })
    const script = launches[0]?.script ?? ''
    expect(script).toContain(`export GREETING='it'\\''s me'`)
    expect(script).toContain(`export PATH='/opt/a:/opt/b'":$PATH"`)
    expect(script).toContain(`cd '/__w/app/app' `)
    expect(script).toContain(`exec '/bin/bash' '-e' '/__w/_temp/x.sh'`)
    expect(bench.server.sightings.map(({ query }) => query.getAll('command').join())).not.toContain('GREETING')
  })

  test('prints the mask of the own token again only when that is another one', async () => {
    steps(() => 0)
    const masked = await maskOwnToken(bench.call())
    expect(bench.printed.splice(0)).toEqual(['::add-mask::t0ken'])
    await step({}, {}, stateOf(bench, { ...(masked !== undefined && { masked }) }))
    expect(bench.printed).toEqual([])
    await step({}, {}, stateOf(bench, { masked: 'of an older token' }))
    expect(bench.printed).toEqual(['::add-mask::t0ken'])
  })
})

describe('a step that asks for a build', () => {
  const ID = '0190f6f0-6b5c-4d0e-8a52-9d3a5a0c1e11'

  test('gets its answer while it runs, and ends as it would have ended', async () => {
    const temp = join(bench.work, '_temp')
    const answer = join(temp, `_kbuild/${ID}.res.json`)
    mkdirSync(join(temp, '_kbuild'), { recursive: true })
    writeFileSync(join(bench.work, 'app/app/Dockerfile'), 'FROM scratch\n')
    let said = ''
    steps(async () => {
      writeFileSync(join(temp, `_kbuild/${ID}.req.json`), JSON.stringify({ version: 1, context: '/__w/app/app' }))
      while (!existsSync(answer)) await sleep(20)
      said = readFileSync(answer, 'utf8')
      return 7
    })
    const command = {
      command: 'run_script_step',
      responseFile: '/r',
      args: { entryPoint: 'sh', entryPointArgs: [], environmentVariables: {}, prependPath: [], workingDirectory: null },
      state: stateOf(bench) as unknown as Record<string, unknown>
    } satisfies RunScriptStep
    const engine = new DummyEngine()
    expect(await runScriptStep(bench.call(), command, () => Promise.resolve(engine))).toBe(7)
    expect(JSON.parse(said)).toMatchObject({ outcome: 'built' })
    expect(readdirSync(join(temp, '_kbuild'))).toEqual([])
  })

  test('is not looked after when no step may ask', async () => {
    const settings = { broker: { enabled: false } }
    const letter = join(bench.work, `_temp/_kbuild/${ID}.req.json`)
    mkdirSync(join(bench.work, '_temp/_kbuild'), { recursive: true })
    writeFileSync(letter, '{}')
    steps(async () => sleep(1300).then(() => 0))
    expect(await step({}, { settings })).toBe(0)
    expect(existsSync(letter)).toBe(true)
  })
})

describe('a call that is refused', () => {
  test('has no state: prepare_job did not run, or another hook did it', async () => {
    await expect(step({}, {}, null)).rejects.toMatchObject({ code: 'INPUT', fault: 'configuration' })
    expect(bench.server.asked).toEqual([])
  })

  test('has a state that names the pod of another runner', async () => {
    await expect(step({}, {}, stateOf(bench, { jobPod: 'other-workflow' }))).rejects.toThrow(/not of runner/)
    expect(bench.server.asked).toEqual([])
  })

  test('has a variable that is too long for Linux, which is named, and never its value', async () => {
    steps(() => 0)
    expect(await step({ environmentVariables: { LONG: 'x'.repeat(140_000) } })).toBe(126)
    expect(bench.printed.at(-1)).toMatch(/^::error::The variable LONG has 140006 bytes/)
    expect(bench.printed.at(-1)).not.toContain('xxx')
    expect(bench.server.asked).toEqual([])
  })
})

describe('a connection that is lost', () => {
  test('is taken up again where it ended, and the step does not notice', async () => {
    const { launches } = steps(async ({ print, offset }) => {
      await print('one two three'.slice(offset))
      if (offset > 0) return 0
      while (bench.output === '') await new Promise(resolve => setTimeout(resolve, 5))
      return EXEC_CUT
    })
    bench.server.exec = halved(bench.server.exec)
    expect(await step()).toBe(0)
    expect(bench.output).toBe('one two three')
    expect(launches.map(({ id }) => id === launches[0]?.id)).toEqual([true, true])
    expect(bench.noted).toEqual([expect.stringMatching(/^The step's log is taken up again: /)])
  })

  /** The first connection gives the first bytes of each print alone. */
  function halved(exec: typeof bench.server.exec): typeof bench.server.exec {
    let isFirst = true
    return call => {
      if (!isFirst) return exec(call)
      isFirst = false
      return exec({ ...call, print: chunk => call.print(chunk.slice(0, 4)) })
    }
  }

  test('with a node that is away is opened again once the node answers', async () => {
    const { launches } = steps(() => 0)
    const { exec } = bench.server
    let isAway = true
    bench.server.exec = call => {
      if (!isAway) return exec(call)
      isAway = false
      return refused(500, 'InternalError', 'error dialing backend: connection refused')
    }
    expect(await step()).toBe(0)
    expect(launches).toHaveLength(1)
    const opening = `GET pods/${POD}/exec`
    expect(bench.server.asked).toEqual([opening, `GET pods/${POD}/log`, opening])
  })

  test('with a pod that somebody deleted is told so', async () => {
    steps(() => {
      bench.server.remove('pods', POD)
      return EXEC_CUT
    })
    await expect(step()).rejects.toThrow(`The job pod ${POD} ended while the step ran: somebody deleted it.`)
  })

  test('with a container that ended is told with its exit code', async () => {
    steps(() => {
      const pod = bench.server.get('pods', POD)
      if (pod !== undefined) pod.status = ended(pod, { job: 137 }, 'OOMKilled')
      return EXEC_CUT
    })
    await expect(step()).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining('OOMKilled') })
  })
})

describe('a step that ends as one whose program is not there', () => {
  test.each([
    ['a shell that the image has not', 'bash', 'missing\n', [/has no bash, by which this step is run/]],
    ['a directory that is not there', 'sh', 'directory\n', [/working directory \/w is not there/]],
    [
      'Node, on an image that cannot start it',
      '/__e/node20/bin/node',
      'loader\n',
      [/node does not start.*needs glibc/]
    ],
    [
      'Node, of which the runner has none for Alpine',
      '/__e/node20_alpine/bin/node',
      'externals\nloader\n',
      [/have no .*node20_alpine/]
    ],
    ['a shell whose script ends so', 'sh', '', []]
  ])('is asked why: %s', async (_, entryPoint, answer, errors) => {
    const { commands } = steps(
      () => 127,
      undefined,
      async ({ print }) => print(answer).then(() => 0)
    )
    expect(await step({ entryPoint, workingDirectory: '/w', prependPath: ['/a', '/b'] })).toBe(127)
    expect(commands).toEqual([expect.stringContaining(`sh ${entryPoint} /a:/b:  /w`)])
    expect(bench.printed.slice(1)).toEqual(errors.map(words => expect.stringMatching(words)))
  })
})

describe('a step that ends otherwise', () => {
  test('because nobody followed it has the code of its program, and never 0', async () => {
    steps(() => '0 orphaned')
    expect(await step()).toBe(130)
    expect(bench.printed.at(-1)).toMatch(/^::error::.*away for longer than 7m/)
    steps(() => '143 orphaned')
    expect(await step()).toBe(143)
  })

  test('because its watcher was killed is lost, and no success', async () => {
    steps(() => 'lost')
    await expect(step()).rejects.toMatchObject({ code: 'STEP_LOST' })
  })

  test('by the kernel for its memory is told, when the container counted it', async () => {
    const count = async ({ print }: { print: Launch['print'] }): Promise<number> => print('oom_kill 1\n').then(() => 0)
    steps(() => 137, undefined, count)
    expect(await step()).toBe(137)
    expect(bench.printed.at(-1)).toMatch(/^::error::Exit code 137: the kernel has ended a process .*OOMKilled/)
  })

  test('says which services of the job have ended, when the job has any', async () => {
    steps(() => 1)
    await step()
    expect(bench.server.asked).not.toContain('GET pods')
    const annotations = { 'kaniko-hooks/services': '{"redis":"cache","postgres":"db"}' }
    const containers = ['redis', 'postgres'].map(name => ({ name, image: `${name}:7` }))
    const pod = { metadata: { name: 'services', labels: { 'runner-pod': RUNNER }, annotations }, spec: { containers } }
    bench.server.onCreate('pods', made => (made.status = ended(made, { redis: 137 }, 'OOMKilled')))
    bench.server.put('pods', pod)
    expect(await step({}, {}, stateOf(bench, { hasServices: true }))).toBe(1)
    expect(bench.printed.filter(line => line.startsWith('::warning::'))).toEqual([
      '::warning::The service cache (redis:7) has ended with exit code 137 (OOMKilled). It used more memory than its limit: use less, or raise the limit of $redis in the hook template.'
    ])
  })

  test('with 137 and no count keeps its code, and nothing is claimed', async () => {
    steps(() => 137)
    expect(await step()).toBe(137)
    expect(bench.printed).toEqual(['::add-mask::t0ken'])
  })

  test('before it began, as in an image without a shell, names what an image needs', async () => {
    bench.server.exec = () => 127
    await expect(step()).rejects.toThrow(
      /could not be started in the job container \(exit code 127\): its image needs sh/
    )
  })
})

describe('a cancelled step', () => {
  test('gets SIGINT, prints its last words, and has the code of its trap', async () => {
    const cancelled = new AbortController()
    let interrupted = (): void => undefined
    const interruption = new Promise<void>(resolve => (interrupted = resolve))
    const { signals } = steps(
      async ({ print }) => {
        cancelled.abort()
        await interruption
        return print('goodbye\n').then(() => 130)
      },
      () => interrupted()
    )
    expect(await step({}, { cancelled: cancelled.signal })).toBe(130)
    expect(signals).toEqual(['INT'])
    expect(bench.output).toBe('goodbye\n')
  })

  test('that had not begun never begins', async () => {
    steps(() => 0)
    expect(await step({}, { cancelled: AbortSignal.abort() })).toBe(130)
    expect(bench.server.asked).toEqual([])
  })
})

describe('a step without a work volume', () => {
  let told: Word[]
  beforeEach(() => {
    told = []
    writeFileSync(join(bench.work, 'app/app/file'), 'x')
  })

  const WORDS = new Map([
    [CALL_COMMAND[2], 'program'],
    [LAUNCH_COMMAND[2], 'step'],
    [SIGNAL_COMMAND[2], 'signal']
  ])
  const order = (): unknown[] => bench.server.sightings.map(({ query }) => WORDS.get(query.getAll('command')[2]))
  const words = (): unknown[] => told.flatMap(word => Object.keys(word))
  const ownDisk = (): State => {
    const state = stateOf(bench)
    return { ...state, runner: { ...state.runner, volume: { kind: 'own-disk' } } }
  }

  test.each([
    ['well, as when its kubelet stops', 0, 0],
    ['for lack of a tool', 127, 'JOB_CONTAINER']
  ])('whose exec ends %s before its files are sent is told by that', async (_, early, outcome) => {
    const { exec } = playedStep(() => 0)
    let launches = 0
    bench.server.exec = async call => {
      if (isProgram(call)) {
        await sleep(300)
        return plays()(call)
      }
      launches += 1
      return launches === 1 ? early : exec(call)
    }
    const result = step({}, {}, ownDisk())
    if (outcome === 0) expect(await result).toBe(0)
    else await expect(result).rejects.toMatchObject({ code: outcome })
  })

  test.each([0, 1])('gets its files before and gives them back after it, with exit code %i as well', async code => {
    steps(() => code, undefined, plays(undefined, told))
    expect(await step({}, {}, ownDisk())).toBe(code)
    // One conversation, which stays open while the step runs.
    expect(order().sort()).toEqual(['program', 'step'])
    expect(words()).toEqual(['open', 'externals', 'take', 'mail', 'give'])
    expect(bench.printed).toEqual(['::add-mask::t0ken'])
  })

  test('gives them back when it is cancelled, too: a later step may ask for its outputs', async () => {
    const cancelled = new AbortController()
    let interrupted = (): void => undefined
    const interruption = new Promise<void>(resolve => (interrupted = resolve))
    const play = async (): Promise<number> => {
      cancelled.abort()
      await interruption
      return 130
    }
    steps(play, () => interrupted(), plays(undefined, told))
    expect(await step({}, { cancelled: cancelled.signal }, ownDisk())).toBe(130)
    expect(order().sort()).toEqual(['program', 'signal', 'step'])
    expect(words()).toEqual(['open', 'externals', 'take', 'mail', 'give'])
  })

  test('fails when its files cannot come back, though its program ended well', async () => {
    steps(
      () => 0,
      undefined,
      plays(word => ('give' in word ? { failed: { message: 'the disk said no' } } : undefined), [], [])
    )
    await expect(step({}, {}, ownDisk())).rejects.toMatchObject({
      code: 'WORKSPACE',
      message: expect.stringContaining('the disk said no')
    })
  })

  test('does not begin when its files cannot go', async () => {
    const { launches } = steps(
      () => 0,
      undefined,
      () => 96
    )
    await expect(step({}, {}, ownDisk())).rejects.toMatchObject({ code: 'WORKSPACE', fault: 'configuration' })
    expect(launches).toEqual([])
  })
})
