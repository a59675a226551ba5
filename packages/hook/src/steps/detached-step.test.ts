import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { KubeError, type ExecStream } from '@kaniko-hooks/kube'

import { runDetachedStep, signalStep, type OpenExec } from './detached-step.js'
import type { StepEnd } from './end-mark.js'
import { stepScript } from './script.js'
import { SPOOL_PATH } from './supervisor.js'

/**
 * The shell half of a step, run by real shells on this machine in place of a container: a stream is a process, and a
 * cut connection is a process whose pipes nobody reads any more.
 */
jest.setTimeout(60_000)

let spool: string
beforeEach(() => {
  spool = mkdtempSync(join(tmpdir(), 'spool-'))
})
afterEach(async () => {
  const ended = spool
  // A test that failed may still be opening streams.
  spool = ''
  // One that is killed may have started another a moment before.
  for (let tries = 0; tries < 50; tries += 1) {
    const left = processesOf(ended)
    if (left.length === 0) break
    for (const pid of left) killGroup(pid)
    await sleep(20)
  }
  expect(processesOf(ended)).toEqual([])
  rmSync(ended, { recursive: true, force: true })
})

/** What a step started, and what watches over it, as long as the step's shell has not let go of it. */
function processesOf(directory: string): number[] {
  const steps = readdirSync(directory).flatMap(id => {
    const pid = Number(readOr(join(directory, id, 'pid')))
    return pid > 1 && isGroup(pid) ? [pid] : []
  })
  const shells = readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false
    return readOr(`/proc/${pid}/cmdline`).includes(directory) || cwdOf(pid).startsWith(directory)
  })
  return [...steps, ...shells.map(Number)]
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

/** Whether any process of the group is alive: not only a zombie that nobody reaps. */
function isGroup(pgid: number): boolean {
  return readdirSync('/proc').some(pid => {
    const [state, , group] = readOr(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    return state !== 'Z' && Number(group) === pgid
  })
}

function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // It has ended, or leads no group.
    }
  }
}

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]

function inSpool(text: string): string {
  return text.replaceAll(SPOOL_PATH, spool)
}

/** Opens streams; the first ones are cut after so many bytes of stdout. */
function opener(shell: readonly string[], cutAfter: readonly number[] = []): OpenExec & { opened: number } {
  const own = spool
  const open = async (command: readonly string[]): Promise<ExecStream> => {
    if (spool !== own) return new Promise(() => undefined)
    const cut = cutAfter[open.opened]
    open.opened += 1
    const words = [...shell, ...command.slice(1).map(inSpool)]
    const child = spawn(words[0] ?? 'sh', words.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    child.stdin.on('error', () => undefined)
    let seen = 0
    let lose: (error: Error) => void = () => undefined
    const lost = new Promise<never>((_, reject) => (lose = reject))
    lost.catch(() => undefined)
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.length
      if (cut === undefined || seen < cut) return
      const error = new KubeError('STREAM_LOST', 'cut by the test')
      lose(error)
      child.stdout.destroy(error)
      child.stdin.destroy()
    })
    child.stdout.pause()
    const exit = new Promise<number>(resolve => child.on('exit', code => resolve(code ?? 137)))
    return Promise.resolve({
      stdout: child.stdout,
      stderr: child.stderr,
      write: async (chunk: Uint8Array | string) =>
        new Promise<void>(resolve => {
          if (!child.stdin.writable) resolve()
          else child.stdin.write(typeof chunk === 'string' ? inSpool(chunk) : chunk, () => resolve())
        }),
      end: () => child.stdin.end(),
      exit: Promise.race([exit, lost]),
      close: () => {
        child.stdin.destroy()
        child.stdout.destroy()
      }
    })
  }
  open.opened = 0
  return open
}

const ID = '5f2d6a1c-0000-4000-8000-000000000001'
const NEXT_ID = '5f2d6a1c-0000-4000-8000-000000000002'
/** Longer than any test, and short enough for what a killed test run leaves. */
const NEVER_MS = 120_000

async function run(
  openExec: OpenExec,
  command: readonly string[],
  environment: Record<string, string> = {},
  onOutput: () => Promise<void> = () => Promise.resolve(),
  {
    id = ID,
    orphanMs = NEVER_MS,
    awaitNode = () => Promise.resolve(),
    outageMs,
    signal
  }: {
    id?: string
    orphanMs?: number
    awaitNode?: (signal?: AbortSignal) => Promise<void>
    outageMs?: number
    signal?: AbortSignal
  } = {}
): Promise<{ end: StepEnd; output: Buffer }> {
  const script = inSpool(stepScript(id, { command, environment, prependPath: [], workingDirectory: '/tmp' }))
  const chunks: Buffer[] = []
  const end = await runDetachedStep(
    {
      id,
      script,
      openExec,
      awaitNode,
      output: async chunk => {
        chunks.push(chunk)
        await onOutput()
      },
      orphanMs,
      ...(outageMs === undefined ? {} : { outageMs })
    },
    signal
  )
  return { end, output: Buffer.concat(chunks) }
}

