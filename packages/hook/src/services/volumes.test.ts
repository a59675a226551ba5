import { expect, test } from '@jest/globals'

import { read } from '../options/options.fixture.js'
import { container } from '../job/call.fixture.js'
import type { PodParts } from '../pods/pod-parts.js'
import type { VolumeArgs } from '../protocol/schema.js'
import { SharedVolume } from '../workspace/shared-volume.js'
import type { Service } from './service.js'
import { serviceVolumes, type VolumeSources } from './volumes.js'

const WORK = '/home/runner/_work'

function volume(sourceVolumePath: string | null, targetVolumePath: string, readOnly = false): VolumeArgs {
  return { sourceVolumePath, targetVolumePath, readOnly }
}

function service(title: string, userMountVolumes: VolumeArgs[], hasOwnPod = false): Service {
  const args = container({ image: title, userMountVolumes })
  return { title, container: title, image: title, args, hosts: [title], options: read(''), hasOwnPod }
}

const workspace = new SharedVolume({
  workDirectory: WORK,
  volume: { kind: 'claim', claimName: 'r-work', subPath: 'work', singleNode: true },
  node: 'n',
  externalsDirectory: undefined,
  workspaceDirectory: undefined
})
const NO_PARTS: PodParts = { volumes: [], mounts: [], initContainers: [], beside: [] }

function sources(job: VolumeArgs[] | null, isClaim = true): VolumeSources {
  const args = job === null ? null : container({ image: 'node', userMountVolumes: job })
  return {
    workspace,
    isClaim,
    job: args,
    jobParts: job === null ? NO_PARTS : workspace.jobParts({ system: [], user: job })
  }
}

test('a named volume is one for the containers of a pod, the job’s too; an anonymous one is its container’s', () => {
  const job = sources([volume(null, '/tmp/x'), volume('shared', '/in/job')])
  const [one, two, own] = serviceVolumes(
    [
      service('one', [volume('shared', '/a', true), volume(null, '/b')]),
      service('two', [volume('shared', '/c'), volume('other', '/d'), volume('other', '/e')]),
      service('own', [volume('shared', '/f')], true)
    ],
    job
  )
  const ofJob = job.jobParts.mounts.find(({ mountPath }) => mountPath === '/in/job')?.name ?? ''
  expect(one?.mounts).toEqual([
    { name: ofJob, mountPath: '/a', readOnly: true },
    { name: 'service-volume-1', mountPath: '/b' }
  ])
  expect(one?.volumes).toEqual([{ name: 'service-volume-1', emptyDir: {} }])
  expect(two?.mounts.map(({ name }) => name)).toEqual([ofJob, 'service-volume-2', 'service-volume-2'])
  expect(two?.volumes).toEqual([{ name: 'service-volume-2', emptyDir: {} }])
  expect(own).toEqual({
    mounts: [{ name: 'service-volume-3', mountPath: '/f' }],
    volumes: [{ name: 'service-volume-3', emptyDir: {} }]
  })
})

test('a directory of the work directory comes from the claim, on the node of the claim', () => {
  const data = volume(`${WORK}/app/app/data`, '/data')
  const [one] = serviceVolumes([service('one', [data], true)], sources(null))
  expect(one).toMatchObject({
    mounts: [{ name: 'work', mountPath: '/data', subPath: 'work/app/app/data' }],
    volumes: [{ name: 'work', persistentVolumeClaim: { claimName: 'r-work' } }],
    affinity: { nodeAffinity: expect.anything() }
  })
})

test('where files are copied, the work directory is there for services of the job’s pod alone', () => {
  const data = volume(`${WORK}/app/app/data`, '/data')
  const [one] = serviceVolumes([service('one', [data])], sources([], false))
  expect(one).toEqual({ mounts: [{ name: 'work', mountPath: '/data', subPath: 'work/app/app/data' }], volumes: [] })
  expect(() => serviceVolumes([service('one', [data], true)], sources([], false))).toThrow(/a pod of its own/)
  expect(() => serviceVolumes([service('one', [data])], sources(null, false))).toThrow(/the job has no container/)
})
