import { expect, test } from '@jest/globals'

import { BUILD_FLAGS } from './flags.js'
import { parseWords } from './parse.js'
import { planBuild } from './plan.js'

const ENV = { TOKEN: 'canary', FROM_ENV: 'x' }

const plan = (...words: readonly string[]) =>
  planBuild(parseWords(words, BUILD_FLAGS), { directory: '/work', env: ENV })

function planned(...words: readonly string[]) {
  const found = plan(...words)
  if ('problems' in found) throw new Error(found.problems.join('\n'))
  return found
}

function problems(...words: readonly string[]): readonly string[] {
  const found = plan(...words)
  return 'problems' in found ? found.problems : []
}

test('a build as people write it', () => {
  const { plan, notices } = planned(
    ...['-t', 'app', '-t', 'ghcr.io/acme/app:1', '-t', 'app:latest', '--push', '-f', 'docker/Dockerfile'],
    ...['--build-arg', 'A=b=c', '--build-arg', 'FROM_ENV', '--build-arg', 'ABSENT', '--label', 'l=', '--label', 'm'],
    ...['--annotation', 'manifest:a=b', '--annotation', 'plain=c', '--target', 'stage', '--platform', 'linux/amd64'],
    ...[
      '--secret',
      'id=TOKEN',
      '--secret',
      'id=b,src=f',
      '--secret',
      'type=env,id=c,env=TOKEN',
      '--timeout=1m30s',
      'dir'
    ]
  )
  expect(notices).toEqual([])
  expect(plan.build).toEqual({
    context: { kind: 'directory', path: '/work/dir' },
    dockerfile: '/work/docker/Dockerfile',
    tags: ['docker.io/library/app:latest', 'ghcr.io/acme/app:1'],
    push: true,
    buildArgs: { A: 'b=c', FROM_ENV: 'x' },
    labels: { l: '', m: '' },
    annotations: { a: 'b', plain: 'c' },
    target: 'stage',
    platform: 'linux/amd64',
    files: [],
    engineArgs: [],
    registryMirrors: [],
    insecureRegistries: [],
    pushRetries: 3,
    timeoutMs: 90_000
  })
  expect(plan.secrets).toEqual([
    { id: 'TOKEN', from: { variable: 'TOKEN' } },
    { id: 'b', from: { file: '/work/f' } },
    { id: 'c', from: { variable: 'TOKEN' } }
  ])
  expect(plan.backend).toBe('auto')
})

test.each([
  ['-', { kind: 'stdin' }],
  ['https://github.com/acme/app.git#main:docker', { kind: 'git', url: 'https://github.com/acme/app.git#main:docker' }],
  ['git@github.com:acme/app.git', { kind: 'git', url: 'git@github.com:acme/app.git' }],
  ['/abs', { kind: 'directory', path: '/abs' }]
])('context %s', (word, context) => {
  expect(planned(word).plan.build.context).toEqual(context)
})

test('outputs: archives, and words for a push', () => {
  expect(planned('-o', 'type=docker,dest=a.tar', '-o', '"type=oci","dest=/b,c"', '.').plan.build.files).toEqual([
    { kind: 'docker', path: '/work/a.tar' },
    { kind: 'oci', path: '/b,c' }
  ])
  const { build } = planned('-o', 'type=image,name=reg.test/a:1,push=true', '.').plan
  expect(build).toMatchObject({ push: true, tags: ['reg.test/a:1'] })
})

test('a cache by either vocabulary', () => {
  const cache = { repository: 'reg.test/cache', ttlMs: 3_600_000 }
  const both = [
    '--cache-from',
    'type=registry,ref=reg.test/cache:x',
    '--cache-to',
    'type=registry,ref=reg.test/cache,mode=max'
  ]
  expect(planned(...both, '--cache-ttl', '1h', '.').plan.build.cache).toEqual(cache)
  expect(planned('--cache-repo', 'reg.test/cache', '--no-cache', '.').plan.build.cache).toBeUndefined()
  expect(problems('--cache-from', 'type=gha', '.')).toEqual([
    '--cache-from type=gha: Kaniko keeps layers in a registry; use --cache-repo REPOSITORY.'
  ])
})

test('a way to the builder', () => {
  expect(planned('--via', `cf ssh 'my app' --command`, '.').plan).toMatchObject({
    backend: 'via',
    via: ['cf', 'ssh', 'my app', '--command']
  })
})

test('a connector is for a cluster', () => {
  const words = ['-t', 'reg.test/a:1', '--push', '--connector', 'ci/harbor', '--service-account', 'images', '.']
  expect(planned(...words).plan).toMatchObject({
    backend: 'kubernetes',
    connector: { name: 'ci/harbor', serviceAccount: 'images' }
  })
  expect(problems('--connector', 'a/b/c', '--via', 'ssh host', '.')).toEqual([
    '--connector a/b/c: write NAMESPACE/NAME, or NAME.',
    '--connector needs --service-account NAME: the account of the build pod, which may get it.',
    '--connector is for builds in a cluster (--backend kubernetes), and not for via.',
    '--connector is for a push; add --push.'
  ])
})

