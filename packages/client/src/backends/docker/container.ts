import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { BuildError, type ContextArchive } from '@kaniko-hooks/builder'
import { readLines } from '../lines.js'
import { readAll, type EngineApi } from './engine-api.js'
import { unframed } from './frames.js'
import { packFiles, type PackedFile } from './pack-files.js'
import { soleFile } from './sole-file.js'

const TAR = { 'content-type': 'application/x-tar' }

/** For the removal, whatever became of the build. */
const CLEANUP_MS = 10_000

/** How a container ended. */
export interface ContainerEnd {
  /** 128 and more for a signal. */
  readonly exitCode: number
  readonly isOutOfMemory: boolean
}

interface Inspected {
  readonly State: { readonly Running: boolean; readonly ExitCode: number; readonly OOMKilled?: boolean }
}

/** A container of one build: made, filled, run once, read, and removed. */
export class Container {
  readonly #api: EngineApi
  readonly #id: string
  readonly #signal: AbortSignal

  private constructor(api: EngineApi, id: string, signal: AbortSignal) {
    this.#api = api
    this.#id = id
    this.#signal = signal
  }

  /** @param spec the body of "Create a container" */
  static async create(api: EngineApi, name: string, spec: object, signal: AbortSignal): Promise<Container> {
    const request = { method: 'POST', path: '/containers/create', query: { name }, body: spec } as const
    try {
      const made = await api.json<{ readonly Id: string }>({ ...request, signal })
      return new Container(api, made?.Id ?? name, signal)
    } catch (error) {
      // A create that was cut off may have arrived.
      if (signal.aborted) await removeContainer(api, name)
      throw error
    }
  }

  /** Names the container where another one takes its volumes. */
  get id(): string {
    return this.#id
  }

  /** Writes files before it starts; directories are those of the image, or stand before what is in them. */
  async put(files: readonly PackedFile[]): Promise<void> {
    const packed = packFiles(files)
    const body = new PassThrough()
    body.end(packed)
    await this.#unpack('/', body)
  }

  /** Unpacks a context into a directory that is there. */
  async putContext(directory: string, archive: ContextArchive): Promise<void> {
    const body = new PassThrough()
    const sent = archive.send(async chunk => {
      if (!body.write(chunk)) await once(body, 'drain', { signal: this.#signal })
    })
    const ended = sent.then(
      () => body.end(),
      (error: unknown) => body.destroy(error as Error)
    )
    // The context's own error tells more than that of the connection.
    const [, unpacked] = await Promise.all([ended, this.#unpack(directory, body).then(() => undefined, asError)])
    await sent
    if (unpacked !== undefined) throw unpacked
  }

  /**
   * Starts it and waits for its end.
   *
   * @param onLine is told each line that it prints
   * @throws BuildError `POD_FAILED` when it cannot be started
   */
  async run(onLine: (line: string) => void): Promise<ContainerEnd> {
    const query = { stream: '1', stdout: '1', stderr: '1' }
    // Attached before it starts, so that no line is missed and no logging driver is needed.
    const attached = await this.#api.send({ ...this.#at('POST', '/attach'), query })
    const reading = readInto(unframed(attached), onLine)
    // Awaited below; a start that fails is thrown before.
    reading.catch(() => undefined)
    await this.#api.send(this.#at('POST', '/start')).then(drain)
    await reading.catch((error: unknown) => {
      this.#signal.throwIfAborted()
      onLine(`The daemon's stream of the log was cut (${(error as Error).message}); lines may be missing.`)
    })
    // The stream may have ended for another reason; what counts is that the container has.
    await this.#api.json(this.#at('POST', '/wait'))
    const inspected = await this.#api.json<Inspected>(this.#at('GET', '/json'))
    if (inspected === undefined || inspected.State.Running) {
      throw new BuildError('POD_FAILED', 'the Docker daemon does not tell how the container of the build ended')
    }
    return { exitCode: inspected.State.ExitCode, isOutOfMemory: inspected.State.OOMKilled === true }
  }

  /** Reads one small file; undefined when there is none. */
  async read(path: string, maxBytes: number): Promise<Buffer | undefined> {
    const answer = await this.#archive(path, [404])
    if (answer.statusCode === 404) {
      drain(answer)
      return undefined
    }
    return readAll(await soleFile(answer, path), maxBytes)
  }

  /** Opens a file, however large. */
  async open(path: string): Promise<Readable> {
    return soleFile(await this.#archive(path), path)
  }

  /** Opens a directory, as a tar of what is in it. */
  async openDirectory(path: string): Promise<Readable> {
    return this.#archive(`${path}/.`)
  }

  /** Ends and removes it, with the volumes that are its own. Never throws: it must not hide how the build went. */
  async remove(): Promise<void> {
    await removeContainer(this.#api, this.#id)
  }

  async #unpack(path: string, body: Readable): Promise<void> {
    await this.#api.send({ ...this.#at('PUT', '/archive'), query: { path }, headers: TAR, body }).then(drain)
  }

  #archive(path: string, accept: readonly number[] = []): ReturnType<EngineApi['send']> {
    return this.#api.send({ ...this.#at('GET', '/archive'), query: { path }, accept })
  }

  #at<Method extends string>(method: Method, rest: string): { method: Method; path: string; signal: AbortSignal } {
    return { method, path: `/containers/${this.#id}${rest}`, signal: this.#signal }
  }
}

/** Removes a container by its id or name; one that is not there is no error, and neither is a daemon that has gone. */
export async function removeContainer(api: EngineApi, id: string): Promise<void> {
  const query = { force: '1', v: '1' }
  const signal = AbortSignal.timeout(CLEANUP_MS)
  await api
    .send({ method: 'DELETE', path: `/containers/${id}`, query, accept: [404, 409], signal })
    .then(drain)
    .catch(() => undefined)
}

async function readInto(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of readLines(stream)) onLine(line)
}

function drain(answer: Readable): void {
  answer.resume()
}

function asError(error: unknown): Error {
  return error as Error
}
