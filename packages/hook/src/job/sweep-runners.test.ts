import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kaniko-hooks/kube'
import { forbidden } from '@kaniko-hooks/testing'

import { Bench, RUNNER } from './call.fixture.js'
import { sweepRunners } from './sweep-runners.js'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.start()
  // The novolume role has no Jobs.
  bench.server.refuse('GET jobs in jobs', forbidden('list', 'jobs.batch', 'jobs'), Infinity)
})
afterEach(async () => bench.stop())

/** An object of the hook in namespace `jobs`, made by a runner pod. */
function made(name: string, hours: number, runner: string, home = 'runners'): V1Pod {
  const labels = {
    'runner-pod': 'r',
    ...(home === '' ? {} : { 'kaniko-hooks/runner-namespace': home, 'kaniko-hooks/runner-uid': runner })
  }
  const creationTimestamp = new Date(Date.now() - hours * 3_600_000)
  return { metadata: { name, uid: `uid of ${name}`, creationTimestamp, labels } }
}

async function sweep(podNamespace = 'jobs'): Promise<string[]> {
  await sweepRunners(bench.call({ podNamespace }))
  return bench.noted
}

/** What was deleted, and of which UID alone. */
const deleted = (): string[] =>
  bench.server.sightings.flatMap(({ line, body }) => {
    const { preconditions } = (body ?? {}) as { preconditions?: { uid: string } }
    return line.startsWith('DELETE ') ? [`${line} ${preconditions?.uid ?? 'any'}`] : []
  })

describe('sweepRunners', () => {
  test('removes what runners that are gone left, and nothing else', async () => {
    const pods = [
      made('left', 2, 'gone'),
      made('young', 0.5, 'gone'),
      made('of-a-living-runner', 50, `uid of ${RUNNER}`),
      made('of-another-namespace', 50, 'gone', 'others'),
      made('of-another-program', 50, 'gone', ''),
      made('without-a-runner', 50, '')
    ]
    for (const pod of pods) bench.server.put('pods', pod, 'jobs')
    bench.server.put('secrets', made('its-environment', 2, 'gone'), 'jobs')
    expect(await sweep()).toEqual([])
    expect(deleted().sort()).toEqual([
      'DELETE pods/left in jobs uid of left',
      'DELETE secrets/its-environment in jobs uid of its-environment'
    ])
    expect(bench.server.names('pods', 'jobs')).toEqual(pods.slice(1).map(({ metadata }) => metadata?.name))
    expect(bench.server.names('secrets', 'jobs')).toEqual([])
  })

  test('asks for the runners only when somebody may be gone, after what they made', async () => {
    bench.server.put('pods', made('young', 0.5, 'gone'), 'jobs')
    await sweep()
    expect(bench.server.asked).not.toContain('GET pods')
    bench.server.put('pods', made('left', 2, 'gone'), 'jobs')
    await sweep()
    const { asked } = bench.server
    expect(asked.slice(0, asked.indexOf('GET pods'))).toContain('GET secrets in jobs')
    expect(deleted()).toHaveLength(1)
  })

  test('asks nothing where the ownerReference does it', async () => {
    await sweepRunners(bench.call())
    expect(bench.server.asked).toEqual([])
  })
})