test.each([
  [['--push', '.'], /--push needs a name/],
  [['--service-account', 'images', '.'], /is for a build with --connector/],
  [[], /there is none/],
  [['a', 'b'], /there is 2/],
  [['-t', 'App', '.'], /lower case/],
  [['-t', `a@sha256:${'a'.repeat(64)}`, '.'], /no digest/],
  [['--platform', 'linux/amd64,linux/arm64', '.'], /one build makes one platform/],
  [['-o', 'out', '.'], /files of an image without the image/],
  [['-o', 'type=docker', '.'], /dest=PATH is missing/],
  [['--secret', 'canary', '.'], /--secret takes id=ID/],
  [['--secret', 'id=a,src=b', '--secret', 'id=a,src=c', '.'], /given twice/],
  [['--via', 'ssh "host', '.'], /double quote is not closed/],
  [['--via', 'ssh host', '--backend', 'local', '.'], /exclude each other/],
  [['--backend', 'podman', '.'], /one of auto, broker/],
  [['--timeout', '5', '.'], /write a duration/],
  [['-f', '-', '-'], /cannot both be standard input/],
  [['-f', '-', 'https://example.test/a.git'], /needs a directory/],
  [['--load', '.'], /--load needs a name/],
  [['--load', '--push', '-t', 'a', '.'], /exclude each other/],
  [['--load', '--backend', 'local', '-t', 'a', '.'], /needs --backend docker/],
  [['--build-arg', '=x', '.'], /a name is missing/],
  [['--annotation', 'x', '.'], /KEY=VALUE/],
  [['https://example.test/a.tgz'], /standard input/],
  [['https://user:p@canary@example.test/a.tgz'], /https:\/\/example.test\/a.tgz is no Git repository/],
  [['-o', 'type=registry,push-by-digest=true', '.'], /push-by-digest is not possible here/],
  [['-o', 'type=image,push=yes', '.'], /push is true or false/],
  [['-o', 'type=oci,dest=a,tar=false', '.'], /tar=false/],
  [['-o', 'type=constructor', '.'], /the type is docker, oci or registry/],
  [['--engine-arg=--no-push', '-t', 'a', '--push', '.'], /--no-push is set by/],
  [['--engine-arg=x', '.'], /"x" is no argument of the engine/],
  [['--insecure-registry', 'http://reg.test', '.'], /no host or host:port/],
  [['--secret', 'id=-x,env=TOKEN', '.'], /--secret takes id=ID/],
  [['--timeout', '600h', '.'], /at most 576h/],
  [['--timeout', '0.4ms', '.'], /write a duration/]
])('%j is wrong', (words, why) => {
  const found = problems(...words)
  expect(found).toHaveLength(1)
  expect(found[0]).toMatch(why)
  expect(found[0]).not.toContain('canary')
})

test.each([
  ['true', true],
  ['1', true],
  ['T', true],
  ['0', false],
  ['False', false],
  ['true,push-by-digest=false,name-canonical=true', true]
])('an image is pushed by the words of Go: push=%s', (word, push) => {
  expect(planned('-t', 'a', '-o', `type=image,push=${word}`, '.').plan.build.push).toBe(push)
})

test('names that each object has are no variables', () => {
  const { plan } = planned('--build-arg', 'constructor', '--secret', 'id=toString', '--build-arg', '__proto__=x', '.')
  expect(Object.entries(plan.build.buildArgs)).toEqual([['__proto__', 'x']])
  expect(plan.secrets).toEqual([{ id: 'toString', from: { file: '/work/toString' } }])
})

test('an empty value is none, as with docker', () => {
  const { plan } = planned('-f', '', '--iidfile=', '--metadata-file', '', '--target', '', '.')
  expect(plan).toEqual(planned('.').plan)
})

test('--cache-from alone says that layers are written there too', () => {
  const cache = ['--cache-from', 'reg.test/cache']
  expect(planned('--push', '-t', 'a', ...cache, '.').notices).toEqual([expect.stringContaining('written there too')])
  expect(planned('--push', '-t', 'a', ...cache, '--cache-to', 'reg.test/cache', '.').notices).toEqual([])
})

test('a duration is a whole number of milliseconds', () => {
  expect(planned('--timeout', '1.5ms', '.').plan.build.timeoutMs).toBe(2)
})

test('all that is wrong at once', () => {
  expect(problems('--push', '--platform', 'x', '--timeout', '5', '--progress', 'rawjson', '.')).toHaveLength(4)
})
