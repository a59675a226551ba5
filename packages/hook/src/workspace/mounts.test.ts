import { describe, expect, test } from '@jest/globals'

import { belowWork, mountsOf, namedVolume } from './mounts.js'

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
    const user = [
      ...[volume(`${WORK}/r/r/data/`, '/data', true), volume('My.Cache_1', '/cache'), volume(null, '/scratch')],
      volume('My.Cache_1', '/again/', true)
    ]
    const name = namedVolume('My.Cache_1')
    expect(name).toMatch(/^volume-[0-9a-f]{12}$/)
    expect(mountsOf({ system: [], user }, WORK, '')).toEqual({
      mounts: [
        { name: 'work', mountPath: '/data', subPath: 'r/r/data', readOnly: true },
        { name, mountPath: '/cache' },
        { name: 'volume-2', mountPath: '/scratch' },
        { name, mountPath: '/again', readOnly: true }
      ],
      volumes: [
        { name, emptyDir: {} },
        { name: 'volume-2', emptyDir: {} }
      ]
    })
  })

  test.each([
    ['/mnt/work', ''],
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
    ['/var/run/docker.sock', /no Docker daemon on this runner: .*Dockerfile/],
    ['//run//docker.sock/', /no Docker daemon/],
    ['/', /path of the host/],
    ['/home/runner', /only what lies below/],
    ['./data', /names no volume/],
    ['..', /names no volume/],
    ['a b', /names no volume/],
    [`${WORK}/../secrets`, /path of the host/]
  ])('a path of the host is refused: %s', (source, message) => {
    expect(() => mountsOf({ system: [], user: [volume(source, '/x')] }, WORK, '')).toThrow(message)
  })

  test.each([
    ['data', /absolute path/],
    ['/', /absolute path/],
    ['//', /absolute path/],
    ['/__w/', /Two volumes are mounted at \/__w\./],
    ['/x/../__w', /Two volumes/]
  ])('nothing is mounted at %s', (target, message) => {
    const request = { system: [volume(WORK, '/__w')], user: [volume('cache', target)] }
    expect(() => mountsOf(request, WORK, '')).toThrow(message)
  })

  test('belowWork compares whole path parts', () => {
    expect(belowWork(WORK, `${WORK}2/x`)).toBeUndefined()
    expect(belowWork(WORK, WORK)).toBe('')
    expect(belowWork(WORK, `${WORK}/..hidden`)).toBe('..hidden')
  })
})
