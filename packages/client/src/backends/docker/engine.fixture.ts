import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Parser } from 'tar'
import { packFiles } from './pack-files.js'

/** A container as the daemon was asked for it. */
export interface AskedContainer {
  readonly name: string
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly Env: readonly string[]
    readonly Cmd: readonly string[]
  }
  /** `mode path` of what was written into it, with the contents of files. */
  readonly files: Map<string, { readonly mode: number; readonly content: string }>
  isRemoved: boolean
}

export interface FakeEngine {
  readonly socket: string
  readonly containers: AskedContainer[]
  /** `METHOD path`, in order. */
  readonly asked: string[]
  readonly headers: IncomingMessage['headers'][]
  stop(): Promise<void>
}

export interface EngineScript {
  /** What a container prints, and its exit code; undefined for one that runs until it is removed. */
  readonly run?: (
    container: AskedContainer
  ) => { readonly lines: readonly string[]; readonly exitCode: number } | undefined
  /** Contents of files that are read back, by their path. */
  readonly left?: (path: string, container: AskedContainer) => Buffer | undefined
  readonly version?: object
  /** Lines of progress of a push. */
  readonly pushed?: readonly object[]
}

/** A Docker daemon that runs nothing, on a socket of its own. */
export async function startFakeEngine(script: EngineScript = {}): Promise<FakeEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'engine-'))
  const socket = join(directory, 'docker.sock')
  const containers: AskedContainer[] = []
  const asked: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const attached = new Map<AskedContainer, ServerResponse>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://docker')
    asked.push(`${request.method ?? ''} ${pathname}`)
    headers.push(request.headers)
    const json = (value: unknown, status = 200): void => void response.writeHead(status).end(JSON.stringify(value))
    const [, id = '', verb = ''] = /^\/containers\/([^/]+)(?:\/(\w+))?$/.exec(pathname) ?? []
    const container = containers.find(({ name }) => name === id)
    if (pathname === '/version') json({ Os: 'linux', Arch: 'amd64', ...script.version })
    else if (pathname === '/images/load') {
      for await (const _ of request);
      json({ stream: 'Loaded' })
    } else if (/^\/images\/.*\/push$/.test(pathname)) {
      response.writeHead(200).end((script.pushed ?? []).map(line => `${JSON.stringify(line)}\r\n`).join(''))
    } else if (pathname.startsWith('/images/')) json({ message: 'here' })
    else if (pathname === '/containers/create') {
      const spec = JSON.parse(await textOf(request)) as AskedContainer['spec']
      containers.push({ name: searchParams.get('name') ?? '', spec, files: new Map(), isRemoved: false })
      json({ Id: searchParams.get('name') }, 201)
    } else if (container === undefined) json({ message: 'No such container' }, 404)
    else if (request.method === 'PUT') {
      await unpackInto(container, searchParams.get('path') ?? '', request)
      json({})
    } else if (verb === 'attach') {
      response.writeHead(200)
      response.flushHeaders()
      attached.set(container, response)
    } else if (verb === 'start') {
      json({}, 204)
      const ran = script.run === undefined ? { lines: [], exitCode: 0 } : script.run(container)
      for (const line of ran?.lines ?? ['begun']) attached.get(container)?.write(frame(`${line}\n`))
      if (ran !== undefined) attached.get(container)?.end()
    } else if (verb === 'wait') json({ StatusCode: 0 })
    else if (verb === 'json') {
      json({ State: { Running: false, ExitCode: script.run?.(container)?.exitCode ?? 0 } })
    } else if (verb === 'archive') {
      const content = script.left?.(searchParams.get('path') ?? '', container)
      if (content === undefined) json({ message: 'Could not find the file' }, 404)
      else response.writeHead(200).end(packFiles([{ path: 'file', mode: 0o600, content }]))
    } else if (request.method === 'DELETE') {
      container.isRemoved = true
      attached.get(container)?.end()
      json({}, 204)
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(resolve => server.listen(socket, resolve))
  return {
    ...{ socket, containers, asked, headers },
    stop: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await rm(directory, { recursive: true })
    }
  }
}

function frame(text: string): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

async function unpackInto({ files }: AskedContainer, path: string, request: IncomingMessage): Promise<void> {
  const parser = new Parser({
    onReadEntry: entry => {
      const chunks: Buffer[] = []
      entry.on('data', (chunk: Buffer) => chunks.push(chunk))
      entry.on('end', () => {
        files.set(join(path, entry.path), { mode: entry.mode ?? 0, content: Buffer.concat(chunks).toString('utf8') })
      })
    }
  })
  const ended = new Promise(resolve => parser.on('end', resolve))
  for await (const chunk of request) parser.write(chunk as Buffer)
  parser.end()
  await ended
}
