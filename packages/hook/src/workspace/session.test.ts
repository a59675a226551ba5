import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer, EXEC_CUT, type ExecAnswer, type ExecScript, refused } from '@kaniko-hooks/testing'

import { plays } from './helper/played-program.fixture.js'
import { CALL_COMMAND, EXIT_NO_NODE } from './helper/program.js'
import type { Owner, Word } from './helper/words.js'
import { converse, type SessionOptions } from './session.js'
import { fetchChanges, sendChanges, type Transferred } from './transfer.js'
import { dataFrame, messageFrame } from './tree/frames.js'
import { Index } from './tree/index.js'
import type { Row, TransferMessage } from './tree/send.js'
import { look, type Side } from './tree/side.js'

/* What becomes of a transfer by what a pod answers. */

let directory: string
let side: Side
let server: ApiServer
let kube: Kube
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'answers-'))
  mkdirSync(join(directory, 'work/out'), { recursive: true })
  writeFileSync(join(directory, 'work/out/app'), 'app')
  side = {
    root: join(directory, 'work'),
    index: new Index(),
    clock: join(directory, 'clock'),
    leavesOut: () => false,
    isFixed: path => path === '_temp' || path === '_temp/_runner_file_commands',
    opens: true,
    opensOthers: false
  }
  server = await ApiServer.start()
  server.put('pods', { metadata: { name: 'p' }, spec: { containers: [{ name: 'work' }] } })
  kube = new Kube(server.config, { retryForMs: 1_000 })
})
afterEach(async () => {
  kube.close()
  await server.stop()
  rmSync(directory, { recursive: true })
})

const OPEN = { root: '/work', own: '/transfer', generation: 'g', fixed: [], opensOthers: false }

function options(more: Partial<SessionOptions> = {}): SessionOptions {
  return { kube, place: { pod: 'p', container: 'work' }, open: OPEN, ...more }
}

const print = (): void => undefined

async function send(more: Partial<SessionOptions> = {}): Promise<Transferred> {
  const { session, result } = await converse('send files to', options(more), undefined, async open =>
    sendChanges(open, side, look(side), { pod: 'p', print, owner: { uid: 0, gid: 0 }, name: 'next' })
  )
  session.close()
  return result
}

async function fetch(owner: Owner = { uid: 0, gid: 0 }): Promise<{ readonly leftOut: readonly string[] }> {
  const { session, result } = await converse('fetch files from', options(), undefined, async open =>
    fetchChanges(open, side, { pod: 'p', print, owner, name: 'next' })
  )
  session.close()
  return result
}

/** Plays pods one after the other. */
function oneAfterTheOther(...scripts: readonly (ExecScript | ExecAnswer)[]): void {
  let next = 0
  server.exec = call => {
    const script = scripts[next] ?? 0
    next += 1
    return typeof script === 'function' ? script(call) : script
  }
}

const execs = (): number => server.asked.filter(line => line === 'GET pods/p/exec').length

