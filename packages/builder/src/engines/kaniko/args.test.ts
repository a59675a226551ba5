import { describe, expect, test } from '@jest/globals'
import type { RegistryProxy } from '../../dockerfile/registry-proxy.js'
import { kanikoArguments, type KanikoBuild, kanikoEnvironment, kanikoIdentity } from './args.js'
import type { KanikoSettings } from './settings.js'

const BUILD: KanikoBuild = {
  pushRef: 'r.ci:5000/x:built',
  handle: 'h',
  insecureRegistries: ['r.ci:5000']
}

const SETTINGS: KanikoSettings = {
  image: 'k:1',
  fork: 'osscontainertools',
  pushImage: 'crane:1',
  contextImage: 'runner:1'
}

function proxy(registry: string, host: string, path = ''): RegistryProxy {
  return { registry, place: { host, path, plainHttp: true }, name: 'the connector a/b', origin: 'somebody' }
}

test('the vector for the default fork', () => {
  expect(kanikoArguments(BUILD, SETTINGS)).toEqual([
    '--context=dir:///kaniko/context/tree/context',
    '--dockerfile=/kaniko/context/tree/Dockerfile',
    '--destination=r.ci:5000/x:built',
    '--push-retry=3',
    '--label=kaniko-hooks.build=h',
    '--digest-file=/dev/termination-log',
    '--force',
    '--snapshot-mode=full',
    '--compressed-caching=false',
    '--compression-level=1',
    '--ignore-path=/product_uuid',
    '--ignore-path=/product_name',
    '--ignore-var-run=false',
    '--image-download-retry=3',
    '--log-format=json',
    '--insecure-registry=r.ci:5000'
  ])
})

test('a context that Kaniko unpacks itself lies where each fork puts it', () => {
  expect(kanikoArguments({ ...BUILD, unpacks: true }, SETTINGS).slice(0, 3)).toEqual([
    '--context=tar:///kaniko/archive/context.tar.gz',
    '--context-sub-path=context',
    '--dockerfile=/kaniko/buildcontext/Dockerfile'
  ])
})

/** The flags of executor v1.24.0 of the Google fork, of which the others have all (docs/notes/kaniko.md). */
const SHARED = new Set([
  'build-arg',
  'cache',
  'cache-copy-layers',
  'cache-repo',
  'cache-ttl',
  'compressed-caching',
  'compression-level',
  'context',
  'context-sub-path',
  'destination',
  'digest-file',
  'dockerfile',
  'force',
  'ignore-path',
  'ignore-var-run',
  'image-download-retry',
  'insecure-registry',
  'label',
  'log-format',
  'no-push',
  'oci-layout-path',
  'push-retry',
  'registry-certificate',
  'registry-map',
  'registry-mirror',
  'skip-default-registry-fallback',
  'snapshot-mode'
])

test.each(['google', 'chainguard', 'osscontainertools'] as const)('%s gets only flags that all lines have', fork => {
  const settings: KanikoSettings = {
    ...SETTINGS,
    fork,
    registryMirrors: ['m'],
    insecureRegistries: ['m'],
    registryMaps: { 'quay.io': ['m/q'] },
    cache: { repository: 'c/x', ttl: '60s' }
  }
  const certificates = [{ registry: 'r', source: { secret: 's', key: 'ca.crt' } }]
  const { pushRef: _, ...apart } = BUILD
  const args = [
    ...kanikoArguments({ ...BUILD, buildArgs: { A: '1' }, certificates, proxies: [proxy('p', 'q')] }, settings),
    ...kanikoArguments({ ...apart, unpacks: true }, settings)
  ]
  for (const arg of args) expect(SHARED).toContain(/^--([a-z-]+)/.exec(arg)?.[1])
})

