import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { Bench, RUNNER, type CallOptions } from './call.fixture.js'
import type { Call } from './call.js'
import { ownerOf, readRunner } from './runner-pod.js'

let bench: Bench
beforeEach(async () => (bench = await Bench.start()))
afterEach(async () => bench.stop())

/** A call whose pods go to a namespace of their own. */
const apart = (options: CallOptions = {}): Call => bench.call({ podNamespace: 'jobs', ...options })

describe('a work volume and pods in another namespace', () => {
  test('are refused at once: the claim cannot be mounted there', async () => {
    const refused = readRunner(apart())
    await expect(refused).rejects.toMatchObject({ code: 'SETTING', fault: 'configuration' })
    await expect(refused).rejects.toThrow(
      /namespace jobs .*ACTIONS_RUNNER_KUBERNETES_NAMESPACE.* claim arc-runner-1-work .*runners.*copied/
    )
  })

  test('go together with a claim of that namespace, or without the volume', async () => {
    const named = await readRunner(apart({ env: { ACTIONS_RUNNER_CLAIM_NAME: 'same-disk' } }))
    expect(named.volume).toMatchObject({ kind: 'claim', claimName: 'same-disk' })
    expect((await readRunner(apart({ settings: { workspace: { mode: 'copied', exclude: [] } } }))).volume).toEqual({
      kind: 'own-disk'
    })
    expect((await readRunner(bench.call())).volume).toMatchObject({ claimName: `${RUNNER}-work` })
  })
})

test('what is made in another namespace says where its runner is', async () => {
  const call = apart({ settings: { workspace: { mode: 'copied', exclude: [] } } })
  const runner = await readRunner(call)
  expect(ownerOf(call, runner).homeNamespace).toBe('runners')
  expect(ownerOf(bench.call(), runner)).not.toHaveProperty('homeNamespace')
})