describe('sending', () => {
  test('names and sizes go by standard input alone, and the command is a constant', async () => {
    server.exec = plays()
    expect((await send()).files).toBe(2)
    expect(server.sightings[0]?.query.getAll('command')).toEqual(CALL_COMMAND)
  })

  test('what both have is not sent again; what a pod does not remember is', async () => {
    const told: Word[] = []
    server.exec = plays(undefined, told)
    // Entries of the last tick count as changed.
    await sleep(20)
    await send()
    await send()
    expect(told.filter(word => 'take' in word)).toHaveLength(1)
    server.exec = plays(word => ('open' in word ? { ready: false } : undefined), told)
    await send()
    expect(told.filter(word => 'take' in word)).toHaveLength(2)
  })

  test('much to a pod that has forgotten its state ends soon, and begins anew with all', async () => {
    writeFileSync(join(side.root, 'large'), Buffer.alloc(8 * 1024 * 1024, 'x'))
    const told: Word[] = []
    const arrived: number[] = []
    const late: ExecScript = call => plays(word => ('open' in word ? { ready: false } : undefined), told)(call)
    server.exec = async call => {
      const heard = async function* (): AsyncIterable<Uint8Array> {
        for await (const chunk of call.stdin as AsyncIterable<Buffer>) {
          arrived[told.length] = (arrived[told.length] ?? 0) + chunk.length
          yield chunk
        }
      }
      return late({
        ...call,
        stdin: heard() as typeof call.stdin,
        print: async chunk => {
          if (told.length === 1) await sleep(200)
          await call.print(chunk)
        }
      })
    }
    expect((await send()).files).toBe(3)
    expect(told.flatMap(word => ('take' in word ? [word.take.whole] : []))).toEqual([false, true])
    expect((arrived[1] ?? 0) + (arrived[2] ?? 0)).toBeLessThan(2 * 1024 * 1024)
    expect(arrived[3]).toBeGreaterThan(7 * 1024 * 1024)
  })

  test('to an image without node says whose it is', async () => {
    server.exec = () => EXIT_NO_NODE
    await expect(send()).rejects.toMatchObject({ code: 'WORKSPACE', fault: 'configuration' })
    expect(execs()).toBe(1)
  })

  test.each([
    ['EROFS', 'read-only file system', 'read-only file system', 'user'],
    ['ENOSPC', 'no space left', 'its disk is full', 'cluster']
  ])('that fails with %s quotes the reason', async (code, message, quoted, fault) => {
    server.exec = plays(word => ('take' in word ? { failed: { message, code } } : undefined))
    await expect(send()).rejects.toMatchObject({ code: 'WORKSPACE', fault, message: expect.stringContaining(quoted) })
  })

  test.each<[string, ExecScript | ExecAnswer]>([
    ['is lost', EXEC_CUT],
    ['ended cleanly in the middle, as when a kubelet stops', 0],
    ['is lost in mid-transfer', plays(word => ('take' in word ? EXEC_CUT : undefined))]
  ])('over a connection that %s is begun again', async (_, first) => {
    oneAfterTheOther(first, plays())
    expect((await send()).files).toBe(2)
    expect(execs()).toBe(2)
  })

  test('over connections that end cleanly again and again is a lost connection, not an exit code', async () => {
    server.exec = () => 0
    await expect(send()).rejects.toThrow(/the stream was cut short again and again/)
    expect(execs()).toBe(4)
  })

  test('to a pod that is not as believed sends all', async () => {
    let takes = 0
    server.exec = plays(word => ('take' in word && ++takes === 1 ? { diverged: true } : undefined))
    expect((await send()).files).toBe(2)
    expect(takes).toBe(2)
  })

  test('to a node that is away waits for the node', async () => {
    oneAfterTheOther(refused(500, 'InternalError', 'error dialing backend'), plays())
    expect((await send()).files).toBe(2)
    expect(server.asked).toEqual(['GET pods/p/exec', 'GET pods/p/log', 'GET pods/p/exec'])
  })

  test('that is cancelled ends at once', async () => {
    const cancelled = new AbortController()
    server.exec = async ({ gone }) => {
      cancelled.abort()
      if (!gone.aborted) await new Promise(resolve => gone.addEventListener('abort', resolve, { once: true }))
      return EXEC_CUT
    }
    await expect(send({ signal: cancelled.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(execs()).toBe(1)
  })

  test('to a pod that is gone says so', async () => {
    server.remove('pods', 'p')
    await expect(send()).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining('is gone') })
  })

  test('to a pod that does not answer calls again', async () => {
    oneAfterTheOther(async ({ gone }) => {
      await new Promise(resolve => gone.addEventListener('abort', resolve, { once: true }))
      return EXEC_CUT
    }, plays())
    expect((await send({ openMs: 200 })).files).toBe(2)
    expect(execs()).toBe(2)
  })

  test('to a pod that says nothing more is given up', async () => {
    server.exec = async ({ gone, print: answer }) => {
      await answer(messageFrame({ ready: false }))
      await new Promise(resolve => gone.addEventListener('abort', resolve, { once: true }))
      return EXEC_CUT
    }
    await expect(send({ idleMs: 200 })).rejects.toThrow(/nothing came or went for 0.2 s/)
  })
})

/** A pod that gives these files. */
function gives(rows: readonly Row[], bytes = '', before: readonly TransferMessage[] = []): void {
  server.exec = plays(
    undefined,
    [],
    [
      ...before.map(messageFrame),
      messageFrame({ rows }),
      dataFrame(Buffer.from(bytes)),
      messageFrame({ sent: { files: rows.length, bytes: bytes.length, closed: [] } })
    ]
  )
}

const COMMANDS = '_temp/_runner_file_commands'

test.each([
  [0, '755'],
  [1234, '777']
])(
  "a directory of uid %i has the mode %s: owners do not travel, and that user's next container writes there",
  async (uid, mode) => {
    gives([['d', 'd', 0o755, 0]])
    await fetch({ uid, gid: uid })
    expect((statSync(join(side.root, 'd')).mode & 0o777).toString(8)).toBe(mode)
  }
)

describe('fetching from a hostile pod', () => {
  const file = (path: string, size = 1): Row => [path, 'f', 0o644, 0, size]

  beforeEach(() => {
    mkdirSync(join(side.root, COMMANDS), { recursive: true })
    mkdirSync(join(side.root, '_temp/_runner_hook_responses'), { recursive: true })
    writeFileSync(join(directory, 'secret'), 'secret')
  })

  test.each(['/etc/x', '../x', 'a/../../x', './x', 'a//x', '', 'a/\0'])('the path %j is none', async path => {
    gives([file(path)], 'x')
    await expect(fetch()).rejects.toMatchObject({ code: 'WORKSPACE' })
  })

  test.each(['externals/node20/bin/node', '_temp/_runner_hook_responses/x'])("%s is the runner's own", async path => {
    gives([file(path)], 'x')
    await fetch()
    expect(() => readFileSync(join(side.root, path))).toThrow('ENOENT')
  })

  test.each<[string, Row]>([
    ['a symbolic link', [`${COMMANDS}/x`, 'l', 0o777, 0, '/etc/passwd']],
    ['a directory', [`${COMMANDS}/x`, 'd', 0o777, 0]],
    ['a directory', file(`${COMMANDS}/x/y`)],
    ['a file', file(COMMANDS)],
    ['a symbolic link', ['_temp', 'l', 0o777, 0, '/etc']],
    ['a symbolic link', ['_temp/_github_workflow/event.json', 'l', 0o777, 0, '/etc/passwd']],
    ['a hard link', ['_temp/_github_workflow/event.json', 'h', 0o644, 0, 'out/app']]
  ])('%s where the runner reads is left out', async (what, row) => {
    gives([row], row[1] === 'f' ? 'x' : '')
    const { leftOut } = await fetch()
    expect(leftOut).toEqual([expect.stringContaining(`The step left ${what} at ${row[0].replace(/\/y$/, '')}`)])
  })

  test('the event is no directory', async () => {
    mkdirSync(join(side.root, '_temp/_github_workflow'))
    writeFileSync(join(side.root, '_temp/_github_workflow/event.json'), '{}')
    gives([file('_temp/_github_workflow/event.json/x')], 'x')
    await fetch()
    expect(readFileSync(join(side.root, '_temp/_github_workflow/event.json'), 'utf8')).toBe('{}')
  })

  test('a hard link leads to nothing but what came with it, and never to a file command', async () => {
    gives([[`${COMMANDS}/x`, 'h', 0o644, 0, 'out/app']])
    await expect(fetch()).rejects.toThrow(/could not be kept/)
    gives([['x', 'h', 0o644, 0, 'out/app']])
    await expect(fetch()).rejects.toThrow(/could not be kept/)
  })

  test('a file command that is too large fails the step, and the others come', async () => {
    gives([file(`${COMMANDS}/large`, 16 * 1024 * 1024 + 1), file('other')], 'x'.repeat(16 * 1024 * 1024 + 2))
    await expect(fetch()).rejects.toThrow(/takes at most/)
    expect(readFileSync(join(side.root, 'other'), 'utf8')).toBe('x')
  })

  test('a link is not written through', async () => {
    symlinkSync(directory, join(side.root, 'way'))
    gives([['way2', 'l', 0o777, 0, directory], file('way/secret'), file('way2/secret')], 'xx')
    await fetch()
    expect(readFileSync(join(directory, 'secret'), 'utf8')).toBe('secret')
  })

  test('a rename of what is the runner’s, or out of the tree, does nothing', async () => {
    for (const rename of [
      ['_temp', 'x'],
      ['out', '../x'],
      ['out', `${COMMANDS}/x`],
      ['out', 'externals']
    ] as const) {
      gives([], '', [{ renames: [rename] }])
      await fetch().catch(() => undefined)
      expect(readFileSync(join(side.root, 'out/app'), 'utf8')).toBe('app')
    }
  })

  test('a removal reaches neither the runner’s own nor what is out of the tree', async () => {
    for (const path of ['_temp', '_temp/_runner_hook_responses', '../secret', COMMANDS]) {
      gives([], '', [{ removed: [path] }])
      await fetch().catch(() => undefined)
    }
    expect(readFileSync(join(directory, 'secret'), 'utf8')).toBe('secret')
    gives([file('_temp/_runner_hook_responses/../y')], 'x')
    await fetch()
    expect(readdirSync(join(side.root, '_temp')).sort()).toEqual(['_runner_file_commands', '_runner_hook_responses'])
  })

  test('more bytes than the disk has are refused before the first', async () => {
    gives([], '', [{ files: 1, bytes: Number.MAX_SAFE_INTEGER }])
    await expect(fetch()).rejects.toThrow(/has no room for/)
  })

  test('what is no frame ends the conversation', async () => {
    server.exec = async call => {
      await call.print('hello, I am a pod')
      return 0
    }
    await expect(fetch()).rejects.toMatchObject({ code: 'WORKSPACE' })
  })
})
