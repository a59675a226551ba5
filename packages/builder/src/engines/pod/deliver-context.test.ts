import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1ContainerState, V1PodStatus } from '@kubernetes/client-node'
import { Kube } from '@kaniko-hooks/kube'
import {
  ApiServer,
  EXEC_CUT,
  type ExecAnswer,
  type ExecCall,
  forbidden,
  type Refusal,
  refused
} from '@kaniko-hooks/testing'
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
 * well or in another way, or not at all. Or its connection is cut, or its node is away.
 */
type Receiver =
  | { readonly exits: number; readonly says?: string }
  | { readonly prints: string; readonly told?: number | typeof EXEC_CUT | 'silence' }
  | typeof EXEC_CUT
  | Refusal

let log: string[] = []
/** How often the pod has to be read until its status says that the container has ended. */
let reportsAfter = 0
let server: ApiServer
let kube: Kube

beforeEach(async () => {
  log = []
  reportsAfter = 0
  server = await ApiServer.start()
  server.onCreate('pods', pod => (pod.status = statusWith({ running: {} })))
  server.put('pods', { metadata: { name: 'p' }, spec: { containers: [], initContainers: [{ name: 'context' }] } })
  kube = new Kube(server.config)
})

afterEach(async () => {
  kube.close()
  await server.stop()
})

function statusWith(state: V1ContainerState): V1PodStatus {
  return {
    phase: 'Pending',
    initContainerStatuses: [{ name: 'context', image: '', imageID: '', ready: true, restartCount: 0, state }]
  }
}

/** A cluster whose receivers behave as given, one after the other. */
function cluster(...receivers: readonly Receiver[]): {
  /** What each of them was sent. */
  readonly written: string[]
  /** How often the pod was read. */
  readonly read: () => number
  /** How often its node was waited for. */
  readonly waits: () => number
} {
  const written: string[] = []
  let read = 0
  server.intercept('GET pods/p', () => {
    read += 1
    const pod = server.get('pods', 'p')
    if (read > reportsAfter && pod !== undefined) pod.status = statusWith({ terminated: { exitCode: 0 } })
  })
  server.exec = async call => {
    const mine = written.push('') - 1
    const receiver = receivers[mine]
    if (receiver === undefined) throw new Error('one exec too many')
    if (receiver === EXEC_CUT || 'code' in receiver) return receiver
    return behave(receiver, call, text => (written[mine] = (written[mine] ?? '') + text))
  }
  return { written, read: () => read, waits: () => server.asked.filter(line => line === 'GET pods/p/log').length }
}

/** @param note is told what was sent, and returns all of it */
async function behave(
  receiver: Exclude<Receiver, typeof EXEC_CUT | Refusal>,
  { stdin, print, complain, gone }: ExecCall,
  note: (text: string) => string
): Promise<ExecAnswer> {
  if ('says' in receiver) await complain(receiver.says)
  if ('exits' in receiver) {
    stdin.resume()
    await sleep(5)
    return receiver.exits
  }
  const { prints, told = 0 } = receiver
  let hasPrinted = false
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    const all = note(chunk.toString())
    if (!hasPrinted && all.startsWith('4\ndata')) {
      hasPrinted = true
      await print(prints)
    }
    if (all.endsWith('accept\n') && told !== 'silence') return told
  }
  if (!gone.aborted) await once(gone, 'abort')
  return EXEC_CUT
}

function deliver(archive = ARCHIVE): Promise<number> {
  return deliverContext(kube, 'p', archive, { log: line => log.push(line), timeoutMs: 60_000 })
}

const ACCEPTED = '4\ndataaccept\n'
const WELL: Receiver = { prints: 'received abc\n' }

test('the length goes first, the acceptance last', async () => {
  const { written } = cluster(WELL)
  await deliver()
  expect(written).toEqual([ACCEPTED])
  expect(log).toEqual([])
})

describe('a transfer is repeated on a new stream', () => {
  const table: readonly (readonly [string, Receiver, RegExp])[] = [
    ['when nothing arrived', { exits: 64 }, /exit code 64/],
    ['when it could not be unpacked', { exits: 65, says: 'tar: No space left\n' }, /No space left/],
    ['when another hash comes back', { prints: 'received def\n' }, /received|sent was abc/],
    ['when the stream is lost', EXEC_CUT, /was lost before its exit code came/]
  ]
  test.each(table)('%s', async (_, receiver, why) => {
    const { written } = cluster(receiver, WELL)
    await deliver()
    expect(written[1]).toBe(ACCEPTED)
    expect(written[0]).not.toContain('accept\n')
    expect(log).toHaveLength(1)
    expect(log[0]).toMatch(why)
  })

  test('once its node answers, when that is away', async () => {
    const away = refused(500, 'InternalError', 'error dialing backend')
    const { written, waits } = cluster(away, away, WELL)
    await deliver()
    expect(written[2]).toBe(ACCEPTED)
    expect(waits()).toBe(2)
  })

  test('but not for ever', async () => {
    const lost = { exits: 65, says: 'tar: No space left' }
    const { written } = cluster(lost, lost, lost)
    const failure = deliver()
    await expect(failure).rejects.toMatchObject({ code: 'CONTEXT_FAILED', fault: 'cluster' })
    await expect(failure).rejects.toThrow(/No space left/)
    expect(written).toHaveLength(3)
  })

  test('and not for what another stream cannot mend', async () => {
    const changed = new BuildError('CONTEXT_FAILED', 'a file has changed')
    const { written } = cluster(WELL)
    await expect(deliver({ bytes: 4, send: () => Promise.reject(changed) })).rejects.toBe(changed)
    expect(written).toHaveLength(1)
    server.refuse('GET pods/p/exec', forbidden('create', 'pods/exec', 'arc'))
    await expect(deliver()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('what was accepted is waited for until the pod says so, however late', () => {
  const lost = EXEC_CUT
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
    const { read } = cluster(...receivers)
    await deliver()
    expect(read()).toBe(4)
    expect(log).toEqual([])
  })

  test('and sent again when the acceptance was lost', async () => {
    reportsAfter = Infinity
    const { written } = cluster({ ...WELL, told: 66 }, WELL)
    const delivering = deliver()
    const end = { isThere: false }
    void delivering.catch(() => undefined).finally(() => (end.isThere = true))
    while (!end.isThere && written[1] !== ACCEPTED) await new Promise(resolve => setTimeout(resolve, 5))
    reportsAfter = 0
    await delivering
    expect(written[1]).toBe(ACCEPTED)
  })

  test('but a pod that is gone ends the wait', async () => {
    reportsAfter = Infinity
    cluster(WELL)
    server.intercept('GET pods/p', () => server.remove('pods', 'p'))
    await expect(deliver()).rejects.toMatchObject({ code: 'POD_FAILED' })
  })
})
