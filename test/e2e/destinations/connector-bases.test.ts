import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { V1Secret } from '@kubernetes/client-node'
import { load } from 'js-yaml'

import { Api } from '../../harness/cluster/api.js'
import { deleteConnector } from '../../stand-ins/connector/connector.js'
import { connectorUser, createConnector, installConnectors, type Connector } from '../../stand-ins/connector/index.js'
import { Lanes } from '../../faults/lanes.js'
import { CranePod, dockerConfigSecret, tokenRegistry, type TokenRegistry } from '../../stand-ins/registries/index.js'
import { create, secretOf } from '../../stand-ins/registries/objects.js'
import { request } from '../../stand-ins/registries/request.js'
import { Choice } from '../../harness/choice.js'
import {
  buildPods,
  byLocalhost,
  errorIn,
  expectRefused,
  outputIn,
  rightsFor,
  runBuild,
  seenBy,
  through,
  TOKEN,
  upstreamOf,
  USER,
  type Build,
  type Done
} from '../../harness/connector-job.js'
import { action, use } from '../../harness/dockerfile-action.js'
import { runJob } from '../../harness/job.js'
import { kubectl } from '../../harness/kubectl.js'
import { Made } from '../../harness/made.js'
import { observe } from '../../harness/observe.js'
import { once } from '../../harness/once.js'
import { NOVOLUME_ROLE, VOLUME_ROLE } from '../../harness/roles.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('bases')

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples')
/** As whom base images are fetched: with the right to the connectors for them, and to nothing else. */
const BASES = 'bases'
/** Without any right. */
const STRANGER = 'stranger'
/** A service account that is not there. */
const NOBODY = 'nobody'
/** Of whose tokens the runners may have none. */
const UNTOLD = 'untold'

/** The long run asks in other ways too, is told of what else is wrong, and keeps an image. */
const choice = new Choice(['by its tag', 'no such image'])

let registry: TokenRegistry
let crane: CranePod
/** The base image, in the registry behind the connectors. */
let base: { readonly tagged: string; readonly pinned: string }

const made = new Made()

/** A connector by the registry's `user`, which `account` may use. */
const connector = (name: string, user: 'delete' | 'pull', account: string, form: 'exposed' | 'unexposed' = 'exposed') =>
  once(async () => {
    const { cluster, namespace } = suite
    const making = createConnector(cluster, namespace, { name, form, upstream: upstreamOf(registry, user) })
    const connector = await made.keep(making, () => deleteConnector(cluster, namespace, name))
    await connectorUser(cluster, namespace, account, connector)
    return connector
  })

/** Where images go. */
const target = connector('target', 'delete', USER)
/** Where base images come from, by a credential that can only pull: exposed, and inside of the cluster. */
const bases = connector('bases', 'pull', BASES)
const inner = connector('inner', 'pull', BASES, 'unexposed')
/** One whose status and address change. */
const broken = connector('broken', 'pull', BASES)

const RIGHTS = rightsFor(['target', 'bases', 'inner', 'broken', 'missing'], [USER, BASES, STRANGER, NOBODY])
const first = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...RIGHTS] }))
const novolume = once(() => suite.runner({ mode: 'novolume', rules: [...NOVOLUME_ROLE, ...RIGHTS] }))
const second = once(() => suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...RIGHTS] }))
const stock = once(() => suite.runner({ mode: 'volume' }))

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await made.keep(tokenRegistry(cluster, namespace), one => one?.remove())
  const identities = { admin: { [registry.pushHost]: registry.users.admin } }
  const authorities = [registry.ca ?? '']
  // It goes with the namespace.
  crane = await CranePod.start(cluster, namespace, { identities, authorities })
  await create(cluster, [secretOf(namespace, 'registry-authority', { 'ca.crt': registry.ca ?? '' })])
  await connectorUser(cluster, namespace, STRANGER, null)
  base = await pushBase()
  startJobs()
}, 400_000)

afterAll(() => made.remove(), 60_000)

