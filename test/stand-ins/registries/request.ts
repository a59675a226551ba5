import { request as send, type IncomingHttpHeaders } from 'node:http'
import { request as sendOverTls } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Options {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Authority of the server's certificate, as PEM. */
  readonly ca?: string
}

/** A busy node may take a ready pod out of its Service for a moment. */
const REFUSED_MS = 60_000

/** One HTTP request from this machine. Any status is an answer; only a connection that fails is an error. */
export async function request(url: string, options: Options = {}): Promise<Answer> {
  const until = Date.now() + REFUSED_MS
  for (;;) {
    try {
      return await requestOnce(url, options)
    } catch (error) {
      // Nothing was sent.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || Date.now() > until) throw error
      await sleep(500)
    }
  }
}

function requestOnce(url: string, { body, ...rest }: Options): Promise<Answer> {
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
