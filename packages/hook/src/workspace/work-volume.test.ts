import { describe, expect, test } from '@jest/globals'
import type { V1Pod, V1Volume, V1VolumeMount } from '@kubernetes/client-node'

import { workVolume } from './work-volume.js'

const WORK = '/home/runner/_work'

function pod(mounts: V1VolumeMount[], volumes: V1Volume[]): V1Pod {
  return {
    metadata: { name: 'r' },
    spec: { containers: [{ name: 'runner', image: 'x', volumeMounts: mounts }], volumes }
  }
}

function claim(accessModes: string[]): V1Volume {
  return { name: 'work', ephemeral: { volumeClaimTemplate: { spec: { accessModes } } } }
}

const MOUNT = { name: 'work', mountPath: WORK }

describe('workVolume', () => {
  test("ARC's kubernetes mode: the ephemeral claim, which one node can mount", () => {
    expect(workVolume(pod([MOUNT], [claim(['ReadWriteOnce'])]), WORK)).toEqual({
      kind: 'claim',
      claimName: 'r-work',
      subPath: '',
      singleNode: true
    })
  })

  test('ReadWriteMany lets pods go to other nodes', () => {
    expect(workVolume(pod([MOUNT], [claim(['ReadWriteMany'])]), WORK)).toMatchObject({ singleNode: false })
  })

  test('a claim made by hand, mounted above the work directory with a subPath', () => {
    const found = workVolume(
      pod(
        [
          { name: 'other', mountPath: '/home' },
          { name: 'home', mountPath: '/home/runner', subPath: 'r1' }
        ],
        [{ name: 'home', persistentVolumeClaim: { claimName: 'homes' } }]
      ),
      WORK
    )
    expect(found).toEqual({ kind: 'claim', claimName: 'homes', subPath: 'r1/_work', singleNode: true })
  })

  test('novolume mode: an emptyDir, or no volume at all', () => {
    expect(workVolume(pod([MOUNT], [{ name: 'work', emptyDir: {} }]), WORK)).toEqual({ kind: 'own-disk' })
    expect(workVolume(pod([], []), WORK)).toEqual({ kind: 'own-disk' })
  })

  test('a mount whose path only begins with the same letters does not count', () => {
    expect(workVolume(pod([{ name: 'work', mountPath: '/home/run' }], [claim([])]), WORK)).toEqual({ kind: 'own-disk' })
  })

  test('ACTIONS_RUNNER_CLAIM_NAME wins', () => {
    expect(workVolume(pod([MOUNT], [claim(['ReadWriteOnce'])]), WORK, 'mine')).toMatchObject({ claimName: 'mine' })
  })
})