/** An image of the test's own, with busybox in it, where only the registry's users find it; for Docker Hub's name too. */
async function pushBase(): Promise<typeof base> {
  const file = '/tmp/base.tar'
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await crane.run('admin', ...args)
    if (code !== 0) throw new Error(stderr)
    return stdout
  }
  const label = `unique=${randomBytes(8).toString('hex')}`
  const change = ['--label', label, '--env', 'BASE=behind the connector']
  await run('mutate', '--insecure', ...change, '-o', file, `${suite.cluster.mirror}/library/busybox:1.36`)
  await run('push', file, `${registry.pushHost}/library/kaniko-hooks-base:1`)
  const name = `${registry.pushHost}/builds/base`
  const pushed = await run('push', file, `${name}:1`)
  return { tagged: `${name}:1`, pinned: `${name}@${pushed.split('@')[1] ?? 'none'}` }
}

/** All small files of a container, and what its processes were started with. Through a pipe: a file would be among them. */
const EVERYTHING = [
  'find / -path /proc -prune -o -path /sys -prune -o -type f -size -2000k -exec cat {} +',
  'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline'
].join('; ')

/** Writes the hash of each service account's token that a RUN line can find in its container. */
const LOOK = [
  `{ ${EVERYTHING}; } 2>/dev/null | grep -aoE 'eyJ[A-Za-z0-9_-]+[.]eyJ[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+' | sort -u >/tokens`,
  'while read -r token; do printf %s "$token" | sha256sum | cut -c1-64; done </tokens >/hashes',
  'rm /tokens'
].join('; ')

const LOOKING = (from: string): string[] => [
  `FROM ${from}`,
  `RUN ${LOOK}`,
  'RUN echo "built on what is $BASE; tokens: $(cat /hashes | tr "\\n" " ")." >/said'
]

const hello = (...lines: readonly string[]): ReturnType<typeof action> =>
  action('hello', [...lines, 'ENTRYPOINT ["cat", "/said"]', ''].join('\n'))

type Wanted<T> = () => Promise<T>

/** The setting for a connector, or for the name of none. */
const by = async (connector: Wanted<Connector> | string, more: object = {}): Promise<object> => ({
  name: `${suite.namespace}/${typeof connector === 'string' ? connector : (await connector()).name}`,
  serviceAccount: BASES,
  ...more
})

async function toTarget(): Promise<object> {
  const connector = await target()
  return through(connector, { pullAddress: byLocalhost(connector) })
}

/** With it Kaniko could fetch from the registry itself, but for the password. */
const trusting = (): object => ({ certificates: [{ registry: registry.pushHost, secret: 'registry-authority' }] })

/** Images of which nothing is known but by the jobs that ask for them. */
const NOTHING = 'builds/nothing'
const UNASKED = 'builds/unasked'

/** The registry of the test cluster, into which Kaniko itself pushes. */
function toNodePort(): object {
  const { host, port, nodePort } = suite.cluster.registry
  return { nodePort: { host, port, nodePort, repository: 'builds/bases' } }
}

interface Fetching extends Omit<Build, 'settings'> {
  readonly build?: object
  readonly settings?: object
}

async function run(
  runner: Wanted<RunnerPod>,
  destination: object | Promise<object>,
  connectors: readonly (object | Promise<object>)[],
  { build = {}, settings = {}, files = hello(...LOOKING(base.tagged)), ...others }: Fetching = {}
): Promise<Done> {
  const [started, to, ...from] = await Promise.all([runner(), destination, ...connectors])
  return runBuild(suite, started, to, {
    ...others,
    files,
    settings: { build: { connectors: from, ...build }, ...settings }
  })
}

const lanes = new Lanes<Done>()

