import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { KubeError, type ExecStream, type ExecTarget } from '@kaniko-hooks/kube'

import { changedFiles } from './changed-files.js'
import { goneFromRunner, sparedDirectories, type KnownFiles } from './known-files.js'
import { fetchFiles, sendFiles, type Fetched, type TransferOptions, type Transferred } from './transfer.js'

/**
 * The pod's half by real shells and tools on this machine: GNU's, and busybox's alone. The pod's work directory is
 * another directory.
 */
const APPLETS = ['cat', 'find', 'head', 'mkdir', 'rm', 'rmdir', 'sh', 'stat', 'tail', 'tar', 'wc']

// Dozens of processes each, on a machine that may have others to run.
jest.setTimeout(60_000)

// Jest runs tests in a realm of their own, in which the times of files are no Dates for the packer.
Object.defineProperty(Date, Symbol.hasInstance, {
  value: (value: unknown) => Object.prototype.toString.call(value) === '[object Date]'
})

let base: string
let runner: string
let pod: string
let known: KnownFiles
let since: number
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'transfer-'))
  runner = join(base, 'runner')
  pod = join(base, 'pod')
  for (const path of [runner, pod, join(base, 'bin')]) mkdirSync(path)
  known = new Map()
  since = 0
})
afterEach(() => {
  // Also what the tests closed.
  execFileSync('chmod', ['-R', 'u+rwX', base])
  rmSync(base, { recursive: true })
})

type Tools = 'GNU' | 'busybox'

interface Fake {
  /** Each call may change what is run, or how its stream is cut. */
  readonly script?: (text: string) => string
  readonly path?: string
  /** Streams that are cut after so many bytes of stdout. */
  readonly cutAfter?: number[]
}

function fakeKube(tools: Tools, { script = text => text, path, cutAfter = [] }: Fake): TransferOptions['kube'] {
  if (tools === 'busybox' && readdirSync(join(base, 'bin')).length === 0) {
    for (const applet of APPLETS) symlinkSync('/usr/bin/busybox', join(base, 'bin', applet))
  }
  return {
    awaitNode: () => Promise.resolve(),
    exec: async ({ command }: ExecTarget, options): Promise<ExecStream> => {
      // busybox' own shell has its tools inside, whatever the path.
      const isDash = tools === 'GNU' || path !== undefined
      const program = isDash ? '/usr/bin/dash' : '/usr/bin/busybox'
      const before = isDash ? [] : ['sh']
      const words = [...before, ...command.slice(1, -1), script(command.at(-1) ?? '')]
      const PATH = path ?? (tools === 'GNU' ? '/usr/bin:/bin' : join(base, 'bin'))
      const child = spawn(program, words, { env: { PATH }, stdio: 'pipe' })
      child.stdin.on('error', () => undefined)
      child.stdout.on('error', () => undefined)
      let lose: (error: Error) => void = () => undefined
      const lost = new Promise<never>((_, reject) => (lose = reject))
      lost.catch(() => undefined)
      const cut = (error: Error): void => {
        lose(error)
        child.stdout.destroy(error)
        child.stdin.destroy()
        child.kill()
      }
      const limit = cutAfter.shift()
      let seen = 0
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.length
        if (limit !== undefined && seen >= limit) cut(new KubeError('STREAM_LOST', 'cut by the test'))
      })
      child.stdout.pause()
      options?.signal?.addEventListener('abort', () => cut(new KubeError('ABORTED', 'aborted by the test')))
      const exit = new Promise<number>(resolve => child.on('close', code => resolve(code ?? 137)))
      return Promise.resolve({
        stdout: child.stdout,
        stderr: child.stderr,
        write: async chunk =>
          new Promise<void>(resolve => {
            if (child.stdin.writable) child.stdin.write(chunk, () => resolve())
            else resolve()
          }),
        end: () => child.stdin.end(),
        exit: Promise.race([exit, lost]),
        close: () => cut(new KubeError('ABORTED', 'closed'))
      })
    }
  }
}

const spared = sparedDirectories('repo/repo')

function options(tools: Tools, fake: Fake = {}): TransferOptions {
  const place = { pod: 'job-pod', container: 'job', spool: join(base, 'spool'), root: pod }
  return { kube: fakeKube(tools, fake), place, directory: runner, known, spared, print: () => undefined }
}

