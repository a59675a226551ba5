import { describe, expect, test } from '@jest/globals'
import { containerSpec, registryOf, registryServer, serviceContainer, userVolume } from './container.js'
import { isDockerfile } from './steps/container.js'

describe('registryServer', () => {
  test.each([
    ['node:22', ''],
    ['library/node', ''],
    ['ghcr.io/a', 'ghcr.io'],
    ['localhost:5000/a', 'localhost:5000'],
    ['localhost/a', ''],
    ['ghcr.io/a/b', 'ghcr.io'],
    ['a/b/c', 'a']
  ])('%s', (image, server) => expect(registryServer(image)).toBe(server))
})

describe('registryOf', () => {
  const login = { actor: 'mona', token: 't' }
  const spec = (image: string, username = '', password = '') => {
    const found = containerSpec({ image, credentials: { username, password } })
    if (found === undefined) throw new Error(image)
    return found
  }
  test.each([
    [spec('node'), null],
    [spec('node', 'u', 'p'), { username: 'u', password: 'p', serverUrl: '' }],
    [spec('ghcr.io/o/i'), { username: 'mona', password: 't', serverUrl: 'ghcr.io' }],
    [spec('ghcr.io/o/i', 'u', 'p'), { username: 'u', password: 'p', serverUrl: 'ghcr.io' }],
    [spec('quay.io/o/i', '', 'p'), null]
  ])('%j', (container, registry) => expect(registryOf(container, login)).toEqual(registry))
})

describe('userVolume', () => {
  test.each([
    ['/data', null, '/data', false],
    ['/data:ro', null, '/data', true],
    ['src:/dst', 'src', '/dst', false],
    ['src:/dst:ro', 'src', '/dst', true],
    ['src:/dst:z', 'src', '/dst', false]
  ])('%s', (text, sourceVolumePath, targetVolumePath, readOnly) => {
    expect(userVolume(text)).toEqual({ userProvidedValue: text, sourceVolumePath, targetVolumePath, readOnly })
  })
})

test('containerSpec takes an image alone, and nothing for an empty one', () => {
  expect(containerSpec('docker://node')).toMatchObject({ image: 'node', options: null, ports: [] })
  expect(containerSpec('')).toBeUndefined()
  expect(containerSpec({ image: '' })).toBeUndefined()
})

test('a service keeps its entrypoint and command', () => {
  const spec = containerSpec({ image: 'redis', entrypoint: '/e', command: '--a  b', ports: [6379, '6379', '1:2'] })
  if (spec === undefined) throw new Error('no spec')
  expect(serviceContainer(spec, { actor: '', token: '' })).toMatchObject({
    entryPoint: '/e',
    entryPointArgs: ['--a', 'b'],
    portMappings: ['6379', '1:2'],
    workingDirectory: null
  })
})

test.each([
  ['Dockerfile', true],
  ['docker/DOCKERFILE', true],
  ['x.Dockerfile', true],
  ['Dockerfile.debian', true],
  ['docker://Dockerfile', true],
  ['Dockerfiles/x', false],
  ['node:22', false]
])('isDockerfile %s', (image, is) => expect(isDockerfile(image)).toBe(is))
