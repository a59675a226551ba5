import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { ExecStream } from '@kaniko-hooks/kube'
import { type ContextArchive, packContext } from '../../context/pack.js'
import { readContext } from '../../context/read.js'
import { transmit } from './deliver-context.js'
import { receiveScript } from './receive-script.js'

let top: string
let tree: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'receive-'))
  tree = join(top, 'tree')
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

/** The receiver as a real process, in the shape of an exec. `tamper` sees what goes to its standard input. */
function receiver(
  tamper: (chunk: Buffer) => Buffer = chunk => chunk
): ExecStream & { process: ChildProcessWithoutNullStreams } {
  const process = spawn('sh', ['-c', receiveScript(tree)])
  process.stdin.on('error', () => undefined)
  return {
    process,
    stdout: process.stdout,
    stderr: process.stderr,
    write: chunk =>
      new Promise(resolve => {
        process.stdin.write(tamper(Buffer.from(chunk)), () => resolve())
      }),
    end: () => process.stdin.end(),
    exit: new Promise(resolve => process.on('close', code => resolve(code ?? -1))),
    close: () => {
      process.stdin.destroy()
    }
  }
}

async function archiveOf(files: Readonly<Record<string, string | Buffer>>): Promise<ContextArchive> {
  const directory = join(top, 'source')
  mkdirSync(directory)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  chmodSync(directory, 0o700)
  symlinkSync('a', join(directory, 'link'))
  mkdirSync(join(directory, 'closed'))
  writeFileSync(join(directory, 'closed/file'), 'x', { mode: 0o4755 })
  chmodSync(join(directory, 'closed/file'), 0o4755)
  chmodSync(join(directory, 'closed'), 0o555)
  return packContext(await readContext(directory, 'Dockerfile'))
}

const FILES = { Dockerfile: 'FROM scratch', a: 'content', big: Buffer.alloc(2 * 1024 * 1024, 'x') }

test('what was sent lies there, at once and whole', async () => {
  const stream = receiver()
  await transmit(stream, await archiveOf(FILES))
  expect(await stream.exit).toBe(0)
  expect(readdirSync(tree).sort()).toEqual(['Dockerfile', 'Dockerfile.dockerignore', 'context'])
  const context = join(tree, 'context')
  expect(readdirSync(context).sort()).toEqual(['Dockerfile', 'a', 'big', 'closed', 'link'])
  expect(readFileSync(join(context, 'big')).equals(FILES.big)).toBe(true)
  expect(lstatSync(join(context, 'closed')).mode & 0o7777).toBe(0o555)
  expect(lstatSync(join(context, 'closed/file')).mode & 0o7777).toBe(0o4755)
  // The context's own directory is 0755 on Docker, whatever it was on the runner.
  expect(lstatSync(tree).mode & 0o7777).toBe(0o755)
  expect(lstatSync(context).mode & 0o7777).toBe(0o755)
  expect(readdirSync(top).sort()).toEqual(['source', 'tree'])
})

describe('nothing gets the name of the tree', () => {
  test('when the stream ends in the middle', async () => {
    let seen = 0
    const stream = receiver(chunk => {
      seen += chunk.length
      if (seen > 300_000) stream.end()
      return seen > 300_000 ? Buffer.alloc(0) : chunk
    })
    await expect(transmit(stream, await archiveOf(FILES))).rejects.toThrow(/exit code 65/)
    expect(existsSync(tree)).toBe(false)
  })

  test('when a byte is another one', async () => {
    let isFirst = true
    const stream = receiver(chunk => {
      if (chunk.length > 100_000 && isFirst) {
        isFirst = false
        const other = Buffer.from(chunk)
        other[100_000] = 'y'.charCodeAt(0)
        return other
      }
      return chunk
    })
    await expect(transmit(stream, await archiveOf(FILES))).rejects.toThrow(/sent was/)
    stream.close()
    expect(await stream.exit).toBe(66)
    expect(existsSync(tree)).toBe(false)
  })

  test('when standard input comes empty', async () => {
    const stream = receiver(() => Buffer.alloc(0))
    stream.end()
    await expect(transmit(stream, await archiveOf(FILES))).rejects.toThrow(/exit code 64/)
    expect(existsSync(tree)).toBe(false)
  })

  test('when standard input is lost without an end', async () => {
    const stream = receiver(() => Buffer.alloc(0))
    await expect(transmit(stream, await archiveOf({ Dockerfile: '' }), { receiptMs: 100 })).rejects.toThrow(
      /no receipt/
    )
    stream.close()
    await stream.exit
    expect(existsSync(tree)).toBe(false)
  })

  test('when it was not accepted', async () => {
    const archive = await archiveOf({ Dockerfile: 'FROM scratch' })
    const stream = receiver()
    const chunks: Uint8Array[] = []
    const sum = await archive.send(chunk => {
      chunks.push(chunk)
      return Promise.resolve()
    })
    let said = ''
    stream.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await stream.write(`${archive.bytes}\n`)
    await stream.write(Buffer.concat(chunks))
    stream.end()
    expect(await stream.exit).toBe(66)
    expect(said).toBe(`received ${sum}\n`)
    expect(existsSync(tree)).toBe(false)
  })
})

test('a second transfer after a lost one wins, and one after a success changes nothing', async () => {
  const archive = await archiveOf(FILES)
  const lost = receiver()
  await lost.write(`${archive.bytes}\n`)
  const second = receiver()
  await transmit(second, archive)
  expect(await second.exit).toBe(0)
  lost.close()
  await lost.exit
  const before = lstatSync(tree).ino
  const third = receiver()
  await transmit(third, archive)
  expect(await third.exit).toBe(0)
  expect(lstatSync(tree).ino).toBe(before)
  expect(readdirSync(top).sort()).toEqual(['source', 'tree'])
})

test('a file that changes while it is sent is told as such, and not as a fault of the stream', async () => {
  const archive = await archiveOf(FILES)
  writeFileSync(join(top, 'source/big'), 'shorter')
  const stream = receiver()
  await expect(transmit(stream, archive)).rejects.toMatchObject({ name: 'BuildError', code: 'CONTEXT_FAILED' })
  stream.close()
  await stream.exit
})

test('the bytes that arrive are those that any tar would unpack', async () => {
  const archive = await archiveOf(FILES)
  const chunks: Uint8Array[] = []
  const sum = await archive.send(chunk => {
    chunks.push(chunk)
    return Promise.resolve()
  })
  expect(createHash('sha256').update(Buffer.concat(chunks)).digest('hex')).toBe(sum)
  const names = execFileSync('tar', ['-tf', '-'], { input: Buffer.concat(chunks), encoding: 'utf8' })
  expect(names.split('\n')).toContain('context/closed/file')
})