describe('an option becomes', () => {
  const table: readonly (readonly [string, Partial<KanikoBuild>, Partial<KanikoSettings>, string])[] = [
    ['a mirror', {}, { registryMirrors: ['m:5000/p'] }, '--registry-mirror=m:5000/p'],
    ['a registry over plain HTTP', {}, { insecureRegistries: ['m:5000'] }, '--insecure-registry=m:5000'],
    ['another snapshot mode', {}, { snapshotMode: 'redo' }, '--snapshot-mode=redo'],
    ['a map of Docker Hub', {}, { registryMaps: { 'docker.io': ['m'] } }, '--registry-map=index.docker.io=m'],
    ['an image map', {}, { registryMaps: { 'quay.io': ['m/q', 'n'] } }, '--registry-map=quay.io=n'],
    ['a layer cache', {}, { cache: { repository: 'c/x-1', ttl: '60s' } }, '--cache-repo=c/x-1'],
    ["a cache's time", {}, { cache: { repository: 'c/x-1', ttl: '60s' } }, '--cache-ttl=60s'],
    [
      'a certificate',
      { certificates: [{ registry: 'r:5000', source: { secret: 's', key: 'k' } }] },
      {},
      '--registry-certificate=r:5000=/kaniko/certificates/0/ca.crt'
    ],
    ['a build argument', { buildArgs: { A: 'x y=z' } }, {}, '--build-arg=A=x y=z']
  ]
  test.each(table)('%s', (_, build, settings, expected) => {
    expect(kanikoArguments({ ...BUILD, ...build }, { ...SETTINGS, ...settings })).toContain(expected)
  })

  test('one flag, when two of them name the same registry', () => {
    const args = kanikoArguments(BUILD, { ...SETTINGS, insecureRegistries: ['r.ci:5000'] })
    expect(args.filter(arg => arg.startsWith('--insecure-registry'))).toHaveLength(1)
  })
})

describe('a registry that has a proxy', () => {
  const mapped = (settings: Partial<KanikoSettings>, ...proxies: RegistryProxy[]): string[] =>
    kanikoArguments({ ...BUILD, proxies }, { ...SETTINGS, ...settings }).filter(arg => /registry|fallback/.test(arg))

  test('is fetched from there, over plain HTTP if that is so, and never from itself', () => {
    const [one, two] = [proxy('r.example', '10.0.0.1:31567', 'namespaces/a/connectors/b'), proxy('docker.io', 'c-b')]
    expect(mapped({}, one, two)).toEqual([
      '--insecure-registry=r.ci:5000',
      '--insecure-registry=10.0.0.1:31567',
      '--insecure-registry=c-b',
      '--registry-map=r.example=10.0.0.1:31567/namespaces/a/connectors/b',
      '--registry-map=index.docker.io=c-b',
      '--skip-default-registry-fallback'
    ])
  })

  test('is known to Kaniko by each name that an image has it by, letter by letter', () => {
    const spellings = ['docker.io', 'registry-1.docker.io', 'Docker.io']
    expect(mapped({}, { ...proxy('docker.io', 'c-b'), spellings }).filter(arg => arg.includes('-map'))).toEqual([
      '--registry-map=index.docker.io=c-b',
      '--registry-map=registry-1.docker.io=c-b',
      '--registry-map=Docker.io=c-b'
    ])
  })

  test('leaves mirrors of others as they are: the registry itself comes last', () => {
    const settings = { registryMirrors: ['m'], registryMaps: { 'quay.io': ['n/q'] } }
    expect(mapped(settings, proxy('r.example', 'c-b')).slice(2)).toEqual([
      '--registry-map=quay.io=n/q',
      '--registry-map=quay.io=quay.io',
      '--registry-map=r.example=c-b',
      '--registry-mirror=m',
      '--registry-mirror=index.docker.io',
      '--skip-default-registry-fallback'
    ])
  })
})

test('Docker Hub itself is asked after its maps and its mirrors, once', () => {
  const settings = {
    ...SETTINGS,
    registryMirrors: ['m'],
    registryMaps: { 'docker.io': ['n'], 'index.docker.io': ['o'] }
  }
  const args = kanikoArguments({ ...BUILD, proxies: [proxy('r.example', 'c-b')] }, settings)
  // Kaniko takes the mirrors after all maps.
  expect(args.filter(arg => arg.includes('registry-m'))).toEqual([
    '--registry-map=index.docker.io=n',
    '--registry-map=index.docker.io=o',
    '--registry-map=r.example=c-b',
    '--registry-mirror=m',
    '--registry-mirror=index.docker.io'
  ])
  const { registryMirrors: _, ...mapped } = settings
  expect(
    kanikoArguments({ ...BUILD, proxies: [proxy('r.example', 'c-b')] }, mapped).filter(arg => arg.includes('index.'))
  ).toEqual(['n', 'o', 'index.docker.io'].map(to => `--registry-map=index.docker.io=${to}`))
})

