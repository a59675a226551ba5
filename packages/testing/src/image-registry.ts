import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A registry in memory that takes images, and refuses what does not have the digest that it was told. */
export interface ImageRegistry {
  readonly host: string
  /** `METHOD path`, in order. */
  readonly asked: readonly string[]
  /** By digest. */
  readonly blobs: ReadonlyMap<string, Buffer>
  /** By `repository:tag` and `repository@digest`. */
  readonly manifests: ReadonlyMap<string, { readonly mediaType: string; readonly content: Buffer }>
  stop(): Promise<void>
}

export interface ImageRegistryOptions {
  /** `user:password` of who may push. */
  readonly credential?: string
  /** Answers in place of the registry if it returns true. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** Starts one on 127.0.0.1, over plain HTTP. */
export async function startImageRegistry({ credential, intercept }: ImageRegistryOptions = {}): Promise<ImageRegistry> {
  const asked: string[] = []
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, { mediaType: string; content: Buffer }>()
  const wanted = credential === undefined ? undefined : `Basic ${Buffer.from(credential).toString('base64')}`
  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { method = '', headers } = request
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://registry')
    const end = (status: number, more = {}): void => void response.writeHead(status, more).end()
    if (wanted !== undefined && headers.authorization !== wanted) {
      end(401, { 'www-authenticate': 'Basic realm="here"' })
      return
    }
    const [, repository = '', kind, name = ''] = /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(pathname) ?? []
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    if (kind === 'blobs' && method === 'HEAD') end(blobs.has(name) ? 200 : 404)
    else if (kind === 'blobs' && method === 'POST')
      end(202, { location: `/v2/${repository}/blobs/uploads/one?state=a` })
    else if (kind === 'blobs' && method === 'PUT') {
      const isRight = searchParams.get('digest') === digest && searchParams.get('state') === 'a'
      if (isRight) blobs.set(digest, body)
      end(isRight ? 201 : 400)
    } else if (kind === 'manifests' && method === 'PUT') {
      const mediaType = headers['content-type'] ?? ''
      manifests.set(name.startsWith('sha256:') ? `${repository}@${name}` : `${repository}:${name}`, {
        mediaType,
        content: body
      })
      end(name.startsWith('sha256:') && name !== digest ? 400 : 201)
    } else end(404)
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    if (intercept?.(request, response) === true) return
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(request, response, Buffer.concat(chunks)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    asked,
    blobs,
    manifests,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
