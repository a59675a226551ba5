import { describe, expect, test } from '@jest/globals'

import { belowWork, mountsOf } from './mounts.js'

const WORK = '/home/runner/_work'
const volume = (source: string | null, target: string, readOnly = false) => ({
  sourceVolumePath: source,
  targetVolumePath: target,
  readOnly
})

describe('mountsOf', () => {
  test("the runner's list for a job container: the work volume once, its parts elsewhere, no Docker socket", () => {
    const system = [
      volume('/var/run/docker.sock', '/var/run/docker.sock'),
      volume(WORK, '/__w'),
      volume('/home/runner/externals', '/__e', true),
      volume(`${WORK}/_temp`, '/__w/_temp'),
      volume(`${WORK}/_actions`, '/__w/_actions'),
      volume(`${WORK}/_temp/_github_home`, '/github/home'),
      volume(`${WORK}/_temp/_github_workflow`, '/github/workflow')
    ]
    expect(mountsOf({ system, user: [] }, WORK, '').mounts).toEqual([
      { name: 'work', mountPath: '/__w' },
      { name: 'work', mountPath: '/github/home', subPath: '_temp/_github_home' },
      { name: 'work', mountPath: '/github/workflow', subPath: '_temp/_github_workflow' }
    ])
  })

  test('a repository whose name ends in _work', () => {
    const system = [volume(`${WORK}/my_work/my_work`, '/github/workspace')]
    expect(mountsOf({ system, user: [] }, WORK, 'sub/_work').mounts).toEqual([
      { name: 'work', mountPath: '/github/workspace', subPath: 'sub/_work/my_work/my_work' }
    ])
  })

  test('user volumes: of the workspace, named, anonymous', () => {
    const user = [volume(`${WORK}/r/r/data`, '/data', true), volume('cache', '/cache'), volume(null, '/scratch')]
    expect(mountsOf({ system: [], user }, WORK, '')).toEqual({
      mounts: [
        { name: 'work', mountPath: '/data', subPath: 'r/r/data', readOnly: true },
        { name: 'volume-1', mountPath: '/cache' },
        { name: 'volume-2', mountPath: '/scratch' }
      ],
      volumes: [
        { name: 'volume-1', emptyDir: {} },
        { name: 'volume-2', emptyDir: {} }
      ]
    })
  })

  test.each([
    ['/__w', ''],
    ['/mnt', '/'],
    ['/deep/mnt', '//']
  ])('a mount at %s%s of the whole work directory shows what is sealed read-only', (target, slash) => {
    const request = { system: [volume(WORK, '/__w')], user: [volume(`${WORK}${slash}`, `${target}${slash}`)] }
    const { mounts } = mountsOf(request, WORK, 'r1/_work', 'externals')
    expect(mounts).toContainEqual({
      name: 'work',
      mountPath: `${target}/externals`,
      subPath: 'r1/_work/externals',
      readOnly: true
    })
    expect(mounts).toContainEqual({
      name: 'work',
      mountPath: '/__w/externals',
      subPath: 'r1/_work/externals',
      readOnly: true
    })
  })

  test.each(['externals', 'externals/node20/bin', 'x/../externals'])('a volume of %s can only be read', path => {
    const { mounts } = mountsOf({ system: [], user: [volume(`${WORK}/${path}`, '/mnt')] }, WORK, '', 'externals')
    expect(mounts).toMatchObject([{ mountPath: '/mnt', readOnly: true }])
  })

  test('a directory with a longer name is another one, and a read-only mount needs no seal', () => {
    const user = [volume(`${WORK}/externals2`, '/a'), volume(WORK, '/b', true)]
    expect(mountsOf({ system: [], user }, WORK, '', 'externals').mounts).toEqual([
      { name: 'work', mountPath: '/a', subPath: 'externals2' },
      { name: 'work', mountPath: '/b', readOnly: true }
    ])
  })

  test.each([
    ['/etc', /path of the host/],
    ['/var/run/docker.sock', /no Docker daemon/],
    [`${WORK}/../secrets`, /path of the host/]
  ])('a path of the host is refused: %s', (source, message) => {
    expect(() => mountsOf({ system: [], user: [volume(source, '/x')] }, WORK, '')).toThrow(message)
  })

  test('belowWork compares whole path parts', () => {
    expect(belowWork(WORK, `${WORK}2/x`)).toBeUndefined()
    expect(belowWork(WORK, WORK)).toBe('')
    expect(belowWork(WORK, `${WORK}/..hidden`)).toBe('..hidden')
  })
})