async function send(tools: Tools, fake?: Fake): Promise<Transferred> {
  const found = changedFiles(runner, since, new Set())
  const sent = await sendFiles(options(tools, fake), found.changed, goneFromRunner(found, known, spared))
  writeFileSync(join(base, 'now'), '')
  since = lstatSync(join(base, 'now')).ctimeMs
  return sent
}

async function fetch(tools: Tools, fake?: Fake): Promise<Fetched> {
  const fetched = await fetchFiles(options(tools, fake))
  writeFileSync(join(base, 'now'), '')
  since = lstatSync(join(base, 'now')).ctimeMs
  return fetched
}

function write(path: string, content = path): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
}

const at = (...path: string[]): string => join(runner, ...path)
const inPod = (...path: string[]): string => join(pod, ...path)
const read = (path: string): string => readFileSync(path, 'utf8')

describe.each<Tools>(['GNU', 'busybox'])('with the tools of %s', tools => {
  test('names, modes, links and empty directories arrive as they are, both ways', async () => {
    const names = ['plain', 'dir\\file.txt', 'tab\\there', 'new\nline', '-dash', "it's", '@at', 'a b/ü', '[x]*?', 'end']
    for (const name of names) write(at(name), name)
    symlinkSync('/nowhere', at('dangling'))
    mkdirSync(at('empty'))
    chmodSync(at('plain'), 0o750)
    await send(tools)
    for (const name of names) expect(read(inPod(name))).toBe(name)
    expect(readlinkSync(inPod('dangling'))).toBe('/nowhere')
    expect(lstatSync(inPod('empty')).isDirectory()).toBe(true)
    expect(lstatSync(inPod('plain')).mode & 0o777).toBe(0o750)

    renameSync(pod, join(base, 'kept'))
    mkdirSync(pod)
    for (const name of names) write(inPod('back', name), name)
    symlinkSync('../x', inPod('back/link'))
    mkdirSync(inPod('back/none'))
    chmodSync(inPod('back/plain'), 0o4711)
    await fetch(tools)
    for (const name of names) expect(read(at('back', name))).toBe(name)
    expect(readlinkSync(at('back/link'))).toBe('../x')
    expect(lstatSync(at('back/none')).isDirectory()).toBe(true)
    expect(lstatSync(at('back/plain')).mode & 0o777).toBe(0o711)
  })

  test('what was sent does not come back, and what came does not go back', async () => {
    for (let index = 0; index < 300; index += 1) write(at('src', `f${index}`))
    const old = new Date(Date.now() - 60_000)
    for (const name of readdirSync(at('src'))) utimesSync(at('src', name), old, old)
    await send(tools)
    write(inPod('made'))
    utimesSync(inPod('made'), old, old)
    expect((await fetch(tools)).files).toBe(1)
    expect((await fetch(tools)).files).toBeLessThanOrEqual(1)
    expect(changedFiles(runner, since, new Set()).changed).toEqual([])
    expect((await send(tools)).files).toBe(0)
  })

  test('a renamed directory comes under its new name, and is gone under the old one', async () => {
    write(inPod('out/deep/app.js'))
    write(inPod('other/app.js'))
    await fetch(tools)
    await sleep(1100)
    renameSync(inPod('out'), inPod('dist'))
    await fetch(tools)
    expect(read(at('dist/deep/app.js'))).toContain('app.js')
    expect(readdirSync(runner).sort()).toEqual(['dist', 'other'])
    await sleep(1100)
    // Only what is new travels.
    renameSync(inPod('dist'), inPod('public'))
    expect((await fetch(tools)).files).toBe(1)
    expect(existsSync(at('public/deep/app.js'))).toBe(true)
  })

  test('two directories that change places', async () => {
    write(inPod('a/file'), 'aaa')
    write(inPod('b/file'), 'bbb')
    await fetch(tools)
    renameSync(inPod('a'), inPod('c'))
    renameSync(inPod('b'), inPod('a'))
    renameSync(inPod('c'), inPod('b'))
    await fetch(tools)
    expect([read(at('a/file')), read(at('b/file'))]).toEqual(['bbb', 'aaa'])
  })

  test('a file with an old time comes, new or in the place of another', async () => {
    write(inPod('file'), 'one')
    await fetch(tools)
    await sleep(1100)
    const old = new Date('2001-02-03T04:05:06Z')
    for (const name of ['new', 'again']) {
      write(inPod(name), 'two')
      utimesSync(inPod(name), old, old)
    }
    renameSync(inPod('again'), inPod('file'))
    await fetch(tools)
    expect([read(at('new')), read(at('file'))]).toEqual(['two', 'two'])
  })

  test('files from before 1970 come, go and stay', async () => {
    const old = new Date('1969-12-31T23:00:00Z')
    for (const path of [inPod('made'), at('sent')]) {
      write(path)
      utimesSync(path, old, old)
    }
    await send(tools)
    expect((await fetch(tools)).complaints).toEqual([])
    expect((await fetch(tools)).complaints).toEqual([])
    for (const name of ['made', 'sent']) {
      expect(existsSync(at(name))).toBe(true)
      expect(existsSync(inPod(name))).toBe(true)
    }
    rmSync(inPod('sent'))
    await fetch(tools)
    expect(readdirSync(runner)).toEqual(['made'])
  })

  test('beside a directory that the pod’s user cannot read, removals travel', async () => {
    for (const name of ['private/key', 'open', 'dir/file']) write(at(name))
    await send(tools)
    chmodSync(inPod('private'), 0)
    rmSync(inPod('open'))
    rmSync(inPod('dir'), { recursive: true })
    // Root reads everything.
    const command = 'exec /usr/bin/setpriv --reuid 65534 --clear-groups sh -c "$0"'
    const shell = options(tools)
    const kube: TransferOptions['kube'] = {
      ...shell.kube,
      exec: async (target, more) =>
        shell.kube.exec({ ...target, command: ['sh', '-c', command, target.command[2] ?? ''] }, more)
    }
    chmodSync(base, 0o755)
    chmodSync(join(base, 'spool'), 0o777)
    const { complaints } = await fetchFiles({ ...shell, kube })
    expect(complaints.join('\n')).toMatch(/private.*Permission denied/)
    expect(readdirSync(runner)).toEqual(['private'])
    expect(readdirSync(at('private'))).toEqual(['key'])
  })

  test('a file that is written again at once, with as many bytes', async () => {
    write(at('file'), 'aaa')
    await send(tools)
    write(inPod('file'), 'bbb')
    await fetch(tools)
    expect(read(at('file'))).toBe('bbb')
    write(inPod('file'), 'ccc')
    await fetch(tools)
    expect(read(at('file'))).toBe('ccc')
  })

  test('what is written while files are fetched comes with the next transfer', async () => {
    write(inPod('first'))
    // The script goes on when the list is made: the background has written meanwhile.
    const late = `echo late >'${inPod('late')}'; echo more >>'${inPod('first')}'`
    await fetch(tools, { script: text => text.replace('while read -r bytes', `${late}\nwhile read -r bytes`) })
    expect(existsSync(at('late'))).toBe(false)
    await fetch(tools)
    expect(read(at('late'))).toBe('late\n')
    expect(read(at('first'))).toContain('more\n')
  })

  test('what is written between two transfers is not taken for what was sent', async () => {
    write(inPod('first'))
    await fetch(tools)
    write(inPod('background'))
    write(at('from-runner'))
    await send(tools)
    await fetch(tools)
    expect(existsSync(at('background'))).toBe(true)
  })

  test('a directory that fills while it is fetched comes without what was not listed', async () => {
    mkdirSync(inPod('empty'))
    const late = `echo late >'${inPod('empty/late')}'`
    await fetch(tools, { script: text => text.replace('while read -r bytes', `${late}\nwhile read -r bytes`) })
    expect(readdirSync(at('empty'))).toEqual([])
    await fetch(tools)
    rmSync(inPod('empty'), { recursive: true })
    await fetch(tools)
    expect(existsSync(at('empty'))).toBe(false)
  })

  test('files that go while they are fetched fail nothing, and are no warning', async () => {
    for (const name of ['stays', 'goes', 'tmp/goes']) write(inPod(name))
    const script = (text: string): string =>
      text.replace('while read -r bytes', `rm -r '${inPod('goes')}' '${inPod('tmp')}'\nwhile read -r bytes`)
    expect((await fetch(tools, { script })).complaints).toEqual([])
    expect(read(at('stays'))).toContain('stays')
    expect(existsSync(at('goes'))).toBe(false)
  })

  test('removals travel both ways; what only the pod has stays there', async () => {
    for (const name of ['a/one', 'a/two', 'b', 'c/deep/x', 'repo/repo/x']) write(at(name))
    await send(tools)
    execFileSync('mkfifo', [inPod('a/pipe')])
    rmSync(inPod('b'))
    rmSync(inPod('repo'), { recursive: true })
    rmSync(inPod('c'), { recursive: true })
    await fetch(tools)
    expect(existsSync(at('c'))).toBe(false)
    expect([existsSync(at('b')), existsSync(at('repo/repo/x')), existsSync(at('repo/repo'))]).toEqual([
      false,
      false,
      true
    ])
    rmSync(at('a'), { recursive: true })
    await send(tools)
    expect(readdirSync(inPod('a'))).toEqual(['pipe'])
    rmSync(inPod('a'), { recursive: true })
    await fetch(tools)
    expect(readdirSync(runner)).toEqual(['repo'])
  })

  test('a directory that became a file, a link, and a file that became a directory', async () => {
    for (const name of ['a/x', 'b/x', 'c', 'd']) write(inPod(name))
    symlinkSync('c', inPod('e'))
    await fetch(tools)
    for (const name of ['a', 'b', 'c', 'd', 'e']) rmSync(inPod(name), { recursive: true })
    write(inPod('a'))
    symlinkSync('a', inPod('b'))
    write(inPod('c/x'))
    mkdirSync(inPod('d'))
    write(inPod('e/x'))
    await fetch(tools)
    const types = (top: string): string[] =>
      ['a', 'b', 'c/x', 'd', 'e', 'e/x'].map(name => {
        const found = lstatSync(join(top, name))
        return found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'directory' : 'file'
      })
    expect(types(runner)).toEqual(['file', 'link', 'file', 'directory', 'directory', 'file'])
    for (const name of ['a', 'b', 'c', 'd', 'e']) rmSync(at(name), { recursive: true })
    for (const name of ['c', 'd', 'e']) write(at(name))
    write(at('a/x'))
    mkdirSync(at('b'))
    await send(tools)
    expect(['a', 'a/x', 'b', 'c', 'd', 'e'].map(name => lstatSync(inPod(name)).isDirectory())).toEqual([
      true,
      false,
      true,
      false,
      false,
      false
    ])
  })

  test('files that nobody may read reach a later container', async () => {
    write(inPod('closed/file'))
    chmodSync(inPod('closed/file'), 0)
    mkdirSync(inPod('none'))
    chmodSync(inPod('none'), 0)
    await fetch(tools)
    known = new Map()
    since = 0
    rmSync(pod, { recursive: true })
    mkdirSync(pod)
    await send(tools)
    expect(read(inPod('closed/file'))).toContain('closed/file')
    expect(existsSync(inPod('none'))).toBe(true)
  })

  test('a lost connection: the transfer goes on, and everything is there', async () => {
    for (let index = 0; index < 600; index += 1) write(at('many', `f${index}`), `${index}`)
    write(at('large'), 'x'.repeat(200_000))
    await send(tools, { cutAfter: [1, 8] })
    expect(readdirSync(inPod('many'))).toHaveLength(600)
    expect(read(inPod('large'))).toHaveLength(200_000)
    for (let index = 0; index < 600; index += 1) write(inPod('back', `f${index}`), `${index}`)
    await fetch(tools, { cutAfter: [1, 100_000, 500_000] })
    expect(readdirSync(at('back'))).toHaveLength(600)
  })

  test('what a step tells the runner comes first', async () => {
    write(inPod('a'), 'x'.repeat(300_000))
    const commands = '_temp/_runner_file_commands'
    for (const name of ['set_output', 'set_env']) write(inPod(commands, name))
    const ended = new AbortController()
    // The large file never comes.
    const script = (text: string): string =>
      text.replace('cat "$d/out"', '[ "$(wc -c <"$d/out")" -lt 200000 ] || exec cat\ncat "$d/out"')
    const fetching = fetchFiles({ ...options(tools, { script }), signal: ended.signal })
    fetching.catch(() => undefined)
    while (!existsSync(at(commands, 'set_output'))) await sleep(20)
    ended.abort()
    await expect(fetching).rejects.toMatchObject({ code: 'ABORTED' })
    expect(readdirSync(at(commands)).sort()).toEqual(['set_env', 'set_output'])
  })

  test.each([['find'], ['tar'], ['wc']])('an image without %s is told by its name', async tool => {
    const few = join(base, 'few')
    mkdirSync(few)
    for (const name of APPLETS.filter(name => name !== tool)) symlinkSync('/usr/bin/busybox', join(few, name))
    write(at('x'))
    const error = { code: 'JOB_CONTAINER', fault: 'user' }
    for (const transfer of [send, fetch]) {
      const failing = transfer(tools, { path: few })
      await expect(failing).rejects.toMatchObject(error)
      await expect(failing).rejects.toThrow(new RegExp(`container job of pod job-pod: its image lacks ${tool}\\. `))
    }
  })

  test('a full disk of the pod is told as such, and nothing that came short is unpacked', async () => {
    write(inPod('file'), 'x'.repeat(50_000))
    const full =
      'tar() { head -c 20000 /dev/zero | tr "\\\\000" x >"$2"; echo "tar: No space left on device" >&2; return 2; }'
    const script = (text: string): string => text.replace('while read -r bytes', `${full}\nwhile read -r bytes`)
    const path = `${join(base, 'bin')}:/usr/bin:/bin`
    await expect(fetch(tools, { script, path })).rejects.toThrow(/its disk is full .*No space left/)
    expect(readdirSync(runner)).toEqual([])
  })

  test('a pod that says nothing more is given up', async () => {
    write(inPod('file'))
    const silent = { ...options(tools, { script: () => 'exec tail -f /dev/null' }), idleMs: 300 }
    await expect(fetchFiles(silent)).rejects.toThrow(/nothing came or went for 0.3 s/)
  })

  test('nothing is left in the spool', async () => {
    write(at('x'))
    await send(tools)
    await fetch(tools)
    expect(readdirSync(join(base, 'spool'))).toEqual([])
  })
})

