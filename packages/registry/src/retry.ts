import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { RegistryError } from './errors.js'
import { aborted, type Answer, exchange, isPassing, type Request, type Wire } from './exchange.js'

/** A longer Retry-After is not waited for: a runner's job would only look hung. */
const MAX_PAUSE_MS = 10_000

/**
 * Asks until there is an answer that another try within seconds would not change, or the tries are used up. A
 * Retry-After is obeyed.
 *
 * @returns the last answer, whatever its status
 * @throws RegistryError as `exchange` does
 */
export async function persist(wire: Wire, request: Request): Promise<Answer> {
  for (let tried = 0; ; tried++) {
    const last = tried >= (request.retries ?? wire.retries)
    let pause = wire.pauseMs * 2 ** tried
    try {
      const answer = await exchange(wire, request)
      if (last || !isRetriable(answer.status)) return answer
      pause = Math.max(pause, retryAfter(answer.headers))
      if (pause > MAX_PAUSE_MS) return answer
    } catch (error) {
      if (last || !(error instanceof RegistryError) || !isPassing(error)) throw error
    }
    await rest(pause, request)
  }
}

async function rest(ms: number, request: Request): Promise<void> {
  try {
    // Several runners meet the same fault at the same moment; they need not come back together.
    await sleep(ms * (1 + Math.random() / 4), undefined, request.signal === undefined ? {} : { signal: request.signal })
  } catch (cause) {
    throw aborted(request, cause)
  }
}

function isRetriable(status: number): boolean {
  return status === 429 || status === 500 || (status >= 502 && status <= 504)
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now; 0 without one. */
function retryAfter(headers: IncomingHttpHeaders): number {
  const value = headers['retry-after']
  if (value === undefined) return 0
  const seconds = Number(value)
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}
