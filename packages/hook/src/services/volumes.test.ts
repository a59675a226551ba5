import { expect, test } from '@jest/globals'

import { read } from '../options/options.fixture.js'
import { container } from '../job/call.fixture.js'
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
  return { title, container: title, image: title, args, hosts: [title], oddHosts: [], options: read(''), hasOwnPod }
}

const workspace = new SharedVolume({
  workDirectory: WORK,
  volume: { kind: 'claim', claimName: 'r-work', subPath: 'work', singleNode: true },
  node: 'n',
  externalsDirectory: undefined,
  workspaceDirectory: undefined
})

function sources(hasJobContainer: boolean, isClaim = true): VolumeSources {
  return { workspace, isClaim, hasJobContainer }
}

test('a named volume has one name in a pod, as in the job’s container; an anonymous one is its container’s', () => {
  const job = workspace.jobParts({ system: [], user: [volume(null, '/tmp/x'), volume('shared', '/in/job')] })
  const [one, two] = serviceVolumes(
    [
      service('one', [volume('shared', '/a', true), volume(null, '/b')]),
      service('two', [volume('shared', '/c'), volume('other', '/d'), volume('other', '/e'), volume(null, '/f')])
    ],
    sources(true)
  )
  const ofJob = job.mounts.find(({ mountPath }) => mountPath === '/in/job')?.name ?? ''
  expect(one?.mounts).toEqual([
    { name: ofJob, mountPath: '/a', readOnly: true },
    { name: 'one-volume-1', mountPath: '/b' }
  ])
  expect(one?.volumes).toEqual([
    { name: ofJob, emptyDir: {} },
    { name: 'one-volume-1', emptyDir: {} }
  ])
  const [first, other, again, anonymous] = two?.mounts.map(({ name }) => name) ?? []
  expect([first, again, anonymous]).toEqual([ofJob, other, 'two-volume-3'])
  expect(two?.volumes.map(({ name }) => name)).toEqual([ofJob, other, 'two-volume-3'])
})

test.each([
  ['no absolute path', volume('shared', 'data'), 'INPUT'],
  ['the root', volume(null, '/a/..'), 'INPUT'],
  ['no name of a volume', volume('./data', '/data'), 'UNSUPPORTED'],
  ['a path of the host, by a way round', volume(`${WORK}/../secret`, '/data'), 'UNSUPPORTED']
])('%s is refused', (_, wrong, code) => {
  expect(() => serviceVolumes([service('one', [wrong])], sources(true))).toThrow(expect.objectContaining({ code }))
})

test('two volumes in one place are refused', () => {
  const twice = service('one', [volume('a', '/data'), volume('b', '/data/')])
  expect(() => serviceVolumes([twice], sources(true))).toThrow('Two volumes are mounted at /data.')
})

test('a directory of the work directory comes from the claim, on the node of the claim', () => {
  const data = volume(`${WORK}/app/app/data`, '/data')
  const [one] = serviceVolumes([service('one', [data], true)], sources(false))
  expect(one).toMatchObject({
    mounts: [{ name: 'work', mountPath: '/data', subPath: 'work/app/app/data' }],
    volumes: [{ name: 'work', persistentVolumeClaim: { claimName: 'r-work' } }],
    affinity: { nodeAffinity: expect.anything() }
  })
})

test('where files are copied, the work directory is there for services of the job’s pod alone', () => {
  const data = volume(`${WORK}/app/app/data`, '/data')
  const [one] = serviceVolumes([service('one', [data])], sources(true, false))
  expect(one?.mounts).toEqual([{ name: 'work', mountPath: '/data', subPath: 'work/app/app/data' }])
  expect(() => serviceVolumes([service('one', [data], true)], sources(true, false))).toThrow(/a pod of its own/)
  expect(() => serviceVolumes([service('one', [data])], sources(false, false))).toThrow(/the job has no container/)
})