/** Follows a step until it has printed something, and then never again, as a runner that is killed. */
async function abandoned(openExec: OpenExec, script: string, orphanMs: number): Promise<void> {
  const killed = new AbortController()
  const cut: OpenExec = async (command, options) => {
    const stream = await openExec(command, options)
    options.signal?.addEventListener('abort', () => stream.close())
    return stream
  }
  const onOutput = (): Promise<void> => {
    killed.abort()
    return Promise.resolve()
  }
  await expect(run(cut, ['sh', '-c', script], {}, onOutput, { orphanMs, signal: killed.signal })).rejects.toBeDefined()
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !condition(); tries += 1) await sleep(100)
}

/** The processes of the hook's own: they stand in the spool, or in what was it. */
function processesInSpool(): string[] {
  return readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && cwdOf(pid).startsWith(spool))
}

describe.each(SHELLS)('a detached step under %s', (...shell) => {
  test('gives exit code and output, stderr in its place', async () => {
    const { end, output } = await run(opener(shell), [
      'sh',
      '-c',
      'echo a; echo b >&2; echo c >/dev/stderr; echo d; exit 7'
    ])
    expect(output.toString()).toBe('a\nb\nc\nd\n')
    expect(end).toBe(7)
  })

  test.each([
    ['killed by a signal', 'kill -9 $$', 137],
    ['ended with 255', 'exit 255', 255],
    ['without output', ':', 0]
  ])('a step that was %s', async (_, script, code) => {
    expect((await run(opener(shell), ['sh', '-c', script])).end).toBe(code)
  })

  test('a command that is not there is 127, as in a shell', async () => {
    expect((await run(opener(shell), ['no-such-program'])).end).toBe(127)
  })

  test('ends with the step although a child keeps its output', async () => {
    const { end, output } = await run(opener(shell), ['sh', '-c', 'sleep 30 & echo now; exit 3'])
    expect(output.toString()).toBe('now\n')
    expect(end).toBe(3)
  })

  test('the shell that watches adds no word of its own when a signal ends the step', async () => {
    const { end, output } = await run(opener(shell), ['sh', '-c', 'echo x; kill -9 $$'])
    expect(output.toString()).toBe('x\n')
    expect(end).toBe(137)
  })

  test('any number of small writes passes through', async () => {
    // Slow enough for each line to be a read of its own.
    const writes =
      'for (let n = 0; n < 4000; n++) { fs.writeSync(1, `${n}\\n`); const until = performance.now() + 0.5; while (performance.now() < until); }'
    const { end, output } = await run(opener(shell), [process.execPath, '-e', writes])
    expect(output.toString()).toBe(Array.from({ length: 4000 }, (_, n) => `${n}\n`).join(''))
    expect(end).toBe(0)
  })

  test('a reader that is slow at the end gets all, and the exit code', async () => {
    let isFirst = true
    const { end, output } = await run(opener(shell), ['sh', '-c', 'seq 1 20000; exit 7'], {}, async () => {
      if (isFirst) await sleep(2_500)
      isFirst = false
    })
    expect(output.length).toBe(108_894)
    expect(end).toBe(7)
  })

  test('goes on at the byte where a lost stream ended', async () => {
    const open = opener(shell, [200_000, 1_500_000, 6_000_000])
    const { end, output } = await run(open, ['sh', '-c', 'seq 1 1500000; exit 5'])
    expect(open.opened).toBe(4)
    expect(end).toBe(5)
    const whole = Array.from({ length: 1_500_000 }, (_, index) => `${index + 1}\n`).join('')
    expect(createHash('sha256').update(output).digest('hex')).toBe(createHash('sha256').update(whole).digest('hex'))
  })

  test('does not run twice when the stream is lost at once', async () => {
    const marker = join(spool, 'ran')
    const { end } = await run(opener(shell, [1]), ['sh', '-c', `echo x >>${marker}; echo out; sleep 0.3`])
    expect(end).toBe(0)
    expect(await import('node:fs').then(fs => fs.readFileSync(marker, 'utf8'))).toBe('x\n')
  })

  test('a signal reaches the step', async () => {
    const open = opener(shell)
    const step = run(open, ['sh', '-c', "trap 'echo got it; exit 9' INT; echo ready; while :; do sleep 0.1; done"])
    await sleep(700)
    expect(await signalStep(open, ID, 'INT')).toBe(true)
    const { end, output } = await step
    expect(output.toString()).toBe('ready\ngot it\n')
    expect(end).toBe(9)
  })

  test('environment: quotes, newlines, empty values, names that a shell cannot export', async () => {
    const environment = {
      PLAIN: 'x',
      EMPTY: '',
      QUOTED: `it's "$HOME" \`x\` \\`,
      LINES: 'one\ntwo\n',
      'INPUT_MY-NAME': 'dashed value',
      BIG: 'b'.repeat(100_000)
    }
    const names = Object.keys(environment)
    const print = `for (const n of ${JSON.stringify(names)}) console.log(JSON.stringify(process.env[n]))`
    const { end, output } = await run(opener(shell), [process.execPath, '-e', print], environment)
    expect(end).toBe(0)
    expect(
      output
        .toString()
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as string)
    ).toEqual(Object.values(environment))
  })

  test('a result that was read stands, whatever becomes of the connection then', async () => {
    const open = opener(shell)
    const breaking: OpenExec = async (command, options) => {
      const stream = await open(command, options)
      const write = async (chunk: Uint8Array | string): Promise<void> => {
        if (chunk === 'end\n') throw new KubeError('STREAM_LOST', 'cut by the test')
        return stream.write(chunk)
      }
      return { ...stream, write }
    }
    expect((await run(breaking, ['sh', '-c', 'exit 7'])).end).toBe(7)
    expect(open.opened).toBe(1)
  })

  test('leaves nothing in the spool, and no process', async () => {
    await run(opener(shell), ['echo', 'x'])
    await until(() => readdirSync(spool).length === 0 && processesInSpool().length === 0)
    expect(readdirSync(spool)).toEqual([])
    expect(processesInSpool()).toEqual([])
  })

  describe('that nobody follows any more', () => {
    const marker = (): string => join(spool, 'went on')

    test('is ended, and says so to who comes after all; the next step finds nothing of it', async () => {
      await abandoned(opener(shell), `echo began; sleep 8; touch '${marker()}'`, 1_000)
      await until(() => existsSync(join(spool, ID, 'exit')))
      const late = await run(opener(shell), ['sh', '-c', 'echo again'])
      expect(late.end).toEqual({ orphanedWith: 130 })
      expect(late.output.toString()).toBe('began\n')
      await until(() => readdirSync(spool).length === 0)
      await abandoned(opener(shell), `echo began; sleep 8; touch '${marker()}'`, 1_000)
      await until(() => existsSync(join(spool, ID, 'exit')) && processesInSpool().length === 1)
      expect((await run(opener(shell), ['true'], {}, undefined, { id: NEXT_ID })).end).toBe(0)
      await until(() => readdirSync(spool).length === 0)
      expect(readdirSync(spool)).toEqual([])
      expect(existsSync(marker())).toBe(false)
    })

    test('is killed when it ignores the first signals, and so is a child that outlives it', async () => {
      const beat = `while :; do touch '${marker()}'; sleep 0.2; done`
      await abandoned(opener(shell), `trap '' INT TERM; echo began; (${beat}) & ${beat}`, 1_000)
      await until(() => existsSync(join(spool, ID, 'exit')))
      const end = Date.now()
      await sleep(1_500)
      expect(statSync(marker()).mtimeMs).toBeLessThan(end)
      expect((await run(opener(shell), ['true'])).end).toEqual({ orphanedWith: 137 })
    })

    test('is ended although its connection seems to stand, and its log is whole although nobody took it', async () => {
      let isCut = false
      const open = opener(shell)
      const halfOpen: OpenExec = async (command, options) => {
        const stream = await open(command, options)
        return { ...stream, write: async chunk => (isCut ? undefined : stream.write(chunk)) }
      }
      let isFirst = true
      const text = 'seq 1 60000; sleep 30; echo never'
      const { end, output } = await run(
        halfOpen,
        ['sh', '-c', text],
        {},
        async () => {
          isCut = true
          if (isFirst) await sleep(4_000)
          isFirst = false
        },
        { orphanMs: 1_000 }
      )
      expect(end).toEqual({ orphanedWith: 130 })
      expect(output.length).toBe(348_894)
    })
  })

  test('goes on for as long as somebody follows, silent or with a reader that takes nothing', async () => {
    let isFirst = true
    const { end, output } = await run(
      opener(shell),
      ['sh', '-c', 'seq 1 60000; sleep 8; echo done; exit 4'],
      {},
      async () => {
        if (isFirst) await sleep(7_000)
        isFirst = false
      },
      { orphanMs: 5_000 }
    )
    expect(output.toString().slice(-10)).toBe('60000\ndone\n'.slice(-10))
    expect(end).toBe(4)
  })
})