test('a hostile list leads nowhere', async () => {
  write(join(base, 'outside'), 'mine')
  known.set('../outside', { sign: '1', held: true, isDirectory: false })
  const list = String.raw`read -r line
printf 'nul nul\nf644 1 1 1.0 1.0 now\000f644 1 1 1.0 1.0 ./../outside\000f644 1 1 1.0 1.0 /etc/passwd\000end 0 \000'
read -r end`
  await fetch('GNU', { script: () => list })
  expect(read(join(base, 'outside'))).toBe('mine')
})

test('a link on the runner is not followed by a removal', async () => {
  write(join(base, 'outside/file'), 'mine')
  write(inPod('dir/file'))
  await fetch('GNU')
  rmSync(at('dir'), { recursive: true })
  symlinkSync(join(base, 'outside'), at('dir'))
  rmSync(inPod('dir/file'))
  await fetch('GNU')
  expect(read(join(base, 'outside/file'))).toBe('mine')
})

test('an answer without an end is not waited for, and does not fill the memory', async () => {
  const after = (command: string) => (): string => `read -r line; echo nul nul; exec ${command}`
  await expect(fetch('GNU', { script: after('tr "\\000" x </dev/zero') })).rejects.toThrow(
    /A record of more than .*[^.]\.$/
  )
  await expect(fetch('GNU', { script: after('cat /dev/zero') })).rejects.toThrow(/more than 1000000 files\.$/)
  const ended = new AbortController()
  setTimeout(() => ended.abort(), 200)
  const silent = { ...options('GNU', { script: after('sleep 60') }), signal: ended.signal }
  await expect(fetchFiles(silent)).rejects.toMatchObject({ code: 'ABORTED' })
})

