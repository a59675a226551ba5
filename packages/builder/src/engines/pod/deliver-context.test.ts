import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { V1ContainerState } from '@kubernetes/client-node'
import { type ExecStream, type Kube, KubeError, type V1Pod } from '@kaniko-hooks/kube'
import type { ContextArchive } from '../../context/pack.js'
import { BuildError } from '../../errors.js'
import { deliverContext } from './deliver-context.js'

const ARCHIVE: ContextArchive = {
  bytes: 4,
  send: async write => {
    await write(Buffer.from('data'))
    return 'abc'
  }
}

/**
 * How a receiver behaves: it may end by itself, or print something once it has the data, and end when it was told to accept,
 * well or in another way, or not at all.
 */
type Receiver =
  | { readonly exits: number; readonly says?: string }
  | { readonly prints: string; readonly told?: number | KubeError | 'silence' }
  | KubeError

let log: string[] = []
/** How often the pod has to be read until its status says that the container has ended. */
let reportsAfter = 0

afterEach(() => {
  log = []
  reportsAfter = 0
})

/** A cluster whose receivers behave as given, one after the other. */
function cluster(...receivers: readonly Receiver[]): {
  readonly kube: Kube
  readonly written: string[][]
  /** How often the pod was read. */
  readonly read: () => number
  /** How often its node was waited for. */
  readonly waits: () => number
} {
  const written: string[][] = []
  let read = 0
  let waits = 0
  const pod = (state: V1ContainerState): V1Pod => ({
    metadata: { name: 'p', uid: 'u' },
    status: {
      initContainerStatuses: [{ name: 'context', image: '', imageID: '', ready: true, restartCount: 0, state }]
    }
  })
  const kube = {
    exec: (): Promise<ExecStream> => {
      const receiver = receivers[written.length]
      written.push([])
      if (receiver === undefined) throw new Error('one exec too many')
      return receiver instanceof KubeError ? Promise.reject(receiver) : Promise.resolve(streamOf(receiver, written))
    },
    awaitNode: () => Promise.resolve(void (waits += 1)),
    get: () => Promise.resolve(pod(++read > reportsAfter ? { terminated: { exitCode: 0 } } : { running: {} }))
  }
  return { kube: kube as unknown as Kube, written, read: () => read, waits: () => waits }
}

function streamOf(receiver: Exclude<Receiver, KubeError>, written: string[][]): ExecStream {
  const mine = written.at(-1) ?? []
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  if ('says' in receiver) stderr.write(receiver.says)
  let end = (_: number | Error): void => undefined
  const exit = new Promise<number>((resolve, reject) => {
    end = how => (how instanceof Error ? reject(how) : resolve(how))
    if ('exits' in receiver) setTimeout(end, 5, receiver.exits)
  })
  exit.catch(() => undefined)
  return {
    stdout,
    stderr,
    write: chunk => {
      mine.push(Buffer.from(chunk).toString())
      if ('prints' in receiver && mine.length === 2) stdout.write(receiver.prints)
      const told = 'prints' in receiver ? (receiver.told ?? 0) : 'silence'
      if (mine.at(-1) === 'accept\n' && told !== 'silence') setTimeout(end, 5, told)
      return Promise.resolve()
    },
    end: () => undefined,
    exit,
    close: () => undefined
  }
}

function deliver(kube: Kube, archive = ARCHIVE): Promise<number> {
  return deliverContext(kube, 'p', archive, { log: line => log.push(line), timeoutMs: 60_000 })
}

const WELL: Receiver = { prints: 'received abc\n' }

test('the length goes first, the acceptance last', async () => {
  const { kube, written } = cluster(WELL)
  await deliver(kube)
  expect(written).toEqual([['4\n', 'data', 'accept\n']])
  expect(log).toEqual([])
})

