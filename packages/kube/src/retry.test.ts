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
      [{ status: 500 }, 'outage'],
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

test('500 is an outage for what is there, and as likely to stay for what is to be made', () => {
  const broken = new KubeError('API', 'etcdserver: leader changed', { status: 500 })
  expect(retryVerdict(broken, 'existing')).toBe('outage')
  expect(retryVerdict(broken, 'create')).toBe('briefly')
})

test('pauses double up to five seconds, and are spread by half', () => {
  expect([1, 2, 3, 6, 7, 30].map(attempt => backOffMs(attempt, 1))).toEqual([100, 200, 400, 3200, 5_000, 5_000])
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

  test('a failure that is as likely to stay is told in seconds, after some tries', async () => {
    const broken = new KubeError('API', 'webhook', { status: 500 })
    const verdict = (): 'briefly' => 'briefly'
    await expect(withRetry(failing(4, broken), { budgetMs: () => 60_000, verdict })).resolves.toBe(4)
    let tries = 0
    const never = async (): Promise<never> => {
      tries += 1
      return Promise.reject(broken)
    }
    await expect(withRetry(never, { budgetMs: () => 60_000, verdict })).rejects.toBe(broken)
    expect(tries).toBeGreaterThan(4)
    expect(tries).toBeLessThan(12)
  }, 20_000)

  test('an outlook shortens the time, or ends it', async () => {
    const away = new KubeError('API', 'error dialing backend', { status: 500 })
    const gone = new KubeError('POD_FAILED', 'gone')
    const budget = { budgetMs: () => 60_000 }
    const soon = { ...budget, outlook: () => Promise.resolve(200) }
    await expect(withRetry(failing(99, away), soon)).rejects.toBe(away)
    const looks: number[] = []
    const outlook = async (_error: KubeError, number: number): Promise<undefined> => {
      looks.push(number)
      return number === 2 ? Promise.reject(gone) : Promise.resolve(undefined)
    }
    await expect(withRetry(failing(99, away), { ...budget, outlook })).rejects.toBe(gone)
    expect(looks).toEqual([0, 1, 2])
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
