import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ended, running } from '@kaniko-hooks/testing'

import { read } from '../options/options.fixture.js'
import { Bench, container } from '../job/call.fixture.js'
import type { HealthOptions } from '../options/health.js'
import { awaitHealthy, changesUnknownCheck, checkedServices } from './health.js'
import type { Service } from './service.js'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.start()
  bench.server.put('pods', {
    metadata: { name: 'pod' },
    spec: { containers: ['redis', 'postgres'].map(name => ({ name, image: name })) }
  })
})
afterEach(async () => bench.stop())

/** Fast, so that no test waits for Docker's pauses. */
const OFTEN = { intervalMs: 5, retries: 3 }

function service(name: string, health: Partial<HealthOptions>): Service {
  const args = container({ image: name })
  const options = { ...read(''), health: { disabled: false, ...health } }
  return {
    title: `the ${name}`,
    container: name,
    image: name,
    args,
    hosts: [name],
    oddHosts: [],
    options,
    hasOwnPod: false
  }
}

async function healthy(...services: readonly Service[]): Promise<void> {
  const checked = checkedServices(services, () => 'pod')
  return awaitHealthy(bench.call(), checked, new AbortController().signal)
}

test('services without a check of their own are not asked', async () => {
  await healthy(service('redis', {}), service('postgres', { disabled: true, command: 'pg_isready' }))
  expect(bench.server.asked).toEqual([])
})

test('a service is asked until it is healthy; its check is input of its shell, and no word of the command', async () => {
  const inputs: string[] = []
  bench.server.exec = async ({ stdin, command }) => {
    let input = ''
    for await (const piece of stdin) input += String(piece)
    inputs.push(input)
    expect(command).toEqual(['sh'])
    return inputs.length < 3 ? 1 : 0
  }
  await healthy(service('redis', { command: 'redis-cli ping || exit 1', ...OFTEN, retries: 1000 }))
  expect(inputs).toHaveLength(3)
  expect(inputs[0]).toBe('{\nredis-cli ping || exit 1\n} </dev/null\nexit $?\n')
  expect(bench.printed).toEqual(['the redis service is healthy.'])
})

test('one that is never healthy fails, with the last words of its check and its log; the others are not waited for', async () => {
  bench.server.exec = async ({ container: name, print }) =>
    name === 'redis' ? print('LOADING\n::error::x\n').then(() => 2) : 1
  bench.server.logs.print('pod', 'redis', 'its log')
  const slow = service('postgres', { command: 'x', retries: 1_000_000, intervalMs: 5 })
  await expect(healthy(service('redis', { command: 'x', ...OFTEN }), slow)).rejects.toMatchObject({
    code: 'POD_FAILED',
    fault: 'user',
    message:
      'The service the redis (redis) is unhealthy: its health check failed 3 times, at last with exit code 2: LOADING\n::error::x'
  })
  expect(bench.printed).toEqual(expect.arrayContaining(['::group::Log of service the redis', 'its log']))
})

test('failures in the start period do not count', async () => {
  let asked = 0
  bench.server.exec = () => ((asked += 1) < 10 ? 1 : 0)
  await healthy(service('redis', { command: 'x', intervalMs: 5, retries: 1, startPeriodMs: 3_600_000 }))
  expect(asked).toBe(10)
})

test('a check that does not answer in its time has failed', async () => {
  bench.server.exec = async () => new Promise(() => undefined)
  await expect(
    healthy(service('redis', { command: 'sleep 9', timeoutMs: 20, intervalMs: 5, retries: 1 }))
  ).rejects.toThrow(
    /failed once, at last without an answer: sh in container redis of pod pod did not end within 0.02 s/
  )
})

test('a service that ends before it is healthy fails at once, with its exit code', async () => {
  const pod = bench.server.get('pods', 'pod')
  bench.server.exec = () => {
    if (pod !== undefined) pod.status = ended(pod, { redis: 3 })
    return 1
  }
  await expect(healthy(service('redis', { command: 'x', intervalMs: 5, retries: 1_000_000 }))).rejects.toThrow(
    'The service the redis (redis) ended with exit code 3 (Error) before it was healthy.'
  )
  if (pod !== undefined) pod.status = running(pod)
})

test('options that change a check which only the image has are noticed', () => {
  expect(changesUnknownCheck({ disabled: false, intervalMs: 5 })).toBe(true)
  expect(changesUnknownCheck({ disabled: false })).toBe(false)
  expect(changesUnknownCheck({ disabled: true, retries: 1 })).toBe(false)
  expect(changesUnknownCheck({ disabled: false, command: 'x', retries: 1 })).toBe(false)
})
