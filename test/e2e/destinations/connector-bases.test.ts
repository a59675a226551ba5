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

let registry: TokenRegistry
let crane: CranePod
/** Where images go. */
let target: Connector
/** Where base images come from, by a credential that can only pull: exposed, and inside of the cluster. */
let bases: Connector
let inner: Connector
/** One whose status and address change. */
let broken: Connector
let runners: {
  readonly first: RunnerPod
  readonly novolume: RunnerPod
  readonly second: RunnerPod
  readonly stock: RunnerPod
}
/** The base image, in the registry behind the connectors. */
let base: { readonly tagged: string; readonly pinned: string }

const made = new Made()

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await made.keep(tokenRegistry(cluster, namespace), one => one?.remove())
  const connectorFor = (name: string, user: 'delete' | 'pull', form: 'exposed' | 'unexposed' = 'exposed') =>
    made.keep(createConnector(cluster, namespace, { name, form, upstream: upstreamOf(registry, user) }), () =>
      deleteConnector(cluster, namespace, name)
    )
  ;[target, bases, inner, broken, crane] = await Promise.all([
    connectorFor('target', 'delete'),
    connectorFor('bases', 'pull'),
    connectorFor('inner', 'pull', 'unexposed'),
    connectorFor('broken', 'pull'),
    // It goes with the namespace.
    CranePod.start(cluster, namespace, {
      identities: { admin: { [registry.pushHost]: registry.users.admin } },
      authorities: [registry.ca ?? '']
    })
  ])
  await create(cluster, [secretOf(namespace, 'registry-authority', { 'ca.crt': registry.ca ?? '' })])
  await connectorUser(cluster, namespace, USER, target)
  for (const connector of [bases, inner, broken]) await connectorUser(cluster, namespace, BASES, connector)
  await connectorUser(cluster, namespace, STRANGER, null)
  base = await pushBase()
  const rights = rightsFor(['target', 'bases', 'inner', 'broken', 'missing'], [USER, BASES, STRANGER, NOBODY])
  const [first, novolume, second, stock] = await Promise.all([
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rights] }),
    suite.runner({ mode: 'novolume', rules: [...NOVOLUME_ROLE, ...rights] }),
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rights] }),
    suite.runner({ mode: 'volume' })
  ])
  runners = { first, novolume, second, stock }
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

const by = ({ namespace, name }: Pick<Connector, 'namespace' | 'name'>, more: object = {}): object => ({
  name: `${namespace}/${name}`,
  serviceAccount: BASES,
  ...more
})

const toTarget = (): object => through(target, { pullAddress: byLocalhost(target) })

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
  runner: RunnerPod,
  destination: object,
  connectors: readonly object[],
  { build = {}, settings = {}, files = hello(...LOOKING(base.tagged)), ...others }: Fetching = {}
): Promise<Done> {
  return runBuild(suite, runner, destination, {
    ...others,
    files,
    settings: { build: { connectors, ...build }, ...settings }
  })
}

const lanes = new Lanes<Done>()

