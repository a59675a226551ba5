import { accessSync, constants, createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { basename, dirname } from 'node:path'

import { BuildError, executorEnvironment, secretFile, type Platform } from '@kaniko-hooks/builder'
import { forkOf, prepareElsewhere } from '@kaniko-hooks/builder/elsewhere'

import type { Backend, BuildOutcome, Listener } from '../../backend.js'
import type { ImageBuild } from '../../image-build.js'
import { followBuild } from '../build-log.js'
import { Durations } from '../durations.js'
import { packLayout } from '../../image-archive/pack-layout.js'
import { writeWhole } from '../../image-archive/write-file.js'
import { executorCommand, factsOf, leftoversOf, placesBelow, redactorOf, type Lent } from '../elsewhere.js'
import { alone } from './alone.js'
import { endExecutor, runExecutor } from './executor-process.js'
import { isNameOfProcess, isRunning, nameOfProcess, processOfName } from './process-name.js'
import { unpackContext } from './unpack.js'

export interface LocalSettings {
  readonly environment: NodeJS.ProcessEnv
  /** The directory of the executor, which Kaniko leaves alone. Default: `/kaniko`. */
  readonly home?: string
}

/** In the words of images, by Node's. */
const ARCHITECTURES: Readonly<Record<string, Omit<Platform, 'os'>>> = {
  x64: { architecture: 'amd64' },
  arm: { architecture: 'arm', variant: 'v7' }
}

/**
 * Builds with the executor of the container that this process runs in.
 *
 * Kaniko replaces the container's file system, besides `/kaniko` and what is mounted. From the build's beginning on this process
 * loads nothing and starts nothing, and asks nobody by name: all that would read files that are another image's by then.
 */
export class LocalBackend implements Backend {
  readonly name = 'local'
  readonly #settings: LocalSettings
  readonly #lent: Lent

  constructor(settings: LocalSettings, lent: Lent) {
    this.#settings = settings
    this.#lent = lent
  }

  get #home(): string {
    return this.#settings.home ?? '/kaniko'
  }

  missing(): Promise<string | undefined> {
    const { executor } = placesBelow(this.#home)
    try {
      accessSync(executor, constants.X_OK)
    } catch {
      return Promise.resolve(`there is no ${executor}`)
    }
    const isRoot = process.getuid?.() === 0
    return Promise.resolve(isRoot ? undefined : `${executor} has to run as root, and this is another user`)
  }

  async build(request: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome> {
    const limit = AbortSignal.timeout(request.timeoutMs)
    const either = AbortSignal.any([signal, limit])
    try {
      either.throwIfAborted()
      return await this.#run(request, listener, either)
    } catch (error) {
      if (signal.aborted) throw new BuildError('ABORTED', 'the build was aborted', { cause: error })
      if (!limit.aborted) throw error
      const message = `the build took longer than ${Math.round(request.timeoutMs / 1000)} s`
      throw new BuildError('TIMEOUT', message, { cause: error })
    }
  }

  async #run(request: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome> {
    const { work, layout, tar, tree } = placesBelow(this.#home)
    const durations = new Durations()
    durations.begin('context', listener)
    const lent = await this.#lent.readContext(request, signal)
    const directory = process.cwd()
    let had: readonly string[] | undefined
    try {
      const traits = await this.#traits(signal)
      const { context, buildArgs } = prepareElsewhere(lent.context, request, traits)
      context.warnings.forEach(warning => listener.line(warning))
      had = await alone(this.#home, async () => take(this.#home, work))
      await rm(tree, { recursive: true, force: true })
      await unpackContext(context, tree, signal)
      const config = await this.#lent.dockerConfig(request, context, signal)
      const redact = redactorOf(request, config)
      await writePrivate(`${work}/docker/config.json`, config ?? '{}')
      for (const [index, { value }] of request.secrets.entries()) {
        await writePrivate(secretFile(`${work}/secrets`, index), value)
      }
      durations.begin('build', listener)
      const log = followBuild({ ...request, buildArgs }, context, redact, durations, listener)
      // Nobody else tells the image's id: a registry is not asked from a file system that is another image's.
      const leaves = { ...leftoversOf(request), layout: true }
      const [program, ...args] = executorCommand({ ...request, buildArgs }, this.#home, leaves)
      const environment = { ...this.#settings.environment, ...executorEnvironment(), DOCKER_CONFIG: `${work}/docker` }
      let buildId = 'local'
      const exitCode = await runExecutor({ program, args, environment }, log.onLine, signal, pid => {
        buildId = nameOfProcess(pid)
        listener.started?.(buildId)
      })
      signal.throwIfAborted()
      const digest = log.digestOf({ exitCode, digest: await readFile(`${work}/digest`, 'utf8').catch(() => '') })
      const manifest = await readFile(`${layout}/blobs/${digest.replace(':', '/')}`).catch(() => undefined)
      const facts = factsOf(manifest, digest)
      for (const { kind, path } of request.files) {
        const content = kind === 'oci' ? packLayout(layout) : createReadStream(tar)
        await writeWhole(path, content as AsyncIterable<Buffer>, signal)
      }
      return {
        digest,
        imageId: facts.imageId,
        pushed: request.push ? request.tags : [],
        buildId,
        backend: this.name,
        size: facts.size,
        durationsMs: durations.end()
      }
    } finally {
      // Whoever started this process goes on in it.
      await mkdir(directory, { recursive: true })
      if (had !== undefined) await leave(this.#home, work, had)
      await lent.close()
    }
  }

  /** Ends an executor whose caller was killed, and removes what the build was lent. */
  async cancel(buildId: string): Promise<void> {
    if (!isNameOfProcess(buildId)) throw new BuildError('REQUEST_REFUSED', 'what was left is no name of a build here')
    const pid = processOfName(buildId)
    if (pid !== undefined) endExecutor(pid)
    const { work } = placesBelow(this.#home)
    await alone(this.#home, async () => {
      const owner = await ownerOf(work)
      if (owner === undefined || !isRunning(owner)) await dropLeft(this.#home, work)
    })
  }

  async #traits(signal: AbortSignal): Promise<Parameters<typeof prepareElsewhere>[2]> {
    const { executor } = placesBelow(this.#home)
    const said: string[] = []
    const command = { program: executor, args: ['version'], environment: this.#settings.environment }
    await runExecutor(command, line => said.push(line), signal)
    const fork = forkOf(said.join(' '))
    if (fork === undefined) {
      const message = `${executor} tells no version of Kaniko: ${said.join(' ').slice(0, 300)}`
      throw new BuildError('POD_FAILED', message, { fault: 'configuration' })
    }
    return { fork, platform: { os: 'linux', ...(ARCHITECTURES[arch()] ?? { architecture: arch() }) } }
  }
}

/**
 * Takes the container for one build: two would mix their files. What a killed one left goes first.
 *
 * @returns what lies in the executor's directory before the build
 */
async function take(home: string, work: string): Promise<readonly string[]> {
  const other = await ownerOf(work)
  if (other !== undefined && isRunning(other)) {
    throw new BuildError('POD_FAILED', `another build (process ${other}) runs in this container`, { fault: 'user' })
  }
  await dropLeft(home, work)
  const had = await readdir(home)
  await mkdir(work, { mode: 0o700 })
  await writePrivate(`${work}/pid`, `${process.pid}\n`)
  await writePrivate(`${work}/had`, `/${had.join('/')}/\n`)
  return had
}

/** Gives the container back. What says that it is taken goes last, and while nobody takes it. */
async function leave(home: string, work: string, had: readonly string[]): Promise<void> {
  await drop(home, [...had, basename(work)])
  await alone(home, async () => rm(work, { recursive: true, force: true }))
}

/** The process that has taken the container, if one ever did. */
async function ownerOf(work: string): Promise<number | undefined> {
  const pid = Number(await readFile(`${work}/pid`, 'utf8').catch(() => ''))
  return pid > 0 ? pid : undefined
}

/** Removes what a killed build left. */
async function dropLeft(home: string, work: string): Promise<void> {
  const before = await readFile(`${work}/had`, 'utf8').catch(() => undefined)
  if (before !== undefined) await drop(home, before.trim().split('/'))
  await rm(work, { recursive: true, force: true })
}

/** Removes what an executor left in its directory: layers, files of stages, which the next build would take for its own. */
async function drop(home: string, had: readonly string[]): Promise<void> {
  const left = (await readdir(home)).filter(name => !had.includes(name))
  await Promise.all(left.map(name => rm(`${home}/${name}`, { recursive: true, force: true })))
}

async function writePrivate(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(path, content, { mode: 0o600, flag: 'wx' })
}