test('files that the pod’s user cannot read are named, and the others come', async () => {
  for (const name of ['open', 'closed', 'private/key']) write(inPod(name))
  chmodSync(inPod('closed'), 0)
  chmodSync(inPod('private'), 0)
  // Root reads everything: the pod's half runs as nobody, in a copy of its own work directory.
  const kube: TransferOptions['kube'] = {
    awaitNode: () => Promise.resolve(),
    exec: async (target, more) =>
      fakeKube('GNU', {
        script: text => text
      }).exec(
        {
          ...target,
          command: ['sh', '-c', 'exec setpriv --reuid 65534 --clear-groups sh -c "$0"', target.command[2] ?? '']
        },
        more
      )
  }
  chmodSync(base, 0o755)
  mkdirSync(join(base, 'spool'))
  chmodSync(join(base, 'spool'), 0o777)
  const { complaints } = await fetchFiles({ ...options('GNU'), kube })
  expect(readdirSync(runner)).toEqual(['open'])
  expect(complaints.join('\n')).toMatch(/private.*Permission denied/)
  expect(complaints.join('\n')).toMatch(/closed.*Permission denied/)
  // Once, not with every step.
  chmodSync(inPod('private'), 0o755)
  const again = await fetchFiles({ ...options('GNU'), kube })
  expect(again.complaints).toEqual([])
  expect(readdirSync(at('private'))).toEqual(['key'])
})
