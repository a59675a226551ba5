import type { V1ContainerState } from '@kubernetes/client-node'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { callHook } from '../../harness/call.js'
import { observe } from '../../harness/observe.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'

const suite = new Suite('job-end')

const TIMEOUT = 400_000

/** Writes its last things for three seconds when it is asked to end. */
const SLOW = ['-c', `"trap 'sleep 3; exit 7' TERM; sleep 1000 & wait $!"`]
/** Notices nothing. */
const DEAF = ['-c', '"exec sleep 1000"']

interface End {
  /** What the pod was given to end by itself. */
  readonly graceSeconds: number | undefined
  readonly states: Readonly<Record<string, V1ContainerState | undefined>>
}

/** Without a volume there is a container more in the pod, which must not hold up the others. */
const MODES = variants<Mode>(['novolume'], ['volume'])
let runner: RunnerPod

/** Runs a job whose step leaves a process behind, and reads how its pod ended. */
async function endOf(services: readonly (readonly string[])[]): Promise<End> {
  const { busybox: image, debian } = suite.cluster.images
  // Two of one image would have a pod each.
  const images = [image, debian]
  let end: End = { graceSeconds: undefined, states: {} }
  await observe(
    suite.cluster,
    suite.namespace,
    async () => {
      const args = {
        container: { image },
        services: services.map((entryPointArgs, at) => ({ image: images[at], entryPoint: 'sh', entryPointArgs }))
      }
      const prepared = await callHook(runner, { input: { command: 'prepare_job', state: null, args } })
      expect(prepared).toMatchObject({ exitCode: 0 })
      const { state } = JSON.parse(prepared.response ?? '') as { state: object }
      const left = { entryPoint: 'sh', entryPointArgs: ['-c', `"trap '' HUP INT TERM; sleep 1000 >/dev/null 2>&1 &"`] }
      const step = await callHook(runner, { input: { command: 'run_script_step', state, args: left } })
      expect(step).toMatchObject({ exitCode: 0 })
      const cleaned = await callHook(runner, { input: { command: 'cleanup_job', state, args: {} } })
      expect(cleaned).toMatchObject({ exitCode: 0, stdout: [], stderr: [] })
      // Without a volume nobody waits for the pod's end, which is to be seen here.
      await suite.left()
    },
    item => {
      if (item.kind !== 'Pod' || item.metadata?.name !== `${runner.name}-workflow`) return
      // The last of it is seen when it goes, with its grace at zero.
      const graceSeconds = end.graceSeconds ?? item.metadata.deletionGracePeriodSeconds
      const statuses = item.status?.containerStatuses ?? []
      end = { graceSeconds, states: Object.fromEntries(statuses.map(({ name, state }) => [name, state])) }
    }
  )
  return end
}

const secondOf = (state: V1ContainerState | undefined): number =>
  Date.parse(String(state?.terminated?.finishedAt)) / 1000

const UNHEARD: readonly (readonly [what: string, services: readonly (readonly string[])[]])[] = variants(
  [['when no service would notice its end', [DEAF]]],
  [['without services', []]]
)

describe.each(MODES)('in %s mode', mode => {
  beforeAll(async () => {
    runner = await suite.runner({ mode })
  }, TIMEOUT)

  test(
    'a service that reacts has the time for it; the job container ends at once, whatever a step left in it',
    async () => {
      const { graceSeconds, states } = await endOf([SLOW, DEAF])
      expect(graceSeconds).toBe(10)
      expect(states['job']?.terminated?.exitCode).toBe(0)
      if (mode === 'novolume') expect(states['kaniko-hooks-work']?.terminated?.exitCode).toBe(0)
      expect(states['busybox']?.terminated?.exitCode).toBe(7)
      expect(secondOf(states['job'])).toBeLessThan(secondOf(states['busybox']))
      expect(states['debian']?.terminated?.exitCode).toBe(137)
      expect(await suite.left()).toEqual([])
    },
    TIMEOUT
  )

  test.each(UNHEARD)(
    'nothing is waited for %s',
    async (_, services) => {
      const { graceSeconds, states } = await endOf(services)
      expect(graceSeconds).toBe(1)
      expect(states['job']?.terminated?.exitCode).toBe(0)
      if (mode === 'novolume') expect(states['kaniko-hooks-work']?.terminated?.exitCode).toBe(0)
      expect(states['busybox']?.terminated?.exitCode).toBe(services.length === 0 ? undefined : 137)
      expect(await suite.left()).toEqual([])
    },
    TIMEOUT
  )
})
