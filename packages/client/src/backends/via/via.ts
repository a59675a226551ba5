import { randomBytes } from 'node:crypto'
import { copyFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { basename } from 'node:path'

import { BuildError, executorEnvironment, packContext, type Platform } from '@kaniko-hooks/builder'
import { forkOf, prepareElsewhere } from '@kaniko-hooks/builder/elsewhere'
import { parseDockerConfig, type ImageFacts } from '@kaniko-hooks/registry'

import type { Backend, BuildOutcome, Listener } from '../../backend.js'
import type { ImageBuild } from '../../image-build.js'
import { executorCommand, factsOf, redactorOf, type Lent } from '../elsewhere.js'
import { checkPublished } from '../kubernetes/published.js'
import { placesOf } from '../kubernetes/targets.js'
import { followBuild } from '../build-log.js'
import { Durations } from '../durations.js'
import { Conversation } from './conversation.js'
import { receiveBytes, receiveFile } from './receive-file.js'
import { RemoteProcess } from './remote-process.js'
import { remoteScript, REMOTE_COMMAND, SAID, TOLD } from './script.js'

export interface ViaSettings {
  /** The command, and what of its arguments comes before the remote command: `['ssh', 'host']`. */
  readonly prefix: readonly string[]
  /** Of the command; credentials are not among it. */
  readonly environment: NodeJS.ProcessEnv
  /** The directory of the executor. Default: `/kaniko`, as in its images. */
  readonly home?: string
}

/** In the words of images, by those of `uname -m`. */
const MACHINES: Readonly<Record<string, Omit<Platform, 'os'>>> = {
  x86_64: { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  arm64: { architecture: 'arm64' },
  armv7l: { architecture: 'arm', variant: 'v7' },
  ppc64le: { architecture: 'ppc64le' },
  s390x: { architecture: 's390x' },
  riscv64: { architecture: 'riscv64' }
}

/**
 * Builds with an executor that a command reaches: `ssh host`, `cf ssh app --command`, `kubectl exec -i pod --`. Everything goes
 * through the command's standard input, credentials too, which the other side keeps in files of mode 0600 for the time of the
 * build; no argument and no variable holds one.
 *
 * An abort closes the stream, which ends the build on the other side.
 */
export class ViaBackend implements Backend {
  readonly name = 'via'
  readonly #settings: ViaSettings
  readonly #lent: Lent

  constructor(settings: ViaSettings, lent: Lent) {
    this.#settings = settings
    this.#lent = lent
  }

  missing(): Promise<string | undefined> {
    return Promise.resolve(this.#settings.prefix.length === 0 ? 'no --via was given' : undefined)
  }

  /** What is run here, for `--print`. */
  get command(): readonly string[] {
    return [...this.#settings.prefix, REMOTE_COMMAND]
  }

  async build(request: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome> {
    const limit = AbortSignal.timeout(request.timeoutMs)
    const either = AbortSignal.any([signal, limit])
    const name = basename(this.#settings.prefix[0] ?? '')
    try {
      either.throwIfAborted()
      return await this.#run(request, listener, either, name)
    } catch (error) {
      if (signal.aborted) throw new BuildError('ABORTED', 'the build was aborted', { cause: error })
      if (!limit.aborted) throw error
      const message = `the build took longer than ${Math.round(request.timeoutMs / 1000)} s`
      throw new BuildError('TIMEOUT', message, { cause: error })
    }
  }

  async #run(request: ImageBuild, listener: Listener, signal: AbortSignal, name: string): Promise<BuildOutcome> {
    const durations = new Durations()
    durations.begin('context', listener)
    const lent = await this.#lent.readContext(request, signal)
    const mark = randomBytes(16).toString('hex')
    const process = new RemoteProcess(this.command, this.#settings.environment)
    const end = (): void => void process.end()
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    let redact = (line: string): string => line
    // It may be a shell that traces, or a terminal.
    const conversation = new Conversation(process, mark, name, line => listener.line(redact(line)))
    try {
      await process.write(remoteScript(mark, this.#settings.home))
      const ready = await conversation.next(SAID.ready, listener.line)
      const traits = traitsOf(ready, name)
      const { context, buildArgs } = prepareElsewhere(lent.context, request, traits)
      context.warnings.forEach(warning => listener.line(warning))
      const archive = await packContext(context)
      await process.write(`${archive.bytes}\n`)
      const sum = await archive.send(async chunk => {
        signal.throwIfAborted()
        await process.write(chunk)
      })
      const received = await conversation.next(SAID.received, listener.line)
      if (received !== sum)
        throw new BuildError('CONTEXT_FAILED', 'the context did not arrive as it was sent; run again')
      const build = { ...request, buildArgs }
      const config = await this.#lent.dockerConfig(request, context, signal)
      redact = redactorOf(request, config)
      await process.write(`${TOLD.accept}\n`)
      for (const frame of frames(build, config ?? '{}', this.#settings.home)) await process.write(frame)
      durations.begin('build', listener)
      const log = followBuild(build, context, redact, durations, listener)
      let manifest: Buffer | undefined
      let said = await conversation.nextOf([SAID.end, SAID.file], log.onLine)
      for (; said.word === SAID.file; said = await conversation.nextOf([SAID.end, SAID.file], listener.line)) {
        const kind = said.rest
        const [first, ...others] = request.files.filter(file => file.kind === kind).map(({ path }) => path)
        if (first === undefined) manifest = await receiveBytes(conversation)
        else await receiveFile(conversation, first)
        for (const path of others) if (first !== undefined) await copyFile(first, path)
      }
      const [code = '', digest = ''] = said.rest.split(' ')
      const built = log.digestOf({ exitCode: Number(code), digest })
      const facts =
        manifest === undefined ? await askRegistry(request, built, config, signal) : factsOf(manifest, built)
      return {
        digest: built,
        imageId: facts.imageId,
        pushed: request.push ? request.tags : [],
        buildId: `via-${mark.slice(0, 8)}`,
        backend: this.name,
        size: facts.size,
        durationsMs: durations.end()
      }
    } finally {
      signal.removeEventListener('abort', end)
      await process.end()
      await lent.close()
    }
  }
}

function traitsOf(ready: string, name: string): Parameters<typeof prepareElsewhere>[2] {
  const [machine = '', ...rest] = ready.trim().split(' ')
  const printed = rest.join(' ')
  const fork = forkOf(printed)
  if (fork === undefined) {
    const message = `the executor on the other side of ${name} tells no version of Kaniko: ${printed.slice(0, 300)}`
    throw new BuildError('POD_FAILED', message, { fault: 'configuration' })
  }
  return { fork, platform: { os: 'linux', ...(MACHINES[machine] ?? { architecture: arch() }) } }
}

/** The files that are asked for, each once, and the manifest that tells the image's id where there is one anyway. */
function wantedKinds({ files }: ImageBuild): readonly string[] {
  const kinds = [...new Set<string>(files.map(({ kind }) => kind))]
  return kinds.length === 0 ? [] : [...kinds, 'manifest']
}

/** What the registry tells of an image that the other side has pushed there, if it can be reached from here. */
async function askRegistry(
  { push, tags, insecureRegistries }: ImageBuild,
  digest: string,
  config: string | undefined,
  signal: AbortSignal
): Promise<ImageFacts> {
  if (!push) return {}
  const keychain = config === undefined ? undefined : parseDockerConfig(config)
  const asked = placesOf(tags).map(place => {
    const { domain, repository } = place.reference
    const credential = keychain?.credentialFor(domain, repository)
    return { place, client: { plainHttp: insecureRegistries.includes(domain), credential } }
  })
  return checkPublished(asked, digest, signal)
}

/** What follows the context: each text with its length, each list with its number. */
function frames(build: ImageBuild, config: string, home: string | undefined): Buffer[] {
  const [, ...args] = executorCommand(build, home)
  const variables = Object.entries(executorEnvironment()).map(([key, value]) => `${key}=${value}`)
  const list = (texts: readonly (string | Buffer)[]): Buffer[] => [
    Buffer.from(`${texts.length}\n`),
    ...texts.map(framed)
  ]
  return [
    framed(config),
    ...list(build.secrets.map(({ value }) => value)),
    ...list(variables),
    ...list(args),
    Buffer.from(`${wantedKinds(build).join(' ')}\n`),
    Buffer.from(`${TOLD.go}\n`)
  ]
}

function framed(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text as string)
  return Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes])
}