function startJobs(): void {
  const { first, novolume, second } = runners
  lanes.start({
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
    'an image of another registry': () =>
      run(first, toTarget(), [by(broken, { name: `${suite.namespace}/bases`, registries: ['other.example'] })], {
        files: hello(...LOOKING('busybox:1.36'))
      }),
    'a cancelled build': cancelled,
    'the example files': byExamples
  })
  lanes.start({
    'novolume, inside of the cluster': () => run(novolume, toTarget(), [by(inner)]),
    "by Docker Hub's name, beside a credential": besideCredential,
    'for later jobs': () => run(novolume, toTarget(), [by(inner)], { settings: { image: { keep: '1h' } } })
  })
  lanes.start({
    'no connector': () => run(second, toTarget(), [by({ ...bases, name: 'missing' })]),
    'no right to read it': () => run(second, toTarget(), [by({ ...bases, name: 'unread' })]),
    'no right for tokens': () => run(second, toTarget(), [by(bases, { serviceAccount: UNTOLD })]),
    'no service account': () => run(second, toTarget(), [by(bases, { serviceAccount: NOBODY })]),
    'one account for both': () => run(second, toTarget(), [by(bases, { serviceAccount: USER })]),
    'a mirror besides': () =>
      run(second, toTarget(), [by(bases, { registries: ['docker.io'] })], { files: hello('FROM busybox:1.36') }),
    'no right for the service account': () => run(second, toTarget(), [by(bases, { serviceAccount: STRANGER })]),
    'no such image': () =>
      run(second, toTarget(), [by(bases)], {
        build: trusting(),
        files: hello(`FROM ${registry.pushHost}/${NOTHING}:9`)
      }),
    'a RUN that fails': () =>
      run(second, toTarget(), [by(bases)], { files: hello(`FROM ${base.tagged}`, 'RUN exit 7') }),
    'not ready': async () => {
      await broken.setStatus('exposed', 'AuthenticationFailed')
      return run(second, toTarget(), [by(broken)])
    },
    'a registry that is down': async () => {
      await broken.setStatus('exposed')
      await broken.setAddress(`https://${registry.pushHost.replace(/:\d+$/, ':1')}`)
      return run(second, toTarget(), [by(broken, { registries: [registry.pushHost] })], {
        build: trusting(),
        files: hello(`FROM ${registry.pushHost}/${UNASKED}:1`)
      })
    }
  })
}

