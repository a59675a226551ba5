import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { Cluster, digestOf, tagOf } from '../images.fixture.js'
import type { ImageRecord } from './record.js'
import { removeImages, sweepImages } from './remove-images.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BASE = 'DELETE /v2/kaniko/actions/manifests'

let cluster: Cluster
beforeEach(async () => (cluster = await Cluster.start()))
afterEach(async () => cluster.stop())

type Content = Omit<ImageRecord, 'version' | 'runner'>

function built(tag: string, digit?: string, keep?: ImageRecord['keep']): Content {
  const key = 'a'.repeat(64)
  const base = { key, contentKey: key, job: 'octo/app run 1.1 job build', images: [cluster.image(tag, digit)] }
  return { ...base, ...(keep === undefined ? {} : { keep }) }
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
const secrets = (): string[] => cluster.secrets

describe('after a job', () => {
  test('what it built goes, and what it keeps stays; so does what others built', async () => {
    await cluster.record('me', built('mine', '1'))
    const kept = await cluster.record('me', built('kept', '2', { scope: 's' }))
    const other = await cluster.record('other', built('other', '3'))
    expect(await removeImages(cluster.call('me'))).toEqual([])
    expect(cluster.asked).toEqual([`${BASE}/${tagOf('mine')}`, `${BASE}/${digestOf('1')}`])
    expect(secrets()).toEqual([kept, other])
  })

  test('what may have been pushed is found by its tag', async () => {
    await cluster.record('me', built('begun'))
    cluster.answer = () => 404
    expect(await removeImages(cluster.call('me'))).toEqual([])
    expect(cluster.asked).toEqual(['HEAD /v2/kaniko/actions/manifests/' + tagOf('begun')])
    expect(secrets()).toEqual([])
  })

  test('two records of one image are one removal, by its digest', async () => {
    await cluster.record('me', built('tag'))
    await cluster.record('me', built('tag', '1'))
    await cluster.record('me', built('tag'))
    await removeImages(cluster.call('me'))
    expect(cluster.asked).toEqual([`${BASE}/${tagOf('tag')}`, `${BASE}/${digestOf('1')}`])
    expect(secrets()).toEqual([])
  })

  test('a registry that does not delete is a sentence, and is not asked again', async () => {
    cluster.answer = () => 405
    await cluster.record('me', built('tag', '1'))
    expect(await removeImages(cluster.call('me'))).toEqual([
      expect.stringMatching(/^the image \S+\/kaniko\/actions:\S+ stays: .*does not delete/)
    ])
    expect(secrets()).toEqual([])
  })

  test('a registry that is down is a sentence; its record stays for a later job', async () => {
    await cluster.record('me', built('tag', '1'))
    await cluster.stopRegistry()
    expect(await removeImages(cluster.call('me'))).toEqual([
      expect.stringMatching(/^the image \S+ stays: .*cannot be reached/)
    ])
    expect(secrets()).toHaveLength(1)
  })

  test('an image of a registry that the settings do not name any more is a sentence', async () => {
    await cluster.record('me', built('tag', '1'))
    const call = cluster.call('me', { repository: 'ghcr.io/acme/actions' })
    expect(await removeImages(call)).toEqual([expect.stringMatching(/ stays: the settings do not name its registry/)])
    expect(cluster.asked).toEqual([])
    expect(secrets()).toEqual([])
  })

  test('nothing is asked when nothing was built', async () => {
    await cluster.record('other', built('other', '3'))
    expect(await removeImages(cluster.call('me'))).toEqual([])
    expect(cluster.asked).toEqual([])
  })
})

test('the note of a build that was killed after it was recorded removes nothing', async () => {
  await cluster.record('me', built('tag'))
  const kept = await cluster.record('me', built('tag', '1', { scope: 's' }))
  expect(await removeImages(cluster.call('me'))).toEqual([])
  expect(cluster.asked).toEqual([])
  expect(secrets()).toEqual([kept])
})

describe('the sweep', () => {
  /** Whether the image of such a record goes. */
  async function goes(content: Content, { ageMs = 0, namespace = 'runners' } = {}): Promise<boolean> {
    cluster.createdMs = Date.now() - ageMs
    await cluster.record('gone', content, { uid: 'old', namespace })
    await sweepImages(cluster.call('me'))
    const isGone = secrets().length === 0
    expect(cluster.asked).toEqual(isGone ? [`${BASE}/${tagOf('tag')}`, `${BASE}/${digestOf('1')}`] : [])
    return isGone
  }

  test.each([
    ['has expired', ago(11 * MINUTE_MS), true],
    ['has just expired: a job may still pull it', ago(9 * MINUTE_MS), false],
    ['is good for longer', new Date(Date.now() + MINUTE_MS).toISOString(), false],
    ['is kept for ever', undefined, false]
  ])('a kept image that %s', async (_, until, expected) => {
    const keep = { scope: 's', ...(until === undefined ? {} : { until }) }
    // However old it is, and whether its runner lives or not.
    expect(await goes(built('tag', '1', keep), { ageMs: 1000 * HOUR_MS })).toBe(expected)
  })

  test.each([
    ['older than an hour, of a runner that is gone', 61 * MINUTE_MS, undefined, true],
    ['younger', 59 * MINUTE_MS, undefined, false],
    ['of a runner that lives', 61 * MINUTE_MS, 'old', false],
    ['of a runner whose name another one has now', 61 * MINUTE_MS, 'new', true]
  ])('an image that is not kept, %s', async (_, ageMs, uidNow, expected) => {
    if (uidNow !== undefined) cluster.bench.server.put('pods', { metadata: { name: 'gone', uid: uidNow } })
    expect(await goes(built('tag', '1'), { ageMs })).toBe(expected)
  })

  test('leaves what a runner of another namespace built: who is not seen is not gone', async () => {
    expect(await goes(built('tag', '1'), { ageMs: 61 * MINUTE_MS, namespace: 'other-runners' })).toBe(false)
  })

  test('leaves the rest to the next job when there is much', async () => {
    cluster.createdMs = Date.now() - 2 * HOUR_MS
    for (let i = 0; i < 13; i += 1) await cluster.record('gone', built(`tag-${i}`, '1'))
    await sweepImages(cluster.call('me'))
    expect(secrets()).toHaveLength(3)
    await sweepImages(cluster.call('me'))
    expect(secrets()).toEqual([])
  })

  test('gives a registry up that has been down for a day, and says nothing to the job that sweeps', async () => {
    cluster.createdMs = Date.now() - 23 * HOUR_MS
    await cluster.record('gone', built('young', '1'))
    cluster.createdMs = Date.now() - 25 * HOUR_MS
    const old = await cluster.record('gone', built('old', '2'))
    await cluster.stopRegistry()
    await sweepImages(cluster.call('me'))
    expect(secrets()).toHaveLength(1)
    expect(secrets()).not.toContain(old)
    expect(cluster.printed).toEqual([])
    expect(cluster.bench.noted).toEqual([
      expect.stringMatching(/^Sweeping: .* stays/),
      expect.stringMatching(/^Sweeping: .* stays/)
    ])
  })

  test("leaves alone what these settings do not name: another scale set's, or nobody's build", async () => {
    cluster.createdMs = Date.now() - 2 * HOUR_MS
    await cluster.record('gone', built('tag', '1'))
    await cluster.record('gone', {
      ...built('x'),
      images: [{ pushRef: `${cluster.repository}:prod`, digest: digestOf('1') }]
    })
    await sweepImages(cluster.call('me', { repository: 'ghcr.io/acme/actions' }))
    expect(secrets()).toHaveLength(2)
    await sweepImages(cluster.call('me'))
    expect(secrets()).toHaveLength(1)
    expect(cluster.asked).not.toContain(`${BASE}/prod`)
  })

  test('tries a kept image again for a day after its end, however long it was kept', async () => {
    const keep = { scope: 's', until: ago(2 * HOUR_MS) }
    cluster.createdMs = Date.now() - 1000 * HOUR_MS
    await cluster.record('gone', built('tag', '1', keep))
    cluster.answer = () => 429
    await sweepImages(cluster.call('me'))
    expect(secrets()).toHaveLength(1)
  }, 20_000)
})