function startJobs(): void {
  const firsts = {
    'by its tag': () => run(first, toTarget(), [by(bases)]),
    'by its digest, in several stages': () =>
      run(first, toNodePort(), [by(bases)], {
        files: hello(
          `FROM ${base.pinned} AS one`,
          'RUN echo one >/one',
          ...LOOKING(base.tagged),
          'COPY --from=one /one /one',
          `COPY --from=${base.pinned} /bin/busybox /two/busybox`,
          'RUN test "$(cat /one)" = one && /two/busybox true'
        )
      }),
    'no such image': () =>
      run(first, toTarget(), [by(bases)], {
        build: trusting(),
        files: hello(`FROM ${registry.pushHost}/${NOTHING}:9`)
      }),
    'an image of another registry': () =>
      run(first, toTarget(), [by(bases, { registries: ['other.example'] })], {
        files: hello(...LOOKING('busybox:1.36'))
      }),
    'a cancelled build': cancelled,
    'the example files': byExamples
  }
  const novolumes = {
    'novolume, inside of the cluster': () => run(novolume, toTarget(), [by(inner)]),
    "by Docker Hub's name, beside a credential": besideCredential,
    'no right for tokens': () => run(novolume, toTarget(), [by(bases, { serviceAccount: UNTOLD })]),
    'not ready': async () => {
      await (await broken()).setStatus('exposed', 'AuthenticationFailed')
      return run(novolume, toTarget(), [by(broken)])
    },
    'a registry that is down': async () => {
      const connector = await broken()
      await connector.setStatus('exposed')
      await connector.setAddress(`https://${registry.pushHost.replace(/:\d+$/, ':1')}`)
      return run(novolume, toTarget(), [by(broken, { registries: [registry.pushHost] })], {
        build: trusting(),
        files: hello(`FROM ${registry.pushHost}/${UNASKED}:1`)
      })
    },
    // The last one of its runner: its record stays.
    'for later jobs': () => run(novolume, toTarget(), [by(inner)], { settings: { image: { keep: '1h' } } })
  }
  const seconds = {
    'no connector': () => run(second, toTarget(), [by('missing')]),
    'no right to read it': () => run(second, toTarget(), [by('unread')]),
    'no service account': () => run(second, toTarget(), [by(bases, { serviceAccount: NOBODY })]),
    'one account for both': () => run(second, toTarget(), [by(bases, { serviceAccount: USER })]),
    'a mirror besides': () =>
      run(second, toTarget(), [by(bases, { registries: ['docker.io'] })], { files: hello('FROM busybox:1.36') }),
    'no right for the service account': () => run(second, toTarget(), [by(bases, { serviceAccount: STRANGER })]),
    'a RUN that fails': () =>
      run(second, toTarget(), [by(bases)], { files: hello(`FROM ${base.tagged}`, 'RUN exit 7') })
  }
  for (const jobs of [firsts, novolumes, seconds]) lanes.start(choice.jobs<() => Promise<Done>>(jobs))
}

/** One base image by a connector, and one directly from the registry with a credential of the settings. */
async function besideCredential(): Promise<Done> {
  const { cluster, namespace } = suite
  await dockerConfigSecret(cluster, namespace, 'registry-pull', { [registry.pushHost]: registry.users.pull })
  return run(novolume, toNodePort(), [by(inner, { registries: ['docker.io'] })], {
    build: {
      registryMirrors: [],
      credentials: 'registry-pull',
      ...trusting()
    },
    files: hello(...LOOKING('kaniko-hooks-base:1'), `COPY --from=${base.pinned} /bin/busybox /two`)
  })
}

/** Said by a RUN line, and not by the Dockerfile. */
const RUNNING = 'running on what is behind the connector'

const SAID_AT_THE_END: Readonly<Record<string, string>> = {
  'no such image': 'cannot be fetched',
  'a RUN that fails': 'it ended with exit code 7',
  'a cancelled build': RUNNING
}

/** Cancelled while a RUN line is under way. */
async function cancelled(): Promise<Done> {
  const runner = await first()
  const path = await runner.writeSettings({
    destinations: [await toTarget()],
    build: { connectors: [await by(bases)] }
  })
  const cancel = '/tmp/cancel'
  let asked: Promise<void> | undefined
  const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
    runJob(runner, {
      workflow: workflowOf({ container: suite.cluster.images.busybox, steps: [use('hello')] }),
      files: hello(`FROM ${base.tagged}`, 'RUN echo "running on what is $BASE"; sleep 120'),
      env: { KANIKO_HOOKS_CONFIG: path },
      args: ['--cancel-file', cancel],
      onLog: line => {
        if (line.includes(RUNNING)) asked ??= runner.write(cancel, '')
      }
    })
  )
  await asked
  return {
    result,
    seen: seen.filter(({ metadata }) => metadata?.name?.startsWith(`${runner.name}-`) === true),
    left: await suite.left(runner),
    seconds: 0
  }
}

