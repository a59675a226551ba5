import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type ExecStream, type Kube, KubeError, type V1Pod } from '@kaniko-hooks/kube'
import type { ContextArchive } from '../context/pack.js'
import { BuildError } from '../errors.js'
import { deliverContext } from './deliver-context.js'

const ARCHIVE: ContextArchive = {
  bytes: 4,
  send: async write => {
    await write(Buffer.from('data'))
    return 'abc'
  }
}

/** How a receiver behaves: it may end by itself, or print something once it has the data. */
type Receiver = { readonly exits: number; readonly says?: string } | { readonly prints: string } | KubeError

let log: string[] = []

afterEach(() => {
  log = []
})

/** A cluster whose receivers behave as given, one after the other. */
function cluster(...receivers: readonly Receiver[]): { readonly kube: Kube; readonly written: string[][] } {
  const written: string[][] = []
  const taken: V1Pod = {
    metadata: { name: 'p', uid: 'u' },
    status: {
      initContainerStatuses: [
        {
          name: 'context',
          image: '',
          imageID: '',
          ready: true,
          restartCount: 0,
          state: { terminated: { exitCode: 0 } }
        }
      ]
    }
  }
  const kube = {
    exec: (): Promise<ExecStream> => {
      const receiver = receivers[written.length]
      written.push([])
      if (receiver === undefined) throw new Error('one exec too many')
      return receiver instanceof KubeError ? Promise.reject(receiver) : Promise.resolve(streamOf(receiver, written))
    },
    get: () => Promise.resolve(taken)
  }
  return { kube: kube as unknown as Kube, written }
}

function streamOf(receiver: Exclude<Receiver, KubeError>, written: string[][]): ExecStream {
  const mine = written.at(-1) ?? []
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  if ('says' in receiver) stderr.write(receiver.says)
  return {
    stdout,
    stderr,
    write: chunk => {
      mine.push(Buffer.from(chunk).toString())
      if ('prints' in receiver && mine.length === 2) stdout.write(receiver.prints)
      return Promise.resolve()
    },
    end: () => undefined,
    exit: new Promise(resolve => {
      if ('exits' in receiver) setTimeout(() => resolve(receiver.exits), 5)
    }),
    close: () => undefined
  }
}

function deliver(kube: Kube, archive = ARCHIVE): Promise<void> {
  return deliverContext(kube, 'p', archive, { log: line => log.push(line) })
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
