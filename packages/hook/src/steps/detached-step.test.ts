import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, test } from '@jest/globals'
import { KubeError, type ExecStream } from '@kaniko-hooks/kube'

import { signalStep, type OpenExec } from './detached-step.js'
import {
  ID,
  NEXT_ID,
  NEVER_MS,
  opener,
  processesInSpool,
  run,
  SHELLS,
  until,
  useSpool
} from './detached-step.fixture.js'

const spool = useSpool()

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
    const marker = join(spool.path, 'ran')
    const { end } = await run(opener(shell, [1]), ['sh', '-c', `echo x >>${marker}; echo out; sleep 0.3`])
    expect(end).toBe(0)
    expect(await import('node:fs').then(fs => fs.readFileSync(marker, 'utf8'))).toBe('x\n')
  })

  test('a signal reaches the step', async () => {
    const open = opener(shell)
    let isReady = (): void => undefined
    const ready = new Promise<void>(resolve => (isReady = resolve))
    const trap = "trap 'echo got it; exit 9' INT; echo ready; while :; do sleep 0.1; done"
    const step = run(open, ['sh', '-c', trap], {}, () => {
      isReady()
      return Promise.resolve()
    })
    await Promise.race([ready, step])
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
    await until(() => readdirSync(spool.path).length === 0 && processesInSpool().length === 0)
    expect(readdirSync(spool.path)).toEqual([])
    expect(processesInSpool()).toEqual([])
  })
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
