import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { Cluster, digestOf, tagOf } from '../images.fixture.js'
import { builtInThisJob, keepFor, keptDigest, ownDigest } from './kept-image.js'
import { openPlaces } from '../destinations/places.js'
import type { ImageRecord } from './record.js'
import type { Scope } from './scope.js'

const KEY = 'a'.repeat(64)
const CONTENT_KEY = 'c'.repeat(64)
const MAIN: Scope = { own: 'octo/app@main', readable: ['octo/app@main'], trusted: true, lasting: true }
const PULL: Scope = { own: 'octo/app@7#pull', readable: ['octo/app@7#pull', MAIN.own], trusted: false, lasting: true }
const HOUR_MS = 3_600_000

let cluster: Cluster
beforeEach(async () => (cluster = await Cluster.start()))
afterEach(async () => cluster.stop())

/** The record of a job elsewhere, on a runner that is gone. */
function kept(over: Partial<ImageRecord> = {}): Omit<ImageRecord, 'version' | 'runner'> {
  return {
    key: KEY,
    contentKey: CONTENT_KEY,
    job: 'octo/app run 0 job build',
    images: [cluster.image('tag', '1')],
    keep: { scope: MAIN.own, until: new Date(Date.now() + HOUR_MS).toISOString() },
    ...over
  }
}

async function look(scope: Scope = MAIN, keep = '1h', repository?: string): Promise<string | undefined> {
  const call = cluster.call('me', { keep, ...(repository === undefined ? {} : { repository }) })
  return keptDigest(call, KEY, scope, await openPlaces(call))
}

/** What this job has of its own, on a runner pod of this UID. */
async function own(uid = 'uid of me'): Promise<string | undefined> {
  return ownDigest(await builtInThisJob(cluster.call('me'), uid), CONTENT_KEY)
}

const IMAGE = '/v2/kaniko/actions/manifests'
const HEAD = `HEAD ${IMAGE}/${digestOf('1')}`

describe('an image of another job', () => {
  test('is used after the registry was asked for its digest', async () => {
    await cluster.record('other', kept())
    expect(await look()).toBe(digestOf('1'))
    expect(cluster.asked).toEqual([HEAD])
  })

  test('is used for ever when it is kept for ever', async () => {
    await cluster.record('other', kept({ keep: { scope: MAIN.own } }))
    expect(await look()).toBeDefined()
  })

  test('of a branch is used by a pull request to it, and not the other way round', async () => {
    const ofMain = await cluster.record('other', kept())
    expect(await look(PULL)).toBeDefined()
    cluster.bench.server.remove('secrets', ofMain)
    await cluster.record('other', kept({ keep: { scope: PULL.own } }))
    expect(await look(MAIN)).toBeUndefined()
    expect(await look(PULL)).toBeDefined()
  })

  const unusable: Readonly<Record<string, () => Partial<ImageRecord>>> = {
    'has expired': () => ({ keep: { scope: MAIN.own, until: new Date(Date.now() - 1).toISOString() } }),
    'has no readable time': () => ({ keep: { scope: MAIN.own, until: 'tomorrow' } }),
    'goes with its job': () => ({ keep: undefined }),
    'is being built': () => ({ images: [cluster.image('tag')] }),
    'is in another registry': () => ({ images: [{ pushRef: 'ghcr.io/acme/actions:tag', digest: digestOf('1') }] }),
    'has a key that differs in the last place, where no label reaches': () => ({ key: `${'a'.repeat(63)}b` }),
    'is of no readable scope': () => ({ keep: { scope: 'octo/app@main#pull' } })
  }
  test.each(Object.entries(unusable))('that %s is not used', async (_, over) => {
    await cluster.record('other', kept(over()))
    expect(await look()).toBeUndefined()
    expect(cluster.asked).toEqual([])
  })

  test('that the registry has not, or does not show, is built anew; for others it stays', async () => {
    cluster.answer = () => 404
    await cluster.record('other', kept())
    expect(await look()).toBeUndefined()
    expect(cluster.asked).toEqual([HEAD])
    expect(cluster.secrets).toHaveLength(1)
    expect(cluster.printed).toEqual([expect.stringMatching(/^The kept image \S+ is not used: /)])
    cluster.answer = () => undefined
    expect(await look()).toBe(digestOf('1'))
  })

  test.each([401, 403, 405])(
    'of which the registry does not tell (%i) is built anew; its record stays',
    async status => {
      cluster.answer = () => status
      await cluster.record('other', kept())
      expect(await look()).toBeUndefined()
      expect(cluster.secrets).toHaveLength(1)
      expect(cluster.printed).toEqual([expect.stringMatching(/^The kept image \S+ cannot be used: .*40\d/)])
    }
  )

  test('is used when another one of the same key is gone', async () => {
    // It is kept for longer, so it is asked for first.
    await cluster.record('other', kept({ images: [cluster.image('gone', '2')], keep: { scope: MAIN.own } }))
    await cluster.record('third', kept())
    cluster.answer = line => (line.includes(digestOf('2')) ? 404 : undefined)
    expect(await look()).toBeDefined()
    expect(cluster.secrets).toHaveLength(2)
  })
})

