import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect } from '@jest/globals'
import { RegistryError } from './errors.js'

const OPENSSL = 'openssl'

/** A small real HTTP server for tests; it keeps what was asked of it. */
export interface FakeRegistry {
  readonly host: string
  /** With the scheme. */
  readonly origin: string
  /** `METHOD path`, in order. */
  readonly asked: readonly string[]
  readonly headers: readonly IncomingMessage['headers'][]
  readonly bodies: readonly string[]
  stop(): Promise<void>
}

/** Answers a request after its body was read. */
export type Handler = (request: IncomingMessage, response: ServerResponse, nth: number, body: string) => void

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export async function startFakeRegistry(handler: Handler, certificate?: Certificate): Promise<FakeRegistry> {
  const asked: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const bodies: string[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
      headers.push(request.headers)
      bodies.push(body)
      handler(request, response, asked.length, body)
    })
  }
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  return {
    host,
    origin: `${certificate === undefined ? 'http' : 'https'}://${host}`,
    asked,
    headers,
    bodies,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

/**
 * For a file of tests: starts servers, each of which ends with the test that started it.
 *
 * @param started where they are found while that test runs
 */
export function servers(
  started: FakeRegistry[] = []
): (handler: Handler, certificate?: Certificate) => Promise<FakeRegistry> {
  afterEach(async () => {
    await Promise.all(started.splice(0).map(server => server.stop()))
  })
  return async (handler, certificate) => {
    const server = await startFakeRegistry(handler, certificate)
    started.push(server)
    return server
  }
}

/** The error that a promise is rejected with, which has to be ours. */
export async function failure(promise: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error).toBeInstanceOf(RegistryError)
  return error as RegistryError
}

/** Answers with a status and an error body of the distribution specification. */
export function answerProblem(response: ServerResponse, status: number, code: string, message = 'no'): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message, detail: {} }] }))
}

/** Answers 401 with a challenge. */
export function answerChallenge(response: ServerResponse, wwwAuthenticate: string): void {
  response.writeHead(401, { 'www-authenticate': wwwAuthenticate }).end()
}

export function answerJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A private authority in one: a certificate for 127.0.0.1, signed by itself, made by openssl. */
export function selfSigned(): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'registry-certificate-'))
  const cert = join(directory, 'cert.pem')
  const key = join(directory, 'key.pem')
  try {
    const names = ['-subj', '/CN=local', '-addext', 'subjectAltName=IP:127.0.0.1']
    const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync(OPENSSL, ['req', '-x509', ...keyKind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