test('a step goes on when it is followed again in time', async () => {
  const open = opener(['dash'], [1])
  const slow: OpenExec = async (command, options) => {
    if (open.opened > 0) await sleep(1_500)
    return open(command, options)
  }
  const steps = 'echo a; sleep 20; echo b; exit 4'
  const { end, output } = await run(slow, ['sh', '-c', steps], {}, undefined, { orphanMs: 15_000 })
  expect({ end, output: output.toString() }).toEqual({ end: 4, output: 'a\nb\n' })
  expect(open.opened).toBe(2)
})

describe('a node that is away', () => {
  const [shell = []] = SHELLS
  const AWAY = new KubeError('EXEC_FAILED', 'error dialing backend', { status: 500, reason: 'InternalError' })

  /** A stream that the API server opens and ends at once, as it does when it cannot reach the node. */
  const refused = (): ExecStream => {
    const exit = Promise.reject<number>(AWAY)
    exit.catch(() => undefined)
    const closed = (): Readable => new Readable({ read: () => undefined }).on('error', () => undefined)
    const [stdout, stderr] = [closed(), closed()]
    return { stdout, stderr, write: () => Promise.reject(AWAY), end: () => undefined, exit, close: () => undefined }
  }

  /** Opens streams, the second and third of them in vain. */
  function bouncing(cutAfter: readonly number[]): OpenExec & { tried: number } {
    const open = opener(shell, cutAfter)
    const bounce = async (...args: Parameters<OpenExec>): Promise<ExecStream> => {
      bounce.tried += 1
      return bounce.tried === 2 || bounce.tried === 3 ? refused() : open(...args)
    }
    bounce.tried = 0
    return bounce
  }

  test('is waited for, and the step goes on at the byte where its stream ended', async () => {
    const open = bouncing([3])
    let waits = 0
    const { end, output } = await run(
      open,
      ['sh', '-c', 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done; exit 7'],
      {},
      undefined,
      { awaitNode: () => Promise.resolve(void (waits += 1)) }
    )
    expect({ end, output: output.toString() }).toEqual({ end: 7, output: '1\n2\n3\n4\n5\n6\n' })
    expect({ tried: open.tried, waits }).toEqual({ tried: 4, waits: 2 })
  })

  test('and does not come back: the step is lost', async () => {
    const gone = new KubeError('POD_FAILED', 'Pod "a" is gone')
    await expect(
      run(bouncing([2]), ['sh', '-c', 'echo 1; sleep 1; echo 2'], {}, undefined, {
        awaitNode: () => Promise.reject(gone)
      })
    ).rejects.toBe(gone)
  })

  test.each(['awaitNode', 'openExec'])('for longer than an outage is waited for: %s is ended in time', async what => {
    const waiting = async (signal?: AbortSignal): Promise<never> =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new KubeError('ABORTED', 'The request was cancelled.')))
      })
    const step = async (id: string, outageMs: number, signal?: AbortSignal): Promise<unknown> => {
      const open = what === 'awaitNode' ? bouncing([2]) : opener(shell, [2])
      let opened = 0
      const openExec: OpenExec = async (command, options) => {
        opened += 1
        return what === 'openExec' && opened > 1 ? waiting(options.signal) : open(command, options)
      }
      const limits = { id, awaitNode: waiting, outageMs, ...(signal && { signal }) }
      return run(openExec, ['sh', '-c', 'echo 1; sleep 5'], {}, undefined, limits)
    }
    await expect(step(ID, 500)).rejects.toMatchObject({
      code: 'STEP_LOST',
      message: expect.stringContaining(what === 'awaitNode' ? 'error dialing backend' : 'cut by the test')
    })
    // A cancellation stays one.
    await expect(step(NEXT_ID, NEVER_MS, AbortSignal.timeout(1_500))).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('a connection that came back in time is not limited', async () => {
    const steps = 'echo a; sleep 1.5; echo b; exit 4'
    const { end } = await run(opener(shell, [1]), ['sh', '-c', steps], {}, undefined, { outageMs: 1_000 })
    expect(end).toBe(4)
  })

  test('but answers: a command that cannot be run is told', async () => {
    const never: OpenExec = () => Promise.resolve(refused())
    await expect(run(never, ['true'])).rejects.toBe(AWAY)
  }, 20_000)

  test('a stream that ends well before the script was taken started nothing', async () => {
    const open = opener(shell)
    let tried = 0
    const early: OpenExec = async (command, options) => {
      tried += 1
      if (tried > 1) return open(command, options)
      const stream = refused()
      return { ...stream, write: () => Promise.resolve(), exit: Promise.resolve(0) }
    }
    expect((await run(early, ['sh', '-c', 'exit 7'])).end).toBe(7)
  })
})
