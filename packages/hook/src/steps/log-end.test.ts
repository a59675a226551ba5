import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer, running } from '@kaniko-hooks/testing'

import { readLogEnd } from './log-end.js'

let server: ApiServer
let kube: Kube
beforeEach(async () => {
  server = await ApiServer.start()
  kube = new Kube(server.config, { retryForMs: 1_000 })
  const pod = { metadata: { name: 'pod' }, spec: { containers: [{ name: 'redis', image: 'redis' }] } }
  server.put('pods', { ...pod, status: running(pod) })
})
afterEach(async () => {
  kube.close()
  await server.stop()
})

async function endOf(lines: readonly string[], count: number): Promise<string[]> {
  server.logs.print('pod', 'redis', ...lines)
  return readLogEnd(kube, { pod: 'pod', container: 'redis' }, count, new AbortController().signal)
}

const LEFT_OUT = expect.stringMatching(/left out/)

test('the last lines are read, and nothing is said to be missing', async () => {
  expect(await endOf(['one', 'two', 'three'], 2)).toEqual(['two', 'three'])
})

test('of long lines the last ones stay: they tell how it ended', async () => {
  const long = Array.from({ length: 1_000 }, (_, index) => `${index} ${'x'.repeat(1_000)}`)
  const read = await endOf(long, 1_000)
  expect(read[0]).toEqual(LEFT_OUT)
  expect(read.at(-1)).toBe(long.at(-1))
  expect(read.slice(1)).toEqual(long.slice(1 - read.length))
  expect(read.length).toBeGreaterThan(200)
})

test('a line without an end fills neither memory nor the log', async () => {
  const [before, line = '', after, ...more] = await endOf(['y'.repeat(9 * 1024 * 1024)], 50)
  expect([before, after, more]).toEqual([LEFT_OUT, LEFT_OUT, []])
  expect(line).toBe('y'.repeat(256 * 1024))
})

test('what keeps a log from being read stands in its place', async () => {
  expect(await endOf([], 50)).toEqual([])
  const gone = readLogEnd(kube, { pod: 'gone', container: 'a' }, 1, new AbortController().signal)
  expect(await gone).toEqual([expect.stringContaining('gone')])
})
