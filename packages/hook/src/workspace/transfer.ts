import { createReadStream, rmdirSync, unlinkSync } from 'node:fs'
import { lstat, mkdtemp, open, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError, type ExecStream, type Kube } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import type { Line } from '../report/workflow-commands.js'
import { ByteReader, EndedEarly } from './byte-reader.js'
import type { ChangedFile } from './changed-files.js'
import { inDirectory } from '../files/directory.js'
import { goneFromPod, isFileCommand, parentsOf, signOf, wantedEntries, type KnownFiles } from './known-files.js'
import { readListing, seriousLines, type Entry, type Listing, type ListKind } from './listing.js'
import { EXIT_SHORT, nameLines, nameList, RECEIVE_COMMAND, SEND_COMMAND } from './pod-scripts.js'
import { amount, tellProgress } from './progress.js'
import { packFiles } from './pack-files.js'
import { unpack } from './unpack.js'

/** A container into which files go or from which they come. */
export interface PodTree {
  readonly pod: string
  readonly container: string
  /** A directory of ours in that container, outside of the work directory. */
  readonly spool: string
  /** The work directory there. */
  readonly root: string
}

export interface TransferOptions {
  readonly kube: Pick<Kube, 'exec' | 'awaitNode'>
  readonly place: PodTree
  /** The runner's work directory. */
  readonly directory: string
  /** What the last transfer left in the pod; kept up to date. */
  readonly known: KnownFiles
  /** Directories that stay whatever a step does. */
  readonly spared: ReadonlySet<string>
  /** Told how far a long transfer is. */
  readonly print: Line
  readonly signal?: AbortSignal | undefined
  /** Silence after which the other side is given up, in milliseconds. */
  readonly idleMs?: number
}

/** What a transfer did. */
export interface Transferred {
  readonly files: number
  readonly bytes: number
}

export interface Fetched extends Transferred {
  /** What could not be read, in the words of the pod's tools. */
  readonly complaints: readonly string[]
  /** What was not taken, in sentences. */
  readonly leftOut: readonly string[]
}

const TRIES = 4
/** Longer than any disk of a living node takes for one archive; without a limit a hung shell holds the job for ever. */
const IDLE_MS = 10 * 60_000
/** One archive: what a lost connection costs, and what lies twice on a disk for a moment. A larger file is one alone. */
const BATCH_BYTES = 64 * 1024 * 1024
const BATCH_FILES = 20_000
/** Names that become arguments: appending to them takes a shell quadratic time. */
const BATCH_WORDS = 250
/** What stays free on the runner's disk, which others use too. */
const SPARE_BYTES = 64 * 1024 * 1024
const LINE_LIMIT = 1000
/** What GNU's tar says of each file whose name is not plain ASCII, and after everything else. */
const NOISE = /^.*(?:Ignoring unknown extended header keyword|Exiting with failure status).*\n/gm

/**
 * Makes a container's work directory like the runner's: sends files, and removes what is gone.
 *
 * @param files relative to the work directory
 * @param removed the same, deepest first
 */