/** The files of examples/, with the names of this cluster. */
async function byExamples(): Promise<Done> {
  const [runner, to] = await Promise.all([stock(), target(), bases()])
  const words = {
    'arc-runners': suite.namespace,
    'namespace: connectors': `namespace: ${suite.namespace}`,
    'connectors/harbor-pull': `${suite.namespace}/bases`,
    'connectors/harbor': `${suite.namespace}/target`,
    '[harbor-pull]': '[bases]',
    '[harbor]': '[target]',
    'kaniko-hooks-runner': runner.name,
    'acme/actions': 'builds/actions'
  }
  const here = (text: string): string =>
    Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text)
  const [settings = '', ...rules] = await Promise.all(
    ['settings/connector-bases.yaml', 'connector-rbac.yaml', 'connector-bases-rbac.yaml'].map(async file =>
      readFile(join(EXAMPLES, file), 'utf8')
    )
  )
  for (const text of rules) await kubectl(suite.cluster, ['apply', '-f', '-'], here(text))
  const { destinations, build } = load(here(settings.replace(/localhost:31567\S+/, byLocalhost(to)))) as {
    readonly destinations: readonly [object]
    readonly build: { readonly connectors: readonly object[] }
  }
  return run(stock, destinations[0], build.connectors)
}

/** The token that a build was lent, by the Secret that the hook made for it. */
function lentIn({ seen }: Done, { pushHost }: Connector): string | undefined {
  const configs = seen.flatMap(item => {
    const config = item.kind === 'Secret' ? (item as V1Secret).data?.['.dockerconfigjson'] : undefined
    if (config === undefined) return []
    return [JSON.parse(Buffer.from(config, 'base64').toString()) as { auths: Record<string, { password?: string }> }]
  })
  // The pull's Secret is of the target, by another name.
  return configs.map(({ auths }) => auths[pushHost]?.password).find(password => password !== undefined)
}

const hashOf = (token: string | undefined): string =>
  createHash('sha256')
    .update(token ?? '')
    .digest('hex')

const BUILT = 'built on what is behind the connector'

describe('a base image is fetched', () => {
  test.each(
    choice.rows([
      ['by its tag', bases, BASES],
      ['by its digest, in several stages', bases, BASES],
      ['novolume, inside of the cluster', inner, BASES],
      ["by Docker Hub's name, beside a credential", inner, BASES],
      ['the example files', bases, 'kaniko-hooks-bases']
    ])
  )(
    '%s; a RUN line finds the token for it and no other, which is worth nothing after the build',
    async (name, connector, account) => {
      const done = await lanes.result(name)
      const lent = lentIn(done, await connector())
      expect({ error: errorIn(done), output: outputIn(done) }).toEqual({
        error: 'no error',
        output: expect.arrayContaining([`${BUILT}; tokens: ${hashOf(lent)} .`]) as unknown
      })
      expect(done.result.conclusion).toBe('success')
      expect(done.left).toEqual([])
      expect(claimsOf(lent).sub).toBe(`system:serviceaccount:${suite.namespace}:${account}`)
      expect(await isAuthenticated(lent)).toBe(false)
      const authorization = `Basic ${Buffer.from(`u:${lent ?? ''}`).toString('base64')}`
      const { nodeHost, prefix } = await bases()
      const refused = await request(`http://${nodeHost}/v2/${prefix}builds/base/manifests/1`, {
        headers: { Authorization: authorization }
      })
      expect(refused.status).toBe(401)
      // Nowhere but in Secrets.
      expect(JSON.stringify(done.seen.filter(({ kind }) => kind !== 'Secret'))).not.toMatch(TOKEN)
      expect(done.result.log).not.toMatch(TOKEN)
    },
    240_000
  )

  test.each(
    choice.rows([
      ['by its tag', bases, () => ['builds/base/manifests/1']],
      [
        'by its digest, in several stages',
        bases,
        () => ['builds/base/manifests/1', `builds/base/manifests/${base.pinned.split('@')[1] ?? ''}`]
      ],
      ["by Docker Hub's name, beside a credential", inner, () => ['library/kaniko-hooks-base/manifests/1']]
    ])
  )(
    "%s: by the connector's proxy",
    async (name, connector, paths) => {
      await lanes.result(name)
      const proxy = await connector()
      const requests = paths().map(path => `GET /v2/${proxy.prefix}${path} 200`)
      expect(await seenBy(proxy)).toEqual(expect.arrayContaining(requests))
    },
    400_000
  )

  if (choice.has("by Docker Hub's name, beside a credential")) {
    test('with what the settings have besides: both credentials are in one file', async () => {
      const done = await lanes.result("by Docker Hub's name, beside a credential")
      const [pod] = buildPods(done)
      const secrets = (pod?.spec?.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? [])
      expect(secrets).not.toContain('registry-pull')
      const uses = (await registry.tokenRequests()).filter(({ asked }) => asked.includes('repository:builds/base:pull'))
      // By Kaniko itself, for the second image, and by the proxies for the others.
      expect(new Set(uses.map(({ user }) => user ?? 'nobody'))).toEqual(new Set([registry.users.pull.username]))
    }, 400_000)
  }
})