describe('an image that a job pod planted', () => {
  test('is not asked for: a tag says nothing', async () => {
    // The registry answers each question with yes.
    expect(await look()).toBeUndefined()
    expect(cluster.asked).toEqual([])
  })

  test('under the tag of a kept one is not run: what was recorded is a digest', async () => {
    await cluster.record('other', kept())
    cluster.answer = line => (line.startsWith('HEAD') && line.endsWith(`/${tagOf('tag')}`) ? undefined : 404)
    expect(await look()).toBeUndefined()
    expect(cluster.asked[0]).toBe(HEAD)
  })
})

describe('an image of this job', () => {
  const job = 'octo/app run 1.1 job build'

  test('is used without a question, whatever its bases have become', async () => {
    await cluster.record('me', kept({ job, keep: undefined, key: 'b'.repeat(64) }))
    expect(await own()).toBe(digestOf('1'))
    expect(cluster.asked).toEqual([])
  })

  test.each([
    ['on another runner', 'other', job, 'uid of me'],
    ['before it on this runner', 'me', 'octo/app run 1.1 job test', 'uid of me'],
    ['in an earlier attempt', 'me', 'octo/app run 1.0 job build', 'uid of me'],
    ['in a pod that had this name before', 'me', job, 'uid of another']
  ])('is not that of a job %s', async (_, runner, ofJob, uid) => {
    await cluster.record(runner, kept({ job: ofJob, keep: undefined }))
    expect(await own(uid)).toBeUndefined()
  })

  test('is not used when it is not built yet, nor when it may be swept', async () => {
    await cluster.record('me', kept({ job, images: [cluster.image('tag')] }))
    expect(await own()).toBeUndefined()
    await cluster.record('me', kept({ job, keep: { scope: MAIN.own, until: new Date(Date.now() - 1).toISOString() } }))
    expect(await own()).toBeUndefined()
  })
})

test('of two that are kept, the one is used that stays longer', async () => {
  await cluster.record('other', kept({ images: [cluster.image('soon', '2')] }))
  await cluster.record('third', kept({ keep: { scope: MAIN.own } }))
  expect(await look()).toBe(digestOf('1'))
})

test('a registry that does not tell of one is not asked for the next', async () => {
  await cluster.record('other', kept())
  await cluster.record('third', kept({ images: [cluster.image('more', '2')] }))
  cluster.answer = () => 403
  expect(await look()).toBeUndefined()
  expect(cluster.asked).toHaveLength(1)
})

test('a Secret that is no record is passed over', async () => {
  const name = await cluster.record('other', kept())
  const secret = cluster.bench.server.get('secrets', name)
  for (const text of ['{', '{"version":2}', '{"version":1,"key":1}']) {
    Object.assign(secret ?? {}, { data: { record: Buffer.from(text).toString('base64') } })
    expect(await look()).toBeUndefined()
  }
})

describe('how long an image is kept', () => {
  test.each([
    ['delete', MAIN, undefined],
    ['forever', MAIN, { scope: MAIN.own }],
    ['1h', undefined, undefined],
    // A foreign job keeps it where only its own kind looks.
    ['forever', PULL, { scope: PULL.own }]
  ])('%s', (keep, scope, expected) => {
    expect(keepFor(cluster.call('me', { keep }), scope)).toEqual(expected)
  })

  test('12h is twelve hours', () => {
    const until = Date.parse(keepFor(cluster.call('me', { keep: '12h' }), MAIN)?.until ?? '')
    expect(Math.round((until - Date.now()) / HOUR_MS)).toBe(12)
  })
})