export async function sendFiles(
  options: TransferOptions,
  files: readonly ChangedFile[],
  removed: readonly string[]
): Promise<Transferred> {
  const { directory, known, place, print } = options
  if (files.length === 0 && removed.length === 0) return { files: 0, bytes: 0 }
  const total = sizeOf(files)
  const removals = batches(removed, { count: BATCH_WORDS, bytes: Infinity, sizeOf: () => 0 })
  const archives = batches(files, { count: BATCH_FILES, bytes: BATCH_BYTES, sizeOf: ({ size }) => size })
  const sent: ChangedFile[] = []
  let bytes = 0
  const stop = tellProgress(print, () =>
    sent.length === 0
      ? `Sending ${amount(files.length, total)} to pod ${place.pod}`
      : `Sent ${amount(sent.length, sizeOf(sent))} of ${amount(files.length, total)} to pod ${place.pod}`
  )
  try {
    await retryTransfer('send files to', RECEIVE_COMMAND, options, async (replies, tell) => {
      const answered = async (what: string): Promise<void> => {
        const [, code] = /^done (\d+)$/.exec(await line(replies)) ?? []
        if (code !== '0') throw new Refused(`${what} ended with exit code ${code ?? '?'}`)
      }
      for (let batch = removals[0]; batch !== undefined; batch = removals[0]) {
        const names = Buffer.from(nameLines(batch))
        await tell(`remove ${names.length}\n`)
        await tell(names)
        await answered('rm')
        for (const path of batch) known.delete(path)
        removals.shift()
      }
      const before: ChangedFile[] = []
      for (let batch = archives[0]; batch !== undefined; batch = archives[0]) {
        const paths = batch.map(({ path }) => path)
        await inTemporary(async archive => {
          await packFiles(archive, directory, paths)
          const { size } = await stat(archive)
          await tell(`files ${size}\n`)
          for await (const chunk of createReadStream(archive)) await tell(chunk as Buffer)
          await answered('tar')
          bytes += size
        })
        before.push(...batch)
        sent.push(...batch)
        // Until the mark comes, all of it counts as changed: it is fetched once more.
        for (const { path, isDirectory } of batch) known.set(path, { sign: '', held: true, isDirectory })
        archives.shift()
      }
      await tell('end\n')
      const mark = Number(/^mark (\d+(?:\.\d+)?)$/.exec(await line(replies))?.[1])
      if (Number.isNaN(mark)) throw new Refused('the pod did not tell its time')
      const sign = `sent ${mark}`
      for (const { path, isDirectory } of before) {
        known.set(path, { sign, held: true, isDirectory })
        for (const parent of parentsOf(path)) {
          if (!known.has(parent)) known.set(parent, { sign, held: true, isDirectory: true })
        }
      }
    })
  } finally {
    stop()
  }
  return { files: files.length, bytes }
}

/**
 * Makes the runner's work directory like a container's: brings what is new or changed, and removes what is gone.
 * What changes meanwhile comes with the next transfer.
 */
export async function fetchFiles(options: TransferOptions): Promise<Fetched> {
  const { directory, known, place, print, spared } = options
  const complaints = new Set<string>()
  const leftOut: string[] = []
  const came: Entry[] = []
  let bytes = 0
  let wanted: Entry[] | undefined
  const stop = tellProgress(print, () => {
    if (wanted === undefined) return `Looking for what changed in pod ${place.pod}`
    const all = `Fetching ${amount(wanted.length, sizeOf(wanted))} from pod ${place.pod}`
    return came.length === 0 ? all : `${all}: ${amount(came.length, sizeOf(came))} came`
  })
  try {
    const words = await retryTransfer('fetch files from', SEND_COMMAND, options, async (replies, tell) => {
      const [, list, names] = /^(nul|slash) (nul|lines)$/.exec(await line(replies)) ?? []
      if (list === undefined) throw new Refused('the pod did not list its files')
      const listing = await readListing(replies, list as ListKind)
      for (const complaint of listing.complaints) complaints.add(complaint)
      wanted = wantedEntries(listing, known)
      const isGone = listing.isComplete ? goneFromPod(listing, known, spared) : []
      removeFrom(directory, isGone)
      for (const path of isGone) known.delete(path)
      const commands = wanted.filter(isFileCommand)
      const limits = {
        count: names === 'nul' ? BATCH_FILES : BATCH_WORDS,
        bytes: BATCH_BYTES,
        sizeOf: ({ size }: Entry) => size
      }
      for (const batch of [...batches(commands, limits), ...batches(wanted.slice(commands.length), limits)]) {
        const paths = batch.map(({ path }) => path)
        const request = Buffer.from(names === 'nul' ? nameList(paths) : nameLines(paths))
        await tell(`${request.length}\n`)
        await tell(request)
        const [, code = '', length = ''] = /^(\d+) (\d+)$/.exec(await line(replies)) ?? []
        if (code === '') throw new Refused('tar gave nothing')
        await inTemporary(async archive => {
          await receive(replies, archive, Number(length))
          if (Number(code) > 2 || !(await isWhole(archive))) throw new Refused(`tar ended with exit code ${code}`)
          leftOut.push(...(await unpack(archive, directory)))
        })
        await adopt(directory, batch, listing, known)
        came.push(...batch)
        bytes += Number(length)
      }
      await adoptDirectories(directory, listing, known)
      await tell('end\n')
    })
    for (const complaint of seriousLines(words)) complaints.add(complaint)
  } finally {
    stop()
  }
  return { files: came.length, bytes, complaints: [...complaints], leftOut }
}

function sizeOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

/** Takes the paths into what is known: those that tar could not read or that vanished too, so that each is tried once. */
async function adopt(directory: string, batch: readonly Entry[], { now }: Listing, known: KnownFiles): Promise<void> {
  for (const entry of batch) {
    const isDirectory = entry.type === 'directory'
    const held = (await lstat(join(directory, entry.path)).catch(() => undefined))?.isDirectory() === isDirectory
    known.set(entry.path, { sign: signOf(entry, now), held, isDirectory })
  }
}

/** What was there before the list and is unchanged is known by its sign from now on; directories that have files came with them. */
async function adoptDirectories(directory: string, listing: Listing, known: KnownFiles): Promise<void> {
  const fresh: Entry[] = []
  for (const entry of listing.entries.values()) {
    const before = known.get(entry.path)
    if (before?.sign.startsWith('sent ') === true)
      known.set(entry.path, { ...before, sign: signOf(entry, listing.now) })
    else if (before === undefined || (entry.type === 'directory' && before.sign !== entry.sign)) fresh.push(entry)
  }
  await adopt(directory, fresh, listing, known)
}

/** Takes an archive from the stream, when the disk has room for it. */
async function receive(replies: ByteReader, archive: string, size: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(archive))
  if (size > bavail * bsize - SPARE_BYTES) {
    throw new HookError(
      'WORKSPACE',
      `The runner's disk at ${dirname(archive)} has no room for ${amount(1, size)} that the step wrote.`
    )
  }
  const file = await open(archive, 'wx', 0o600)
  try {
    await replies.take(size, async chunk => file.writeFile(chunk))
  } finally {
    await file.close()
  }
}

/** An archive ends with two empty blocks; one that a full disk cut short does not. */
async function isWhole(archive: string): Promise<boolean> {
  const { size } = await stat(archive)
  if (size < 1024 || size % 512 !== 0) return false
  const file = await open(archive, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(1024), 0, 1024, size - 1024)
    return buffer.every(byte => byte === 0)
  } finally {
    await file.close()
  }
}

/** Removes files, and directories that are empty then. A link on the way is not followed. */
function removeFrom(root: string, paths: readonly string[]): void {
  for (const path of paths) {
    const names = path.split('/')
    const name = names.pop() ?? ''
    try {
      inDirectory(root, names, directory => {
        if (directory.look(name)?.isDirectory() === true) rmdirSync(directory.at(name))
        else unlinkSync(directory.at(name))
      })
    } catch {
      // Gone already, not empty, or of another user.
    }
  }
}

/** The pod answered, and the answer is no. */
class Refused extends Error {}

type Body = (replies: ByteReader, tell: (words: Uint8Array | string) => Promise<void>) => Promise<void>

/**
 * Runs one of the scripts and speaks with it, again when the connection is lost.
 *
 * @returns what the script's tools said on stderr
 */