describe('the token of a build', () => {
  test('lies in the container of Kaniko and in no other; the one for the push does not', async () => {
    const done = await lanes.result('by its tag')
    const [pod] = buildPods(done)
    const { initContainers = [], containers = [], volumes = [] } = pod?.spec ?? {}
    const mounting = (volume: string): string[] =>
      [...initContainers, ...containers]
        .filter(({ volumeMounts }) => volumeMounts?.some(({ name }) => name === volume))
        .map(({ name }) => name)
    expect(mounting('credentials')).toEqual(['kaniko'])
    expect(mounting('connector')).toEqual(['push'])
    expect(volumes.find(({ name }) => name === 'credentials')?.secret).toMatchObject({ defaultMode: 0o400 })
    expect(pod?.spec).toMatchObject({ serviceAccountName: USER, automountServiceAccountToken: false })
  }, 400_000)

  if (choice.has('an image of another registry')) {
    test('is not there when no base image needs it', async () => {
      const done = await lanes.result('an image of another registry')
      expect(errorIn(done)).toBe('no error')
      expect(outputIn(done)).toContain('built on what is ; tokens: .')
      expect(lentIn(done, await bases())).toBeUndefined()
    }, 400_000)
  }

  test.each(choice.rows(['no such image', 'a RUN that fails', 'a cancelled build']))(
    'ends with the build: %s',
    async name => {
      const done = await lanes.result(name)
      const lent = lentIn(done, await bases())
      expect(claimsOf(lent).sub).toBe(`system:serviceaccount:${suite.namespace}:${BASES}`)
      expect(done.left).toEqual([])
      expect(await isAuthenticated(lent)).toBe(false)
      expect(outputIn(done).join('\n')).toContain(SAID_AT_THE_END[name])
      // The failed step may fail; the job was cancelled before its RUN line was over.
      expect(done.result.conclusion).toBe(name === 'a cancelled build' ? 'cancelled' : 'success')
    },
    240_000
  )
})

