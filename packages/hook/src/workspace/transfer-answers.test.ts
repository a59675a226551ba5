import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer, EXEC_CUT, type ExecAnswer, type ExecScript, refused } from '@kaniko-hooks/testing'

import type { ChangedFile } from './changed-files.js'
import type { KnownFiles } from './known-files.js'
import { says, TAKEN } from './played-transfer.fixture.js'
import { EXIT_SHORT } from './pod-scripts.js'
import { fetchFiles, sendFiles, type Fetched, type TransferOptions, type Transferred } from './transfer.js'

/* What becomes of a transfer by what a pod answers, without a shell: that the scripts give such answers says transfer.test.ts. */

let directory: string
let known: KnownFiles
let server: ApiServer
let kube: Kube
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'answers-'))
  mkdirSync(join(directory, 'out'))
  writeFileSync(join(directory, 'out/app'), 'app')
  known = new Map()
  server = await ApiServer.start()
  server.put('pods', { metadata: { name: 'p' }, spec: { containers: [{ name: 'job' }] } })
  kube = new Kube(server.config, { retryForMs: 1_000 })
})
afterEach(async () => {
  kube.close()
  await server.stop()
  rmSync(directory, { recursive: true })
})

const FILE: ChangedFile = { path: 'out/app', size: 3, isDirectory: false }

function options(signal?: AbortSignal): TransferOptions {
  const place = { pod: 'p', container: 'job', spool: '/spool', root: '/__w' }
  return { kube, place, directory, known, spared: new Set(), print: () => undefined, signal }
}

const send = async (removed: readonly string[] = [], signal?: AbortSignal): Promise<Transferred> =>
  sendFiles(options(signal), removed.length > 0 ? [] : [FILE], removed)
const fetch = async (): Promise<Fetched> => fetchFiles(options())

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
  test('nothing asks nobody', async () => {
    expect(await sendFiles(options(), [], [])).toEqual({ files: 0, bytes: 0 })
    expect(server.asked).toEqual([])
  })

  test('files that were taken are known by the time of the pod, and so are their directories', async () => {
    server.exec = says(0, TAKEN)
    expect((await send()).files).toBe(1)
    expect(known.get('out/app')).toEqual({ sign: 'sent 17.5', held: true, isDirectory: false })
    expect(known.get('out')).toMatchObject({ sign: 'sent 17.5', isDirectory: true })
  })

  test('names, sizes and words go by standard input alone, and the command is a constant', async () => {
    let sent = ''
    server.exec = async call => {
      for await (const chunk of call.stdin as AsyncIterable<Buffer>) {
        sent += chunk.toString()
        if (sent.endsWith('./out/app\n')) await call.print('done 0\n')
        if (sent.endsWith('end\n')) break
      }
      await call.print('mark 1\n')
      return 0
    }
    await send(['out/app'])
    expect(sent).toBe('/spool /__w\nremove 10\n./out/app\nend\n')
    expect(server.sightings[0]?.query.getAll('command').join()).not.toContain('app')
  })

  test('to an image without tools names the tools', async () => {
    server.exec = says(96, '', 'lacks tar, head\n')
    await expect(send()).rejects.toMatchObject({
      code: 'JOB_CONTAINER',
      message: expect.stringContaining('its image lacks tar, head')
    })
    expect(execs()).toBe(1)
  })

  test('what tar refuses quotes its last words, without its noise', async () => {
    const noise = 'tar: Ignoring unknown extended header keyword\n'
    server.exec = says(0, 'done 2\n', `${noise}tar: app: Cannot open: Read-only file system\n`)
    await expect(send()).rejects.toThrow(
      'Could not send files to container job of pod p: tar ended with exit code 2: tar: app: Cannot open: Read-only file system.'
    )
  })

  test('to a full disk says whose it is', async () => {
    server.exec = says(0, 'done 2\n', 'tar: app: No space left on device\n')
    await expect(send()).rejects.toMatchObject({
      code: 'WORKSPACE',
      message: expect.stringContaining('its disk is full')
    })
  })

  test('to a pod that tells no time is a failure: nobody would know what is new there', async () => {
    server.exec = says(0, 'done 0\nmark soon\n')
    await expect(send()).rejects.toThrow(/the pod did not tell its time/)
  })

  test.each<[string, ExecScript | ExecAnswer]>([
    ['is lost', EXEC_CUT],
    ['was short', says(EXIT_SHORT, '')],
    ['ended cleanly in the middle, as when a kubelet stops', 0]
  ])('over a connection that %s is begun again', async (_, first) => {
    oneAfterTheOther(first, says(0, TAKEN))
    expect((await send()).files).toBe(1)
    expect(execs()).toBe(2)
  })

  test('over connections that end cleanly in the middle again and again is a lost connection, not an exit code', async () => {
    server.exec = () => Promise.resolve(0)
    await expect(send()).rejects.toThrow(/the stream was cut short again and again/)
    expect(execs()).toBe(4)
  })

  test('what was removed before the connection was lost is not removed again', async () => {
    known.set('old', { sign: 'x', held: true, isDirectory: false })
    const cut: ExecScript = async call => {
      await says(0, 'done 0\n')(call)
      return EXEC_CUT
    }
    oneAfterTheOther(cut, says(0, 'mark 1\n'))
    await send(['old'])
    expect(known.has('old')).toBe(false)
    expect(execs()).toBe(2)
  })

  test('to a node that is away waits for the node', async () => {
    oneAfterTheOther(refused(500, 'InternalError', 'error dialing backend'), says(0, TAKEN))
    expect((await send()).files).toBe(1)
    expect(server.asked).toEqual(['GET pods/p/exec', 'GET pods/p/log', 'GET pods/p/exec'])
  })

  test('that is cancelled ends at once', async () => {
    const cancelled = new AbortController()
    server.exec = async ({ gone }) => {
      cancelled.abort()
      if (!gone.aborted) await new Promise(resolve => gone.addEventListener('abort', resolve, { once: true }))
      return EXEC_CUT
    }
    await expect(send([], cancelled.signal)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(execs()).toBe(1)
  })

  test('to a pod that is gone says so', async () => {
    server.remove('pods', 'p')
    await expect(send()).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining('is gone') })
  })
})

describe('fetching', () => {
  const entry = 'f644 7 3 1700000000.5 1700000000.5 ./out/new\0'
  const now = 'f644 1 0 1700000009.5 1700000009.5 /spool/1/now\0'

  test('from a pod that lists nothing is a failure, and removes nothing', async () => {
    server.exec = says(0, 'hello\n')
    await expect(fetch()).rejects.toThrow(/the pod did not list its files/)
  })

  test('more than the disk of the runner holds is refused before a byte of it comes', async () => {
    server.exec = says(0, `nul nul\n${now}${entry}end 0 \0` + '0 9007199254740991\n')
    await expect(fetch()).rejects.toThrow(/The runner's disk at .* has no room for/)
  })

  test('an archive that a full disk cut short is not unpacked', async () => {
    server.exec = says(0, `nul nul\n${now}${entry}end 0 \0` + '0 512\n' + 'x'.repeat(512))
    await expect(fetch()).rejects.toThrow(/tar ended with exit code 0/)
  })

  test('a list without an end is given up, and removes nothing', async () => {
    known.set('out/app', { sign: 'sent 1', held: true, isDirectory: false })
    server.exec = says(1, `nul nul\n${now}`)
    await expect(fetch()).rejects.toMatchObject({ code: 'WORKSPACE' })
    expect(known.has('out/app')).toBe(true)
  })
})
