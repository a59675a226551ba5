import { expect, test } from '@jest/globals'
import { executorArguments, executorEnvironment, type ExecutorPlace, type ImageBuildLike } from './executor.js'

const BUILD: ImageBuildLike = {
  tags: ['r.example/a/app:1', 'r.example/a/app:latest'],
  buildArgs: {},
  labels: {},
  annotations: {},
  secrets: [],
  engineArgs: [],
  registryMirrors: [],
  insecureRegistries: [],
  pushRetries: 3
}

const PLACE: ExecutorPlace = { context: 'tar://stdin', dockerfile: 'Dockerfile', digestFile: '/tmp/digest', push: true }

test('the vector', () => {
  expect(executorArguments(BUILD, PLACE)).toEqual([
    '--context=tar://stdin',
    '--dockerfile=Dockerfile',
    '--destination=r.example/a/app:1',
    '--destination=r.example/a/app:latest',
    '--push-retry=3',
    '--digest-file=/tmp/digest',
    '--snapshot-mode=full',
    '--compressed-caching=false',
    '--ignore-var-run=false',
    '--image-download-retry=3',
    '--log-format=json',
    '--cache=false'
  ])
})

test('what the user wants is one word each, whatever stands in it; further arguments come last', () => {
  const build: ImageBuildLike = {
    ...BUILD,
    buildArgs: { A: 'x y\n--force' },
    labels: { 'org.example.title': 'a=b, "c"' },
    annotations: { note: '$(HOME)' },
    target: 'app',
    platform: 'linux/arm64',
    secrets: [{ id: 'npm' }, { id: 'pip' }],
    engineArgs: ['--verbosity', 'debug']
  }
  const args = executorArguments(build, { ...PLACE, secrets: '/kaniko/s' })
  expect(args.slice(args.indexOf('--cache=false') + 1)).toEqual([
    '--target=app',
    '--custom-platform=linux/arm64',
    '--label=org.example.title=a=b, "c"',
    '--annotation=note=$(HOME)',
    '--secret=id=npm,type=file,src=/kaniko/s/0',
    '--secret=id=pip,type=file,src=/kaniko/s/1',
    '--build-arg=A=x y\n--force',
    '--verbosity=debug'
  ])
})

test('without a push the tags name the image in its files, and nothing is uploaded', () => {
  const args = executorArguments(BUILD, { ...PLACE, push: false, dockerTar: '/out/i.tar', ociLayout: '/out/l' })
  expect(args).toEqual(expect.arrayContaining(['--no-push', '--tar-path=/out/i.tar', '--oci-layout-path=/out/l']))
  expect(args.filter(arg => arg.startsWith('--push-retry'))).toEqual([])
})

test('a cache, mirrors and plain HTTP', () => {
  const build = {
    ...BUILD,
    cache: { repository: 'r.example/a/cache', ttlMs: 3_600_000 },
    registryMirrors: ['m:5000'],
    insecureRegistries: ['m:5000']
  }
  expect(executorArguments(build, PLACE)).toEqual(
    expect.arrayContaining([
      '--insecure-registry=m:5000',
      '--registry-mirror=m:5000',
      '--cache=true',
      '--cache-repo=r.example/a/cache',
      '--cache-ttl=3600s'
    ])
  )
})

test('only who knows that it is a container has its root file system replaced', () => {
  expect(executorArguments(BUILD, PLACE)).not.toContain('--force')
  expect(executorArguments(BUILD, { ...PLACE, force: true })).toContain('--force')
})

test('secrets without a place are a fault of ours', () => {
  expect(() => executorArguments({ ...BUILD, secrets: [{ id: 'a' }] }, PLACE)).toThrow('a directory in which they lie')
})

test('the environment has the keys of the layer cache sound', () => {
  expect(executorEnvironment()).toMatchObject({ FF_KANIKO_ROLLING_CACHE_KEY: 'true' })
})
