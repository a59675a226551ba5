import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ApiServer, ended, type Refusal, refused, running, waiting } from '@kaniko-hooks/testing'
import { findPod } from './find-pod.js'
import { Kube } from './kube.js'
import { untilGone } from './until-gone.js'
import { waitForPod } from './wait-for-pod.js'

let server: ApiServer
let kube: Kube
let told: string[]

beforeEach(async () => {
  server = await ApiServer.start()
  server.mayWatch = true
  server.onCreate('pods', pod => (pod.status = waiting(pod, 'ContainerCreating', '')))
  told = []
  kube = new Kube(server.config, { retryForMs: 1_000, onWatch: sentence => void told.push(sentence) })
})
afterEach(async () => {
  kube.close()
  await server.stop()
})

const plain: V1Pod = { metadata: { name: 'a', labels: { 'job-name': 'j' } }, spec: { containers: [{ name: 'main' }] } }

function begin(): void {
  const pod = server.get('pods', 'a')
  if (pod !== undefined) pod.status = running(pod)
}

const started = (): Promise<V1Pod> => waitForPod(kube, 'a', 'running', { timeoutMs: 10_000 })
const looks = (): number => server.asked.filter(line => line === 'GET pods/a').length

/** Until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries += 1) await sleep(10)
  expect(holds()).toBe(true)
}

describe('a pod that is watched', () => {
  test('is not looked at any more within two seconds', async () => {
    server.put('pods', structuredClone(plain))
    const wait = started()
    await until(() => server.watches.count === 1)
    await sleep(100)
    const before = looks()
    // Long for who looks ten times in a second, and short of the two seconds.
    await sleep(300)
    begin()
    await wait
    expect(looks()).toBe(before)
    expect(server.watched).toEqual(['WATCH pods metadata.name=a'])
    expect(told).toEqual(['Pods are watched.'])
  })

  test('and is deleted is missed by the look that follows', async () => {
    server.put('pods', structuredClone(plain))
    const wait = started()
    await until(() => server.watches.count === 1)
    server.remove('pods', 'a')
    await expect(wait).rejects.toMatchObject({ code: 'POD_FAILED', reason: 'Deleted' })
    expect(looks()).toBe(2)
  })

  test('and replaced is no more the same', async () => {
    server.put('pods', structuredClone(plain))
    const wait = started()
    await until(() => server.watches.count === 1)
    server.remove('pods', 'a')
    server.put('pods', structuredClone(plain))
    await expect(wait).rejects.toMatchObject({ code: 'POD_FAILED', reason: 'Replaced' })
  })

  test('is not taken for the one that had its name before, of whose end the watch tells late', async () => {
    server.put('pods', structuredClone(plain))
    kube.watchPod('a').open()
    await until(() => kube.watchPod('a').events === 1)
    server.watches.isStalled = true
    server.remove('pods', 'a')
    const known = server.put('pods', structuredClone(plain))
    const wait = waitForPod(kube, 'a', 'running', { timeoutMs: 10_000, known: structuredClone(known) })
    await until(() => looks() > 0)
    begin()
    server.watches.isStalled = false
    expect((await wait).metadata?.uid).toBe(known.metadata?.uid)
  })

  test('is waited for until it is gone', async () => {
    server.put('pods', structuredClone(plain))
    server.lingerMs = 400
    await kube.delete('pods', 'a', { gracePeriodSeconds: 1 })
    await untilGone(kube, 'a', AbortSignal.timeout(5_000))
    expect(server.names('pods')).toEqual([])
    expect(looks()).toBe(2)
  })

  test('keeps its watch for the next wait, and two waits have one', async () => {
    server.put('pods', structuredClone(plain))
    const waits = [started(), started()]
    await until(() => server.watches.count === 1)
    begin()
    await Promise.all(waits)
    const wait = waitForPod(kube, 'a', 'ended', { timeoutMs: 10_000 })
    await until(() => looks() === 3)
    const pod = server.get('pods', 'a')
    if (pod !== undefined) pod.status = ended(pod, { main: 0 })
    await wait
    expect(looks()).toBe(3)
    expect(server.watched).toHaveLength(1)
  })
})

describe('a pod that a controller makes', () => {
  const isOurs = ({ metadata }: V1Pod): boolean => metadata?.name === 'a'
  const find = async (timeoutMs = 5_000): Promise<V1Pod | undefined> =>
    findPod(kube, 'job-name=j', isOurs, {
      timeoutMs: () => timeoutMs,
      pause: () => 100,
      signal: AbortSignal.timeout(9_000)
    })

  test('is told of, and nothing is listed', async () => {
    kube.watchPods({ labelSelector: 'job-name=j' }).open()
    await until(() => server.watches.count === 1)
    const found = find()
    await sleep(300)
    server.put('pods', { metadata: { name: 'other', labels: { 'job-name': 'j' } } })
    server.put('pods', structuredClone(plain))
    expect((await found)?.metadata?.name).toBe('a')
    expect(server.asked).toEqual([])
    // Whoever waits for this pod then needs no watch of its own.
    const wait = waitForPod(kube, 'a', 'running', { timeoutMs: 10_000, known: await found })
    begin()
    await wait
    expect(server.asked).toEqual([])
    expect(server.watched).toEqual(['WATCH pods job-name=j'])
  })

  test('is listed where the role has no watch, and not all the time', async () => {
    server.mayWatch = false
    const found = find()
    await sleep(900)
    server.put('pods', structuredClone(plain))
    expect((await found)?.metadata?.name).toBe('a')
    expect(server.asked.length).toBeLessThan(15)
    expect(server.watched).toHaveLength(1)
  })

  test('is given up', async () => {
    server.mayWatch = false
    expect(await find(200)).toBeUndefined()
  })
})

describe('a watch that tells nothing', () => {
  test('since the role has none is asked for once, and polling goes on', async () => {
    server.mayWatch = false
    server.put('pods', structuredClone(plain))
    const wait = started()
    await until(() => looks() > 2)
    begin()
    await wait
    await started()
    expect(server.watched).toHaveLength(1)
    expect(told).toEqual([
      expect.stringMatching(/^Pods are polled, since they cannot be watched: .*cannot watch resource/)
    ])
  })

  test('since another client was refused is not asked for', async () => {
    server.mayWatch = false
    server.put('pods', structuredClone(plain))
    const other = new Kube(server.config)
    const first = waitForPod(other, 'a', 'running', { timeoutMs: 10_000 })
    await until(() => other.mustPoll)
    kube.pollPods()
    const wait = started()
    await until(() => looks() > 2)
    begin()
    await Promise.all([first, wait])
    other.close()
    expect(server.watched).toHaveLength(1)
    expect(told).toEqual(['Pods are polled, since they cannot be watched: an earlier call of this job was refused.'])
  })

  test.each<[string, Refusal]>([
    ['since the server is busy', refused(429, 'TooManyRequests', 'later')],
    ['since the server fails', refused(500, 'InternalError', 'no')],
    ['since its history has expired', refused(410, 'Expired', 'too old')]
  ])('%s does not hide what happens', async (_, refusal) => {
    server.intercept('WATCH pods', () => refusal)
    server.put('pods', structuredClone(plain))
    const wait = started()
    await until(() => server.watched.length > 0)
    begin()
    await wait
    expect(looks()).toBeGreaterThan(1)
  })

  test.each(['gone', 'end', 'cut'] as const)('any more (%s) is replaced, and polling goes on until then', async how => {
    server.put('pods', structuredClone(plain))
    const wait = started()
    await until(() => server.watches.count === 1)
    server.watches.end(how)
    await until(() => server.watched.length === 2)
    begin()
    await wait
    expect(looks()).toBeGreaterThan(1)
  })

  test('as its connection is held does not hide what happens', async () => {
    server.watches.isStalled = true
    server.put('pods', structuredClone(plain))
    const wait = started()
    await until(() => server.watches.count === 1)
    begin()
    expect((await wait).status?.phase).toBe('Running')
    expect(looks()).toBe(2)
  })

  test('but what is older than the last look ends no wait', async () => {
    server.put('pods', structuredClone(plain))
    begin()
    server.watches.isStalled = true
    await started()
    const pod = server.get('pods', 'a')
    const wait = waitForPod(kube, 'a', 'ended', { timeoutMs: 10_000, known: pod })
    await until(() => server.watches.count === 1)
    server.watches.isStalled = false
    await sleep(100)
    if (pod !== undefined) pod.status = ended(pod, { main: 0 })
    expect((await wait).status?.phase).toBe('Succeeded')
  })
})
