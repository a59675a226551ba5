import { describe, expect, test } from '@jest/globals'

import { readGiven } from './inputs.fixture.js'
import { INPUTS, type Input, type InputName } from './input-table.js'

test('without inputs, an image is built of the workspace and pushed nowhere', () => {
  expect(readGiven({})).toEqual({
    problems: [],
    notices: [],
    masks: [],
    wanted: {
      build: {
        tags: [],
        push: false,
        buildArgs: {},
        labels: {},
        annotations: {},
        files: [],
        engineArgs: [],
        registryMirrors: [],
        insecureRegistries: [],
        pushRetries: 3,
        timeoutMs: 3_600_000
      },
      context: { kind: 'path', path: '/w', file: undefined },
      secrets: [],
      secretFiles: [],
      logins: [],
      logout: true,
      place: { backend: 'auto', resources: {}, nodeSelector: {} },
      summary: true
    }
  })
})

test('what docker/metadata-action gives is taken unchanged', () => {
  // Outputs of its v5 for a tag v1.2.3 with DOCKER_METADATA_ANNOTATIONS_LEVELS unset, of a repository with this description.
  const labels = [
    'org.opencontainers.image.created=2020-01-10T00:30:00.000Z',
    'org.opencontainers.image.description=This your "first" repo, with a = and a # in it!',
    'org.opencontainers.image.licenses=MIT',
    'org.opencontainers.image.revision=',
    'org.opencontainers.image.source=https://github.com/octocat/Hello-World',
    'org.opencontainers.image.title=Hello-World',
    'org.opencontainers.image.url=https://github.com/octocat/Hello-World',
    'org.opencontainers.image.version=1.2.3'
  ]
  const { wanted, problems } = readGiven({
    tags: 'org/app:1.2.3\norg/app:latest\nghcr.io/user/app:1.2.3\nghcr.io/user/app:latest',
    labels: labels.join('\n'),
    annotations: labels.map(label => `manifest:${label}`).join('\n'),
    push: 'true'
  })
  expect(problems).toEqual([])
  expect(wanted?.build.tags).toEqual([
    'docker.io/org/app:1.2.3',
    'docker.io/org/app:latest',
    'ghcr.io/user/app:1.2.3',
    'ghcr.io/user/app:latest'
  ])
  const pairs: Record<string, string> = {}
  for (const label of labels) pairs[label.slice(0, label.indexOf('='))] = label.slice(label.indexOf('=') + 1)
  expect(pairs['org.opencontainers.image.description']).toBe('This your "first" repo, with a = and a # in it!')
  expect(wanted?.build.labels).toEqual(pairs)
  expect(wanted?.build.annotations).toEqual(pairs)
})

test('tags that are the same are one', () => {
  expect(readGiven({ tags: 'app,docker.io/library/app:latest\napp:latest' }).wanted?.build.tags).toEqual([
    'docker.io/library/app:latest'
  ])
})

test('all fields come through', () => {
  const { wanted, problems } = readGiven(
    {
      context: './sub',
      file: 'docker/Dockerfile.prod',
      tags: 'ghcr.io/acme/app:1',
      push: 'True',
      'build-args': 'A=1,2\nHOME',
      target: 'release',
      platforms: 'linux/arm64',
      'cache-repository': 'ghcr.io/acme/layers',
      'cache-ttl': '24h',
      'secret-files': 'key=id_rsa',
      outputs: 'type=oci,dest=image.tar',
      registry: 'ghcr.io',
      username: 'mona',
      password: 'p4ss',
      'engine-args': '--single-snapshot\n--verbosity\ndebug',
      'registry-mirrors': 'mirror.example',
      'insecure-registries': 'registry.local:5000',
      'push-retry': '0',
      timeout: '1h30m',
      summary: 'false'
    },
    { environment: { HOME: '/root' } }
  )
  expect(problems).toEqual([])
  expect(wanted).toMatchObject({
    build: {
      tags: ['ghcr.io/acme/app:1'],
      push: true,
      buildArgs: { A: '1,2', HOME: '/root' },
      target: 'release',
      platform: 'linux/arm64',
      cache: { repository: 'ghcr.io/acme/layers', ttlMs: 86_400_000 },
      files: [{ kind: 'oci', path: '/w/image.tar' }],
      engineArgs: ['--single-snapshot', '--verbosity=debug'],
      registryMirrors: ['mirror.example'],
      insecureRegistries: ['registry.local:5000'],
      pushRetries: 0,
      timeoutMs: 5_400_000
    },
    context: { kind: 'path', path: '/w/sub', file: 'docker/Dockerfile.prod' },
    secretFiles: [{ id: 'key', path: '/w/id_rsa' }],
    logins: [{ registry: 'ghcr.io', username: 'mona', password: 'p4ss' }],
    summary: false
  })
})