describe('a transfer is repeated on a new stream', () => {
  const table: readonly (readonly [string, Receiver, RegExp])[] = [
    ['when nothing arrived', { exits: 64 }, /exit code 64/],
    ['when it could not be unpacked', { exits: 65, says: 'tar: No space left\n' }, /No space left/],
    ['when another hash comes back', { prints: 'received def\n' }, /received|sent was abc/],
    ['when the stream is lost', new KubeError('STREAM_LOST', 'cut'), /cut/]
  ]
  test.each(table)('%s', async (_, receiver, why) => {
    const { kube, written } = cluster(receiver, WELL)
    await deliver(kube)
    expect(written[1]).toEqual(['4\n', 'data', 'accept\n'])
    expect(written[0]).not.toContain('accept\n')
    expect(log).toHaveLength(1)
    expect(log[0]).toMatch(why)
  })

  test('once its node answers, when that is away', async () => {
    const away = new KubeError('EXEC_FAILED', 'error dialing backend', { status: 500 })
    const { kube, written, waits } = cluster(away, away, WELL)
    await deliver(kube)
    expect(written[2]).toEqual(['4\n', 'data', 'accept\n'])
    expect(waits()).toBe(2)
  })

  test('but not for ever', async () => {
    const lost = { exits: 65, says: 'tar: No space left' }
    const { kube, written } = cluster(lost, lost, lost)
    const failure = deliver(kube)
    await expect(failure).rejects.toMatchObject({ code: 'CONTEXT_FAILED', fault: 'cluster' })
    await expect(failure).rejects.toThrow(/No space left/)
    expect(written).toHaveLength(3)
  })

  test('and not for what another stream cannot mend', async () => {
    const changed = new BuildError('CONTEXT_FAILED', 'a file has changed')
    const { kube, written } = cluster(WELL)
    await expect(deliver(kube, { bytes: 4, send: () => Promise.reject(changed) })).rejects.toBe(changed)
    expect(written).toHaveLength(1)
    const forbidden = new KubeError('FORBIDDEN', 'no pods/exec')
    await expect(deliver(cluster(forbidden).kube)).rejects.toBe(forbidden)
  })
})

describe('what was accepted is waited for until the pod says so, however late', () => {
  const lost = new KubeError('STREAM_LOST', 'cut')
  const table: readonly (readonly [string, readonly Receiver[]])[] = [
    ['when the receiver has ended well', [WELL]],
    // The container's end kills whatever runs in it.
    ['when the receiver was killed, and no other can be started', [{ ...WELL, told: 137 }, lost, lost]],
    ['when its stream is lost, and the next ones are too', [{ ...WELL, told: lost }, lost, lost]],
    ['when its stream falls silent', [{ ...WELL, told: 'silence' }]],
    ['when another receiver is killed as it begins', [{ ...WELL, told: lost }, { exits: 137 }, { exits: 137 }]]
  ]
  test.each(table)('%s', async (_, receivers) => {
    reportsAfter = 3
    const { kube, read } = cluster(...receivers)
    await deliver(kube)
    expect(read()).toBe(4)
  })

  test('and sent again when the acceptance was lost', async () => {
    reportsAfter = Infinity
    const { kube, written } = cluster({ ...WELL, told: 66 }, WELL)
    const delivering = deliver(kube)
    const end = { isThere: false }
    void delivering.catch(() => undefined).finally(() => (end.isThere = true))
    while (!end.isThere && written[1]?.length !== 3) await new Promise(resolve => setTimeout(resolve, 5))
    reportsAfter = 0
    await delivering
    expect(written[1]).toEqual(['4\n', 'data', 'accept\n'])
    expect(log).toEqual([expect.stringMatching(/exit code 66.*sending it again/)])
  })

  test('but a pod that is gone ends the wait', async () => {
    const { kube } = cluster(WELL)
    const gone = new KubeError('NOT_FOUND', 'gone', { status: 404 })
    Object.assign(kube, { get: () => Promise.reject(gone) })
    await expect(deliver(kube)).rejects.toMatchObject({ code: 'POD_FAILED' })
  })
})