test('/var/run is part of the image, unless the pod has a token there', () => {
  expect(kanikoArguments(BUILD, { ...SETTINGS, pod: { nodeSelector: { a: 'b' } } })).toContain('--ignore-var-run=false')
  const args = kanikoArguments(BUILD, { ...SETTINGS, pod: { serviceAccountName: 'cloud' } })
  expect(args.filter(arg => arg.startsWith('--ignore-var-run'))).toEqual([])
})

test('an image that others push is written to a layout, and nowhere else', () => {
  const { pushRef: _, ...apart } = BUILD
  const args = kanikoArguments(apart, SETTINGS)
  expect(args).toContain('--no-push')
  expect(args).toContain('--oci-layout-path=/kaniko/image')
  expect(args.filter(arg => arg.startsWith('--destination'))).toEqual([])
})

test('the keys of the layer cache are sound', () => {
  const names = kanikoEnvironment(SETTINGS).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['FF_KANIKO_ROLLING_CACHE_KEY', 'FF_KANIKO_HASH_DIR_FRAMING']))
})

test('only the osscontainertools fork has feature flags', () => {
  expect(kanikoEnvironment(SETTINGS)).toContainEqual({ name: 'FF_KANIKO_COPY_AS_ROOT', value: 'true' })
  expect(kanikoEnvironment({ ...SETTINGS, fork: 'google', env: { NO_PROXY: 'x' } })).toEqual([
    { name: 'NO_PROXY', value: 'x' }
  ])
})

test('the identity changes with what decides about the image', () => {
  const identity = kanikoIdentity(SETTINGS)
  expect(identity).toContain('k:1')
  expect(kanikoIdentity({ ...SETTINGS, snapshotMode: 'redo' })).not.toBe(identity)
  expect(kanikoIdentity({ ...SETTINGS, fork: 'google' })).not.toBe(identity)
  expect(kanikoIdentity({ ...SETTINGS, pod: { serviceAccountName: 'cloud' } })).not.toBe(identity)
  expect(kanikoIdentity({ ...SETTINGS, contextImage: 'other' })).toBe(identity)
})

describe("a user's image", () => {
  const { handle: _, pushRef: __, ...bare } = BUILD

  test('has no label of ours, and what was asked for', () => {
    const build = {
      ...bare,
      labels: { a: 'b c' },
      annotations: { d: 'e' },
      secrets: [{ id: 'npm' }],
      engineArgs: ['--single-snapshot'],
      buildArgs: { A: '1' }
    }
    const args = kanikoArguments(build, SETTINGS)
    expect(args.slice(args.indexOf('--insecure-registry=r.ci:5000') + 1)).toEqual([
      '--label=a=b c',
      '--annotation=d=e',
      '--secret=id=npm,type=file,src=/kaniko/build-secrets/0',
      '--build-arg=A=1',
      '--single-snapshot'
    ])
    expect(args.join(' ')).not.toContain('kaniko-hooks.build')
  })

  test('that nobody gets leaves nothing but its digest', () => {
    const args = kanikoArguments({ ...bare, isDiscarded: true }, SETTINGS)
    expect(args.filter(arg => /push|layout|destination/.test(arg))).toEqual(['--no-push'])
    expect(args).toContain('--digest-file=/dev/termination-log')
  })

  test('has its own cache, or none', () => {
    const settings = { ...SETTINGS, cache: { repository: 'c/all', ttl: '60s' } }
    const cached = (cache?: KanikoBuild['cache']): string[] =>
      kanikoArguments(cache === undefined ? BUILD : { ...BUILD, cache }, settings).filter(arg =>
        arg.includes('cache-repo')
      )
    expect(cached()).toEqual(['--cache-repo=c/all'])
    expect(cached({ repository: 'c/own', ttl: '1s' })).toEqual(['--cache-repo=c/own'])
    expect(cached('none')).toEqual([])
  })

  test('is pushed as often as asked', () => {
    expect(kanikoArguments({ ...BUILD, pushRetries: 0 }, SETTINGS)).toContain('--push-retry=0')
  })

  test.each(['', 'a,src=/kaniko/credentials/config.json', '../x', 'a b', '.x', 'a/b'])('no secret is called %j', id => {
    expect(() => kanikoArguments({ ...bare, secrets: [{ id }] }, SETTINGS)).toThrow(/is not the id of a secret/)
  })
})