describe('push: auto', () => {
  const fork = { repository: { full_name: 'acme/app' }, pull_request: { head: { repo: { full_name: 'mallory/app' } } } }

  test('pushes in a run of a push', () => {
    expect(readGiven({ push: 'auto', tags: 'a/b' }).wanted?.build.push).toBe(true)
  })

  test('pushes nothing for a pull request from a fork, and says so', () => {
    const { wanted, notices } = readGiven({ push: 'auto', tags: 'a/b' }, { eventName: 'pull_request', event: fork })
    expect(wanted?.build.push).toBe(false)
    expect(notices).toEqual(['`push: auto` pushes nothing in a run of a pull request from a fork.'])
  })

  test('pushes nothing when nobody can tell', () => {
    const { wanted, notices } = readGiven({ push: 'auto', tags: 'a/b' }, { event: undefined })
    expect(wanted?.build.push).toBe(false)
    expect(notices).toEqual([expect.stringContaining('could not be read')])
  })
})

describe('the context', () => {
  test.each([
    ['https://github.com/acme/app.git#main:sub', { kind: 'git', url: 'https://github.com/acme/app.git#main:sub' }],
    ['git@github.com:acme/app.git', { kind: 'git' }],
    ['/elsewhere', { kind: 'path', path: '/elsewhere' }]
  ])('%s', (context, expected) => {
    expect(readGiven({ context }).wanted?.context).toMatchObject(expected)
  })

  test.each([
    ['https://example.com/context.tar.gz', /not that of a Git repository/],
    ['{{defaultContext}}:sub', /check the repository out with actions\/checkout/]
  ])('%s is a problem', (context, problem) => {
    expect(readGiven({ context }).problems).toEqual([expect.stringMatching(problem)])
  })
})

test.each<[Partial<Record<InputName, string>>, RegExp]>([
  [{ push: 'true' }, /`tags` is empty/],
  [{ push: 'yes' }, /`push` is true or false, not "yes"/],
  [{ tags: 'Acme/App' }, /`tags`: .*lower case/],
  [{ tags: `a/b@sha256:${'0'.repeat(64)}` }, /a digest follows from the build/],
  [{ platforms: 'linux/amd64,linux/arm64' }, /2 platforms, and one build makes one: run the step in a matrix/],
  [{ platforms: 'amd64' }, /no platform such as/],
  [{ engine: 'buildah' }, /`engine` is kaniko/],
  [{ 'engine-args': '--destination=evil/x' }, /`engine-args`: .*--destination/],
  [{ 'engine-args': 'rm -rf /' }, /`engine-args`/],
  [{ 'insecure-registries': 'http://x' }, /no host or host:port/],
  [{ 'push-retry': '11' }, /0 to 10/],
  [{ 'push-retry': '-1' }, /0 to 10/],
  [{ timeout: '60' }, /a duration such as 60m, not "60"/],
  [{ timeout: '0s' }, /`timeout`/],
  [{ 'build-args': '"A=1' }, /`build-args`: a quote/]
])('%j is a problem', (inputs, problem) => {
  const { wanted, problems } = readGiven(inputs)
  expect(problems).toEqual([expect.stringMatching(problem)])
  expect(wanted).toBeUndefined()
})

test('all problems are told at once', () => {
  expect(
    readGiven({ push: 'true', 'add-hosts': 'x', ssh: 'default', timeout: 'soon', 'cache-from': 'type=gha' }).problems
  ).toHaveLength(5)
})