async function retryTransfer(
  verb: string,
  command: readonly string[],
  { kube, place, signal, idleMs = IDLE_MS }: TransferOptions,
  body: Body
): Promise<string> {
  const { pod, container, spool, root } = place
  for (let attempt = 1; ; attempt += 1) {
    let words = ''
    const silence = { isOver: false }
    let stream: ExecStream | undefined
    let idle: NodeJS.Timeout | undefined
    try {
      stream = await kube.exec({ pod, container, command, stdin: true }, signal && { signal })
      const { stderr, stdout, exit } = stream
      idle = setTimeout(() => {
        silence.isOver = true
        stream?.close()
      }, idleMs)
      exit.catch(() => undefined)
      stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).replace(NOISE, '').slice(-8000)))
      const tell = async (text: Uint8Array | string): Promise<void> => {
        await stream?.write(text)
        idle?.refresh()
      }
      const replies = new ByteReader(stdout, () => idle?.refresh())
      await tell(`${spool} ${root}\n`)
      await body(replies, tell)
      await replies.drain()
      const code = await exit
      if (code !== 0) throw failure(verb, place, `exit code ${code}`, words)
      return words
    } catch (thrown) {
      const { code, error } = await ending(stream, thrown)
      if (silence.isOver) throw failure(verb, place, `nothing came or went for ${idleMs / 1000} s`, words, error)
      // A kubelet's connection that ends cleanly is a success for the API server.
      const isShort = code === EXIT_SHORT || code === 0
      if ((isShort || isKubeError(error, 'STREAM_LOST')) && attempt < TRIES) {
        await sleep(200 * attempt)
        continue
      }
      if (isKubeError(error, 'EXEC_FAILED') && (error.status ?? 0) >= 500 && attempt < TRIES) {
        // The node may be away, and then refuses whatever it is asked.
        await kube.awaitNode(place, signal && { signal }).catch((reason: unknown) => {
          throw isKubeError(reason, 'POD_FAILED') ? error : reason
        })
        await sleep(200 * attempt)
        continue
      }
      if (isShort) throw failure(verb, place, 'the stream was cut short again and again', words, error)
      if (code !== undefined) throw failure(verb, place, `exit code ${code}`, words, error)
      if (error instanceof Refused || error instanceof RangeError || error instanceof EndedEarly)
        throw failure(verb, place, error.message, words, error)
      throw diskFull(error) ?? error
    } finally {
      clearTimeout(idle)
      stream?.close()
    }
  }
}

/**
 * Why a script ended before it was expected to: its exit code, or the reason that the API server gives. A word to a command
 * that never began fails without that reason.
 */
async function ending(stream: ExecStream | undefined, error: unknown): Promise<{ code?: number; error: unknown }> {
  if (stream === undefined || !(error instanceof EndedEarly || isKubeError(error, 'EXEC_FAILED'))) return { error }
  stream.stdout.resume()
  return stream.exit.then(
    code => ({ code, error }),
    (reason: unknown) => ({ error: reason })
  )
}

/** Says what was the matter: a tool that is not there, a full disk, or the tools' own words. */
function failure(verb: string, { pod, container }: PodTree, what: string, words: string, cause?: unknown): HookError {
  const where = `Could not ${verb} container ${container} of pod ${pod}`
  const lacks = /^lacks (.*)$/m.exec(words)?.[1]
  if (lacks !== undefined) {
    const message = `${where}: its image lacks ${lacks}. Without a shared volume files cross by such tools.`
    return new HookError('JOB_CONTAINER', message, { cause })
  }
  const said = words.trim().split('\n').slice(-3).join('; ')
  if (/No space left on device|Disk quota exceeded/.test(words)) {
    const message = `${where}: its disk is full (${said}). Its node, or the pod's limit of ephemeral storage, has no more.`
    return new HookError('WORKSPACE', message, { cause })
  }
  return new HookError('WORKSPACE', `${where}: ${[what, said].filter(text => text !== '').join(': ')}.`, {
    fault: 'user',
    cause
  })
}

function diskFull(error: unknown): HookError | undefined {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined
  return new HookError('WORKSPACE', `The disk of the runner's pod is full: ${message}.`, { cause: error })
}

async function line(replies: ByteReader): Promise<string> {
  return (await replies.until('\n', LINE_LIMIT)).toString()
}

/** Cuts a list into pieces of so many elements and bytes. An element that is too large is a piece alone. */
function batches<T>(
  elements: readonly T[],
  limit: { readonly count: number; readonly bytes: number; readonly sizeOf: (element: T) => number }
): T[][] {
  const pieces: T[][] = []
  let bytes = 0
  for (const element of elements) {
    const size = limit.sizeOf(element)
    const last = pieces.at(-1)
    if (last === undefined || last.length === limit.count || bytes + size > limit.bytes) {
      pieces.push([element])
      bytes = size
    } else {
      last.push(element)
      bytes += size
    }
  }
  return pieces
}

async function inTemporary<T>(body: (archive: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'kaniko-hooks-'))
  try {
    return await body(join(directory, 'work.tar'))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