if (choice.has('for later jobs')) {
  test('an image that is kept is known by what its base image is, as the connector has it', async () => {
    const done = await lanes.result('for later jobs')
    expect({ error: errorIn(done), output: outputIn(done) }).toEqual({
      error: 'no error',
      output: expect.not.arrayContaining([expect.stringContaining('not shared with other jobs')]) as unknown
    })
    const proxy = await inner()
    expect(await seenBy(proxy)).toContain(`HEAD /v2/${proxy.prefix}builds/base/manifests/1 200`)
    // Its record.
    expect(done.left).toEqual([expect.stringMatching(/^secret\//)])
  }, 400_000)
}

const REFUSALS = choice.rows([
  ['no connector', /The setting build\.connectors names the connector \S+\/missing: there is none of that name/],
  [
    'no right to read it',
    /may not read the connector \S+\/unread\. Grant .*resourceNames: \[unread\], verbs: \[get\].*, or set its registries and address/
  ],
  [
    'no right for tokens',
    /may not ask for tokens of service account untold, as which the setting build\.connectors uses the connector \S+\/bases\. Grant .*resourceNames: \[untold\], verbs: \[create\]/
  ],
  ['no service account', /The service account nobody of the setting build\.connectors does not exist/],
  ['a mirror besides', /images of docker\.io have a mirror .* and the connector \S+\/bases/],
  ['not ready', /\/broken is not ready: AuthenticationFailed: .*status code 401 \(AuthReady\)/]
])

if (REFUSALS.length > 0) {
  describe('refused before any pod that builds:', () => {
    test.each(REFUSALS)(
      '%s',
      async (name, sentence) => {
        const done = await lanes.result(name)
        expect(buildPods(done)).toEqual([])
        expectRefused(done, sentence)
      },
      240_000
    )
  })
}

if (choice.has('one account for both')) {
  test('one account for base images and for a destination: no job begins', async () => {
    const done = await lanes.result('one account for both')
    expect(done.result.log).toMatch(/serviceAccount: images is also the account of a destination, and every RUN line/)
    expect(done.result.conclusion).toBe('failure')
    expect(done.seen).toEqual([])
  }, 400_000)
}

describe('told with the base image, its line and the connector:', () => {
  test.each(
    choice.rows([
      [
        'no right for the service account',
        /base:1 \(Dockerfile line 1\) cannot be fetched through the connector \S+\/bases: .*DENIED.*; its credential is from service account stranger, which needs get on the connector \S+\/bases/
      ],
      [
        'no such image',
        /nothing:9 \(Dockerfile line 1\) cannot be fetched through the connector \S+\/bases: .*UNKNOWN/
      ],
      ['a registry that is down', /cannot be fetched through the connector \S+\/broken: .*502/]
    ])
  )(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expect(buildPods(done)).toHaveLength(1)
      expectRefused(done, sentence)
    },
    240_000
  )

  const about = (name: string, texts: readonly string[]) =>
    texts.map(text => decodeURIComponent(text)).filter(text => text.includes(name))
  const askedAbout = async (name: string) => {
    const requests = (await registry.requests()).map(({ path }) => path)
    const scopes = (await registry.tokenRequests()).flatMap(({ asked }) => asked)
    return { requests: about(name, requests), scopes: about(name, scopes) }
  }

  if (choice.has('a registry that is down')) {
    test('the registry itself was not asked in its place', async () => {
      await lanes.result('a registry that is down')
      expect(await askedAbout(UNASKED)).toEqual({ requests: [], scopes: [] })
    }, 400_000)
  }

  test('the registry itself was not asked for what it does not have, but by the proxy', async () => {
    await lanes.result('no such image')
    const { requests, scopes } = await askedAbout(NOTHING)
    expect(scopes.length).toBeGreaterThan(0)
    expect(requests).toHaveLength(
      about(NOTHING, await seenBy(await bases())).filter(line => !line.includes('/token')).length
    )
    // Without the proxy's password one is nobody.
    expect((await registry.tokenRequests()).filter(({ user }) => user === null)).toEqual([])
  }, 400_000)
})

test("the registry's passwords were used by the proxies alone, that for base images to pull", async () => {
  await lanes.ended()
  const connectors = choice.has('not ready') ? [bases, inner, broken] : [bases]
  const lines = (await Promise.all(connectors.map(async wanted => (await wanted()).requests()))).flat()
  const whoIn = (some: typeof lines) => new Set(some.flatMap(({ who }) => who ?? []))
  const accounts = (rows: readonly (readonly [job: string, account: string])[]) =>
    choice.rows(rows).map(([, account]) => `${suite.namespace}/${account}`)
  const entitled = accounts([
    ['by its tag', BASES],
    ['the example files', 'kaniko-hooks-bases']
  ])
  expect(whoIn(lines.filter(({ injected }) => injected))).toEqual(new Set(entitled))
  const others = accounts([['no right for the service account', STRANGER]])
  expect(whoIn(lines)).toEqual(new Set([...entitled, ...others]))
  expect(lines.filter(({ method }) => !['GET', 'HEAD'].includes(method))).toEqual([])
  const pulls = (await registry.tokenRequests()).filter(({ user }) => user === registry.users.pull.username)
  expect(pulls.flatMap(({ asked }) => asked).filter(scope => !scope.endsWith(':pull'))).toEqual([])
}, 400_000)

/** Whether the API server takes a token; it remembers for ten seconds that it did. */
async function isAuthenticated(token = ''): Promise<boolean> {
  const api = new Api(suite.cluster.kubeconfig)
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }
  for (let tries = 1; ; tries += 1) {
    const { body } = await api.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review)
    const { authenticated = false } = (body as { readonly status?: { readonly authenticated?: boolean } }).status ?? {}
    if (!authenticated || tries === 60) return authenticated
    await new Promise(resolve => setTimeout(resolve, 1_000))
  }
}

function claimsOf(token = ''): { readonly sub?: string } {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return payload === '' ? {} : (JSON.parse(payload) as { readonly sub?: string })
}
