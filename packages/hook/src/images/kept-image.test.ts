import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { Cluster, digestOf } from './images.fixture.js'
import { keepFor, keptImage, type KeptImage } from './kept-image.js'
import { openPlaces } from './places.js'
import type { ImageRecord } from './record.js'
import type { Scope } from './scope.js'

const KEY = 'a'.repeat(64)
const MAIN: Scope = { own: 'octo/app@main', readable: ['octo/app@main'], trusted: true }
const PULL: Scope = { own: 'octo/app@7#pull', readable: ['octo/app@7#pull', MAIN.own], trusted: false }
const PULL_REF = `localhost:31500/kaniko/actions@${digestOf('1')}`
const HOUR_MS = 3_600_000

let cluster: Cluster
beforeEach(async () => (cluster = await Cluster.start()))
afterEach(async () => cluster.stop())

/** The record of a job elsewhere, on a runner that is gone. */
function kept(over: Partial<ImageRecord> = {}): Omit<ImageRecord, 'version' | 'runner'> {
  return {
    key: KEY,
    job: 'octo/app run 0 job build',
    images: [cluster.image('tag', '1')],
    pullRef: PULL_REF,
    keep: { scope: MAIN.own, until: new Date(Date.now() + HOUR_MS).toISOString() },
    ...over
  }
}

async function look(scope: Scope | undefined = MAIN, keep = '1h', repository?: string): Promise<KeptImage | undefined> {
  const call = cluster.call('me', { keep, ...(repository === undefined ? {} : { repository }) })
  return keptImage(call, KEY, scope, await openPlaces(call))
}

const HEAD = `HEAD /v2/kaniko/actions/manifests/${digestOf('1')}`

describe('an image of another job', () => {
  test('is used after the registry was asked for its digest', async () => {
    await cluster.record('other', kept())
    expect(await look()).toEqual({ pullRef: PULL_REF, origin: 'was kept by octo/app run 0 job build' })
    expect(cluster.asked).toEqual([HEAD])
  })

  test('is used for ever when it is kept for ever', async () => {
    await cluster.record('other', kept({ keep: { scope: MAIN.own } }))
    expect(await look()).toBeDefined()
  })

  test('of a branch is used by a pull request to it, and not the other way round', async () => {
    await cluster.record('other', kept())
    expect(await look(PULL)).toBeDefined()
    cluster.secrets.clear()
    await cluster.record('other', kept({ keep: { scope: PULL.own } }))
    expect(await look(MAIN)).toBeUndefined()
    expect(await look(PULL)).toBeDefined()
  })

  const unusable: Readonly<Record<string, () => Partial<ImageRecord>>> = {
    'has expired': () => ({ keep: { scope: MAIN.own, until: new Date(Date.now() - 1).toISOString() } }),
    'has no readable time': () => ({ keep: { scope: MAIN.own, until: 'tomorrow' } }),
    'goes with its job': () => ({ keep: undefined }),
    'is being built': () => ({ pullRef: undefined }),
    'has no digest': () => ({ images: [cluster.image('tag')] }),
    'is in another registry': () => ({ images: [{ pushRef: 'ghcr.io/acme/actions:tag', digest: digestOf('1') }] }),
    'has a key that differs in the last place, where no label reaches': () => ({ key: `${'a'.repeat(63)}b` }),
    'is of no readable scope': () => ({ keep: { scope: 'octo/app@main#pull' } })
  }
  test.each(Object.entries(unusable))('that %s is not used', async (_, over) => {
    await cluster.record('other', kept(over()))
    expect(await look()).toBeUndefined()
    expect(cluster.asked).toEqual([])
  })

  test('is not used without a keep policy, nor by a job of which too little is known', async () => {
    await cluster.record('other', kept())
    expect(await look(MAIN, 'delete')).toBeUndefined()
    const call = cluster.call('me', { keep: '1h' })
    expect(await keptImage(call, KEY, undefined, await openPlaces(call))).toBeUndefined()
    expect(cluster.asked).toEqual([])
  })

  test('that somebody removed from the registry is built anew, and its record goes', async () => {
    cluster.answer = () => 404
    await cluster.record('other', kept())
    expect(await look()).toBeUndefined()
    expect(cluster.asked).toEqual([HEAD])
    expect(cluster.secrets.size).toBe(0)
  })

  test.each([401, 403, 405])(
    'of which the registry does not tell (%i) is built anew; its record stays',
    async status => {
      cluster.answer = () => status
      await cluster.record('other', kept())
      expect(await look()).toBeUndefined()
      expect(cluster.secrets.size).toBe(1)
      expect(cluster.printed).toEqual([expect.stringMatching(/^The kept image \S+:tag cannot be used: .*40\d/)])
    }
  )

  test('is used when another one of the same key is gone', async () => {
    await cluster.record('other', kept({ images: [cluster.image('gone', '2')] }))
    await cluster.record('third', kept())
    cluster.answer = line => (line.includes(digestOf('2')) ? 404 : undefined)
    expect(await look()).toBeDefined()
    expect(cluster.secrets.size).toBe(1)
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
    cluster.answer = line => (line.endsWith('/tag') ? undefined : 404)
    expect(await look()).toBeUndefined()
    expect(cluster.asked).toEqual([HEAD])
  })
})

describe('an image of this job', () => {
  test('is used without a question, and without a policy', async () => {
    await cluster.record('me', kept({ job: 'octo/app run 1 job build', keep: undefined }))
    expect(await look(undefined, 'delete')).toEqual({ pullRef: PULL_REF, origin: 'was built earlier in this job' })
    expect(cluster.asked).toEqual([])
  })

  test.each([
    ['of the same name on another runner', 'other', 'octo/app run 1 job build'],
    ['before it on this runner', 'me', 'octo/app run 1 job test']
  ])('is not that of a job %s', async (_, runner, job) => {
    await cluster.record(runner, kept({ job, keep: undefined }))
    expect(await look()).toBeUndefined()
  })
})

test('a Secret that is no record is passed over', async () => {
  const name = await cluster.record('other', kept())
  const secret = cluster.secrets.get(name)
  for (const text of ['{', '{"version":2}', '{"version":1,"key":1}']) {
    cluster.secrets.set(name, { ...secret, data: { record: Buffer.from(text).toString('base64') } })
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