describe.each((INPUTS as readonly Input[]).filter(({ refused }) => refused !== undefined))(
  '$name',
  ({ name, refused }) => {
    test('is refused with what to write instead', () => {
      const { problems } = readGiven({ [name]: 'true' })
      expect(problems).toEqual([`\`${name}\` is not possible here: ${refused?.instead ?? ''}`])
    })

    test('is taken where it asks for nothing', () => {
      for (const value of refused?.unless ?? []) expect(readGiven({ [name]: value }).problems).toEqual([])
    })
  }
)

test.each((INPUTS as readonly Input[]).filter(({ ignored }) => ignored !== undefined))(
  '$name is a notice',
  ({ name, ignored }) => {
    expect(readGiven({ [name]: 'true' })).toMatchObject({
      problems: [],
      notices: [`\`${name}\` changes nothing: ${ignored?.because ?? ''}.`]
    })
    for (const value of ignored?.unless ?? []) expect(readGiven({ [name]: value }).notices).toEqual([])
  }
)

test.each([
  [{ ecr: 'true' }, [/`ecr` is not possible here/]],
  [{ scope: 'repository:a/b:push' }, [/`scope` is not possible here/]],
  [
    { registry: '012345678901.dkr.ecr.eu-west-1.amazonaws.com', username: 'AKIA', password: 'x' },
    [/`username` for 0123.* is AWS/]
  ],
  [{ registry: 'public.ecr.aws', username: 'AWS', password: 'x' }, []],
  [
    { context: 'https://github.com/acme/app.git', secrets: 'GIT_AUTH_TOKEN=x' },
    [/GIT_AUTH_TOKEN is for RUN alone here/]
  ],
  [{ secrets: 'GIT_AUTH_TOKEN=x' }, []]
] as const)("what docker's actions would do and this one cannot is a problem: %j", (inputs, problems) => {
  expect(readGiven(inputs).problems).toEqual(problems.map(problem => expect.stringMatching(problem) as unknown))
})

test("words of BuildKit's that change nothing are a notice", () => {
  const { notices, problems } = readGiven(
    { 'build-args': 'BUILDKIT_INLINE_CACHE=1\nBUILDKIT_SYNTAX=x\nVERSION=1' },
    { environment: { SOURCE_DATE_EPOCH: '0' } }
  )
  expect(problems).toEqual([])
  expect(notices).toEqual([
    expect.stringMatching(/^`build-args`: BUILDKIT_INLINE_CACHE, BUILDKIT_SYNTAX are BuildKit's own/),
    expect.stringMatching(/^SOURCE_DATE_EPOCH changes nothing/)
  ])
})

test("docker's variable leaves the summary out", () => {
  expect(readGiven({}, { environment: { DOCKER_BUILD_SUMMARY: 'false' } }).wanted?.summary).toBe(false)
  expect(readGiven({}, { environment: { DOCKER_BUILD_SUMMARY: 'true' } }).wanted?.summary).toBe(true)
})

test('what must not be printed is known, with problems too', () => {
  const { masks, problems } = readGiven({
    username: 'mona',
    password: 'p4ss',
    secrets: 'npm=t0ken',
    kubeconfig: 'users:\n- user:\n    token: abcdefgh1',
    ssh: 'default'
  })
  expect(problems).toHaveLength(1)
  expect(masks).toEqual(['p4ss', 'p4ss', 'bW9uYTpwNHNz', 't0ken', 'abcdefgh1'])
})

test('names that each object has are no variables, and may be keys', () => {
  const { wanted, problems } = readGiven({
    'build-args': 'constructor\n__proto__=x',
    labels: '__proto__=y',
    annotations: '__proto__=z'
  })
  expect(problems).toEqual([])
  const { buildArgs, labels, annotations } = wanted?.build ?? {}
  expect([buildArgs, labels, annotations].map(values => Object.entries(values ?? {}))).toEqual([
    [['__proto__', 'x']],
    [['__proto__', 'y']],
    [['__proto__', 'z']]
  ])
  expect(readGiven({ 'secret-envs': 'a=toString' }).problems).toEqual([expect.stringContaining('not set')])
})

test('a timeout that no timer can count is refused', () => {
  expect(readGiven({ timeout: '600h' }).problems).toEqual(['`timeout` is at most 576h, not "600h"'])
  expect(readGiven({ 'cache-ttl': '6000h' }).problems).toEqual([])
})