/** One base image by a connector, and one directly from the registry with a credential of the settings. */
async function besideCredential(): Promise<Done> {
  const { cluster, namespace } = suite
  await dockerConfigSecret(cluster, namespace, 'registry-pull', { [registry.pushHost]: registry.users.pull })
  return run(runners.novolume, toNodePort(), [by(inner, { registries: ['docker.io'] })], {
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

/** Cancelled while a RUN line is under way. */
async function cancelled(): Promise<Done> {
  const { first } = runners
  const path = await first.writeSettings({ destinations: [toTarget()], build: { connectors: [by(bases)] } })
  const cancel = '/tmp/cancel'
  let log = ''
  let asked: Promise<void> | undefined
  const { result, seen } = await observe(suite.cluster, suite.namespace, async () =>
    runJob(first, {
      workflow: workflowOf({ container: suite.cluster.images.busybox, steps: [use('hello')] }),
      files: hello(`FROM ${base.tagged}`, 'RUN echo "running on what is $BASE"; sleep 120'),
      env: { KANIKO_HOOKS_CONFIG: path },
      args: ['--cancel-file', cancel],
      onLog: text => {
        log += text
        if (log.includes(RUNNING)) asked ??= first.write(cancel, '')
      }
    })
  )
  await asked
  return {
    result,
    seen: seen.filter(({ metadata }) => metadata?.name?.startsWith(`${first.name}-`) === true),
    left: await suite.left(first),
    seconds: 0
  }
}

/** The files of examples/, with the names of this cluster. */
async function byExamples(): Promise<Done> {
  const { stock } = runners
  const words = {
    'arc-runners': suite.namespace,
    'namespace: connectors': `namespace: ${suite.namespace}`,
    'connectors/harbor-pull': `${suite.namespace}/bases`,
    'connectors/harbor': `${suite.namespace}/target`,
    '[harbor-pull]': '[bases]',
    '[harbor]': '[target]',
    'kaniko-hooks-runner': stock.name,
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
  const { destinations, build } = load(here(settings.replace(/localhost:31567\S+/, byLocalhost(target)))) as {
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
  test.each([
    ['by its tag', () => bases, BASES],
    ['by its digest, in several stages', () => bases, BASES],
    ['novolume, inside of the cluster', () => inner, BASES],
    ["by Docker Hub's name, beside a credential", () => inner, BASES],
    ['the example files', () => bases, 'kaniko-hooks-bases']
  ])(
    '%s; a RUN line finds the token for it and no other, which is worth nothing after the build',
    async (name, connector, account) => {
      const done = await lanes.result(name)
      const lent = lentIn(done, connector())
      expect({ error: errorIn(done), output: outputIn(done) }).toEqual({
        error: 'no error',
        output: expect.arrayContaining([`${BUILT}; tokens: ${hashOf(lent)} .`]) as unknown
      })
      expect(done.result.conclusion).toBe('success')
      expect(done.left).toEqual([])
      expect(claimsOf(lent).sub).toBe(`system:serviceaccount:${suite.namespace}:${account}`)
      expect(await isAuthenticated(lent)).toBe(false)
      const authorization = `Basic ${Buffer.from(`u:${lent ?? ''}`).toString('base64')}`
      const { nodeHost, prefix } = bases
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

  test("by the connector's proxy, as the account for base images", async () => {
    await lanes.result('by its digest, in several stages')
    const path = `/v2/${bases.prefix}builds/base/manifests`
    expect(await seenBy(bases)).toEqual(
      expect.arrayContaining([`GET ${path}/1 200`, `GET ${path}/${base.pinned.split('@')[1] ?? ''} 200`])
    )
    await lanes.result("by Docker Hub's name, beside a credential")
    expect(await seenBy(inner)).toContain(`GET /v2/${inner.prefix}library/kaniko-hooks-base/manifests/1 200`)
  }, 400_000)

  test('with what the settings have besides: both credentials are in one file', async () => {
    const done = await lanes.result("by Docker Hub's name, beside a credential")
    const [pod] = buildPods(done)
    const secrets = (pod?.spec?.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? [])
    expect(secrets).not.toContain('registry-pull')
    const uses = (await registry.tokenRequests()).filter(({ asked }) => asked.includes('repository:builds/base:pull'))
    // By Kaniko itself, for the second image, and by the proxies for the others.
    expect(new Set(uses.map(({ user }) => user ?? 'nobody'))).toEqual(new Set([registry.users.pull.username]))
  }, 400_000)
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

  test('is not there when no base image needs it', async () => {
    const done = await lanes.result('an image of another registry')
    expect(errorIn(done)).toBe('no error')
    expect(outputIn(done)).toContain('built on what is ; tokens: .')
    expect(lentIn(done, bases)).toBeUndefined()
  }, 400_000)

  test.each(['a RUN that fails', 'a cancelled build'])(
    'ends with the build: %s',
    async name => {
      const done = await lanes.result(name)
      const lent = lentIn(done, bases)
      expect(claimsOf(lent).sub).toBe(`system:serviceaccount:${suite.namespace}:${BASES}`)
      expect(done.left).toEqual([])
      expect(await isAuthenticated(lent)).toBe(false)
      const said = { 'a RUN that fails': 'it ended with exit code 7', 'a cancelled build': RUNNING }[name] ?? ''
      expect(outputIn(done).join('\n')).toContain(said)
      // The failed step may fail; the job was cancelled before its RUN line was over.
      expect(done.result.conclusion).toBe(name === 'a cancelled build' ? 'cancelled' : 'success')
    },
    240_000
  )
})

test('an image that is kept is known by what its base image is, as the connector has it', async () => {
  const done = await lanes.result('for later jobs')
  expect({ error: errorIn(done), output: outputIn(done) }).toEqual({
    error: 'no error',
    output: expect.not.arrayContaining([expect.stringContaining('not shared with other jobs')]) as unknown
  })
  expect(await seenBy(inner)).toContain(`HEAD /v2/${inner.prefix}builds/base/manifests/1 200`)
  // Its record.
  expect(done.left).toEqual([expect.stringMatching(/^secret\//)])
}, 400_000)

describe('refused before any pod that builds:', () => {
  test.each([
    ['no connector', /The setting build\.connectors names the connector \S+\/missing: there is none of that name/],
    [
      'no right to read it',
      /may not read the connector \S+\/unread\. Grant .*resourceNames: \[unread\], verbs: \[get\].*, or set its registries and address/
    ],
    [
      'no right for tokens',
      /may not ask for tokens of service account untold, by which the setting build\.connectors uses the connector \S+\/bases\. Grant .*resourceNames: \[untold\], verbs: \[create\]/
    ],
    ['no service account', /The service account nobody of the setting build\.connectors does not exist/],
    ['a mirror besides', /images of docker\.io have a mirror .* and the connector \S+\/bases/],
    ['not ready', /\/broken is not ready: AuthenticationFailed: .*status code 401 \(AuthReady\)/]
  ] as const)(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expect(buildPods(done)).toEqual([])
      expectRefused(done, sentence)
    },
    240_000
  )
})

test('one account for base images and for a destination: no job begins', async () => {
  const done = await lanes.result('one account for both')
  expect(done.result.log).toMatch(/serviceAccount: images is also the account of a destination, and every RUN line/)
  expect(done.result.conclusion).toBe('failure')
  expect(done.seen).toEqual([])
}, 400_000)

describe('told with the base image, its line and the connector:', () => {
  test.each([
    [
      'no right for the service account',
      /base:1 \(Dockerfile line 1\) cannot be fetched through the connector \S+\/bases: .*DENIED.*; its credential is from service account stranger, which needs get on the connector \S+\/bases/
    ],
    ['no such image', /nothing:9 \(Dockerfile line 1\) cannot be fetched through the connector \S+\/bases: .*UNKNOWN/],
    ['a registry that is down', /cannot be fetched through the connector \S+\/broken: .*502/]
  ] as const)(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expect(buildPods(done)).toHaveLength(1)
      expectRefused(done, sentence)
    },
    240_000
  )

  test('and the registry itself was not asked in its place', async () => {
    await lanes.result('a registry that is down')
    const about = (name: string, texts: readonly string[]) =>
      texts.map(text => decodeURIComponent(text)).filter(text => text.includes(name))
    const asked = (await registry.requests()).map(({ path }) => path)
    const tokens = await registry.tokenRequests()
    const scopes = tokens.flatMap(({ asked: scopes }) => scopes)
    expect(about(UNASKED, [...asked, ...scopes])).toEqual([])
    // Without the proxy's password one is nobody.
    expect(tokens.filter(({ user }) => user === null)).toEqual([])
    // For the other one, by the proxy alone.
    expect(about(NOTHING, scopes).length).toBeGreaterThan(0)
    expect(about(NOTHING, asked)).toHaveLength(
      about(NOTHING, await seenBy(bases)).filter(line => !line.includes('/token')).length
    )
  }, 400_000)
})

test("the registry's passwords were used by the proxies alone, that for base images to pull", async () => {
  await lanes.result('a registry that is down')
  await lanes.result('the example files')
  await lanes.result('for later jobs')
  const lines = (await Promise.all([bases, inner, broken].map(async connector => connector.requests()))).flat()
  const { namespace } = suite
  expect(new Set(lines.flatMap(({ who }) => who ?? []))).toEqual(
    new Set([BASES, STRANGER, 'kaniko-hooks-bases'].map(user => `${namespace}/${user}`))
  )
  expect(new Set(lines.filter(({ injected }) => injected).map(({ who }) => who))).toEqual(
    new Set([BASES, 'kaniko-hooks-bases'].map(user => `${namespace}/${user}`))
  )
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
    if (!authenticated || tries === 15) return authenticated
    await new Promise(resolve => setTimeout(resolve, 1_000))
  }
}

function claimsOf(token = ''): { readonly sub?: string } {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return payload === '' ? {} : (JSON.parse(payload) as { readonly sub?: string })
}
