import { describe, expect, test } from '@jest/globals'
import { KubeError } from './errors.js'
import type { KubeErrorDetails } from './errors.js'
import { backOffMs, retryVerdict, withRetry } from './retry.js'

const unreachable = new KubeError('UNREACHABLE', 'gone')

test.each<[string, Error, string]>([
  ['no answer', unreachable, 'outage'],
  ['a certificate that is not trusted', new KubeError('UNREACHABLE', '', { fault: 'configuration' }), 'never'],
  ['a lost stream', new KubeError('STREAM_LOST', ''), 'never'],
  ['something else', new Error('bug'), 'never'],
  ...(
    [
      [{ status: 408 }, 'outage'],
      [{ status: 429 }, 'outage'],
      [{ status: 502 }, 'outage'],
      [{ status: 503 }, 'outage'],
      [{ status: 504 }, 'outage'],
      [{ status: 500 }, 'briefly'],
      [{ status: 401 }, 'briefly'],
      [{ status: 409, reason: 'Conflict' }, 'briefly'],
      [{ status: 409, reason: 'AlreadyExists' }, 'never'],
      [{ status: 403 }, 'never'],
      [{ status: 404 }, 'never'],
      [{ status: 422 }, 'never']
    ] as [KubeErrorDetails, string][]
  ).map(([details, verdict]): [string, Error, string] => [
    JSON.stringify(details),
    new KubeError('API', '', details),
    verdict
  ])
])('%s is repeated: %p', (_name, error, verdict) => {
  expect(retryVerdict(error)).toBe(verdict)
})

test('pauses double up to ten seconds, and are spread by half', () => {
  expect([1, 2, 3, 7, 8, 30].map(attempt => backOffMs(attempt, 1))).toEqual([100, 200, 400, 6400, 10_000, 10_000])
  expect(backOffMs(3, 0)).toBe(200)
})

describe('withRetry', () => {
  const failing = (times: number, error: KubeError) => (number: number) =>
    number < times ? Promise.reject(error) : Promise.resolve(number)

  test('repeats until it succeeds, and tells each repetition', async () => {
    const told: string[] = []
    const options = { budgetMs: () => 60_000, onRetry: (why: string) => told.push(why) }
    await expect(withRetry(failing(2, unreachable), options)).resolves.toBe(2)
    expect(told).toHaveLength(2)
    expect(told[0]).toMatch(/^gone Trying again in 0\.1 s\.$/)
  })

  test('a failure that is as likely to stay is tried five times', async () => {
    const broken = new KubeError('API', 'webhook', { status: 500 })
    await expect(withRetry(failing(4, broken), { budgetMs: () => 60_000 })).resolves.toBe(4)
    await expect(withRetry(failing(5, broken), { budgetMs: () => 60_000 })).rejects.toBe(broken)
  })

  test('gives up when the next try would come after the budget', async () => {
    await expect(withRetry(failing(99, unreachable), { budgetMs: () => 300 })).rejects.toBe(unreachable)
  })

  test('does not come back before the server wants it', async () => {
    const busy = new KubeError('API', 'busy', { status: 429, retryAfterMs: 60_000 })
    // The wait alone is over the budget: a shorter pause would have been within it.
    await expect(withRetry(failing(1, busy), { budgetMs: () => 50_000 })).rejects.toBe(busy)
  })

  test('a signal ends the pause', async () => {
    const controller = new AbortController()
    const options = { budgetMs: () => 60_000, signal: controller.signal, onRetry: () => controller.abort('enough') }
    await expect(withRetry(failing(9, unreachable), options)).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'enough'
    })
  })
})
