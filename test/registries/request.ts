import { request as send, type IncomingHttpHeaders } from 'node:http'
import { request as sendOverTls } from 'node:https'
import { text } from 'node:stream/consumers'

/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One HTTP request from this machine. Any status is an answer; only a connection that fails is an error. */
export function request(
  url: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
    /** Authority of the server's certificate, as PEM. */
    readonly ca?: string
  } = {}
): Promise<Answer> {
  const { body, ...rest } = options
  return new Promise((resolve, reject) => {
    const outgoing = (url.startsWith('https:') ? sendOverTls : send)(url, { ...rest, agent: false, timeout: 10_000 })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url} did not answer within 10 s`)))
    outgoing.on('error', reject)
    outgoing.on('response', incoming => {
      text(incoming).then(
        content => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: content }),
        reject
      )
    })
    outgoing.end(body)
  })
}
