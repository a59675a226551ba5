import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { text } from 'node:stream/consumers'

/** Listens on all addresses, with TLS when there are files for it. No request is ever too slow. */
export function serve(
  port: number,
  tls: { readonly certificate: string; readonly key: string } | undefined,
  listener: RequestListener
): void {
  const options = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 }
  const server =
    tls === undefined
      ? createServer(options, listener)
      : createTlsServer({ ...options, cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, listener)
  server.listen(port)
}

/** The scheme of a request's Authorization header; the rest of it is nobody's business. */
export function authorizationScheme({ headers }: IncomingMessage): string | null {
  return headers.authorization?.split(' ')[0] ?? null
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {}
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** Reads a request's body as text. */
export function bodyOf(request: IncomingMessage): Promise<string> {
  return text(request)
}
