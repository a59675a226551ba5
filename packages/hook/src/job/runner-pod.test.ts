import { describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kaniko-hooks/kube'

import type { Call } from './call.js'
import { ownerOf, readRunner } from './runner-pod.js'

const WORK = '/home/runner/_work'

/** A runner pod of ARC's kubernetes mode. */
const POD: V1Pod = {
  metadata: { name: 'r', uid: 'u' },
  spec: {
    containers: [{ name: 'runner', image: 'runner', volumeMounts: [{ name: 'work', mountPath: WORK }] }],
    volumes: [{ name: 'work', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }]
  }
}

function call(namespace: string, environment: object = {}, workspace = 'auto'): Call {
  const runnerKube = { namespace: 'runners', get: () => Promise.resolve(POD) }
  return {
    kube: namespace === 'runners' ? runnerKube : { namespace },
    runnerKube,
    environment,
    settings: { runnerPod: 'r', workspace },
    workDirectory: WORK,
    cancelled: new AbortController().signal
  } as unknown as Call
}

describe('a work volume and pods in another namespace', () => {
  test('are refused at once: the claim cannot be mounted there', async () => {
    const refused = readRunner(call('jobs'))
    await expect(refused).rejects.toMatchObject({ code: 'SETTING', fault: 'configuration' })
    await expect(refused).rejects.toThrow(
      /namespace jobs .*ACTIONS_RUNNER_KUBERNETES_NAMESPACE.* claim r-work .*runners.*copied/
    )
  })

  test('go together with a claim of that namespace, or without the volume', async () => {
    const named = await readRunner(call('jobs', { claimName: 'same-disk' }))
    expect(named.volume).toMatchObject({ kind: 'claim', claimName: 'same-disk' })
    expect((await readRunner(call('jobs', {}, 'copied'))).volume).toEqual({ kind: 'own-disk' })
    expect((await readRunner(call('runners'))).volume).toMatchObject({ claimName: 'r-work' })
  })
})

test('what is made in another namespace says where its runner is', async () => {
  const runner = await readRunner(call('jobs', {}, 'copied'))
  expect(ownerOf(call('jobs'), runner).homeNamespace).toBe('runners')
  expect(ownerOf(call('runners'), runner)).not.toHaveProperty('homeNamespace')
})
