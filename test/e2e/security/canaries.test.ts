import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'

import type { V1Pod, V1Secret } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { deleteConnector } from '../../stand-ins/connector/connector.js'
import {
  connectorUser,
  createConnector,
  installConnectors,
  serviceAccountToken,
  type Connector
} from '../../stand-ins/connector/index.js'
import { Lanes } from '../../faults/lanes.js'
import {
  createAuthority,
  CranePod,
  dockerConfigSecret,
  nodePortRegistry,
  proxiedRegistry,
  tokenRegistry,
  type Registry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import { create, secretOf } from '../../stand-ins/registries/objects.js'
import type { Credentials } from '../../stand-ins/registries/registry.js'
import { newUsers } from '../../stand-ins/registries/users.js'
import { coreOf, foundIn, type Canaries } from '../../harness/canary.js'
import { Choice } from '../../harness/choice.js'
import { byLocalhost, rightsFor, through, upstreamOf, USER } from '../../harness/connector-job.js'
import { action, use } from '../../harness/dockerfile-action.js'
import { outputOf, runJob, stepOf, type JobRequest, type JobResult } from '../../harness/job.js'
import { getJson, kubectl } from '../../harness/kubectl.js'
import { Made } from '../../harness/made.js'
import { createNamespace } from '../../harness/namespace.js'
import { observe, type Seen } from '../../harness/observe.js'
import { once } from '../../harness/once.js'
import { PodProcesses } from '../../harness/pod-processes.js'
import { VOLUME_ROLE } from '../../harness/roles.js'
import { RUNNER, type RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf, type JobText } from '../../harness/workflow.js'

const suite = new Suite('canaries')

/** The long run has the other refusals too. */
const choice = new Choice(['a good job', 'a job through a connector', 'a job container that is refused'])

const made = new Made()
/** Where the registries are. */
let at: string
let closed: Registry & { readonly users: NonNullable<Registry['users']> }
let token: TokenRegistry
let crane: CranePod
let connector: Connector
let processes: PodProcesses
let canaries: Canaries
let auditFrom = 0
/** Credentials that no registry knows. */
const WRONG = newUsers()

const keep = <R extends Registry>(making: Promise<R>): Promise<R> => made.keep(making, one => one?.remove())

/** The registry that has passwords does not take an image through it. */
const proxy = once(async () => {
  const { cluster, namespace } = suite
  const proxy = await keep(proxiedRegistry(cluster, at, closed))
  await proxy.setFaults([{ method: 'PUT', path: '/manifests/', times: 'always', with: { answer: 401 } }])
  await dockerConfigSecret(cluster, namespace, 'proxy-push', { [proxy.pushHost]: closed.users.admin })
  return proxy
})

/** All that a job left for others to see. */
interface Traces {
  readonly runner: RunnerPod
  readonly result: JobResult
  /** What the hook itself printed to both of its streams, before the runner masks anything. */
  readonly printed: string
  /** All that it answered, with the state. */
  readonly responses: string
  /** Of everything that it made, in each state that was seen. */
  readonly objects: readonly Seen[]
  /** Pull Secrets that are there when the action has ended and the job goes on. */
  readonly secretsLeft: readonly string[]
}

/**
 * Prints the SHA-256 of each password or token that can be found in processes, environment and files: a log that had the passwords
 * themselves could not tell what the hook printed from what the probe did.
 */
const PROBE = `#!/bin/sh
{
  env
  for process in /proc/[0-9]*; do cat "$process/cmdline" "$process/environ"; done
  find / \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -size -256k -exec cat {} +
} 2>/dev/null | tr '\\0' '\\n' | grep -oE 'canary-[0-9a-f]{24}|eyJhbGciO[A-Za-z0-9_.-]{40}' | sort -u | while read -r found; do
  echo "found $(printf %s "$found" | sha256sum | cut -c 1-64)"
done
echo "probed $1"
`

/** Stands in the hook's place, passes on what goes out of it as it comes, and keeps it. */
const RECORDER = `
const { spawn } = require('child_process')
const { appendFileSync, readFileSync } = require('fs')
const input = readFileSync(0)
const hook = spawn(process.execPath, ['${RUNNER.hook}'])
const printed = { stdout: [], stderr: [] }
for (const stream of ['stdout', 'stderr'])
  hook[stream].on('data', chunk => printed[stream].push(chunk) && process[stream].write(chunk))
hook.on('close', code => {
  appendFileSync(__dirname + '/printed', Buffer.concat([...printed.stdout, ...printed.stderr]))
  appendFileSync(__dirname + '/responses', readFileSync(JSON.parse(input).responseFile))
  process.exitCode = code ?? 1
})
hook.stdin.end(input)
`

beforeAll(async () => {
  const { cluster } = suite
  if (cluster.auditLog !== undefined) auditFrom = (await stat(cluster.auditLog)).size
  await installConnectors(cluster)
  processes = await made.keep(new PodProcesses(), one => one?.stop())
  at = (await made.keep(createNamespace(cluster, 'canaries-at', 'restricted'), one => one?.delete())).name
  const authority = await createAuthority()
  const [withPasswords, withTokens, first] = await Promise.all([
    keep(nodePortRegistry(cluster, at, { name: 'closed', auth: true })),
    keep(tokenRegistry(cluster, at, { name: 'token', authority })),
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rightsFor([], [USER])] })
  ])
  if (withPasswords.users === undefined) throw new Error('a registry with passwords has users')
  closed = { ...withPasswords, users: withPasswords.users }
  token = withTokens
  // By which the kubelet, the hook and the push container use a connector. All that one cluster gives begin alike.
  await connectorUser(cluster, suite.namespace, USER, null)
  const [header = ''] = (await serviceAccountToken(cluster, suite.namespace, USER)).split('.')
  canaries = {
    push: token.users.delete,
    pull: token.users.pull,
    'base images': closed.users.pull,
    'job container': closed.users.push,
    service: closed.users.delete,
    'push through the proxy': closed.users.admin,
    connector: token.users.push,
    'tokens of service accounts': { username: 'any', password: header },
    'wrong push': WRONG.push,
    'wrong base images': WRONG.pull,
    'wrong job container': WRONG.admin
  }
  const secret = (name: string, host: string, credentials: Credentials) =>
    dockerConfigSecret(cluster, suite.namespace, name, { [host]: credentials })
  ;[crane] = await Promise.all([
    CranePod.start(cluster, at, {
      identities: {
        admin: { [closed.pushHost]: closed.users.admin, [token.pushHost]: token.users.admin }
      },
      authorities: [authority.certificate]
    }),
    create(cluster, [secretOf(suite.namespace, 'authority', { 'ca.crt': authority.certificate })]),
    secret('push', token.pushHost, token.users.delete),
    secret('pull', token.pullHost, token.users.pull),
    secret('bases', closed.pushHost, closed.users.pull),
    secret('wrong-push', token.pushHost, { ...WRONG.push, username: token.users.push.username }),
    secret('wrong-bases', closed.pushHost, { ...WRONG.pull, username: closed.users.pull.username })
  ])
  const name = 'canary'
  connector = await made.keep(createConnector(cluster, at, { name, upstream: upstreamOf(token, 'push') }), () =>
    deleteConnector(cluster, at, name)
  )
  await connectorUser(cluster, suite.namespace, USER, connector)
  await Promise.all(
    (['base', 'job', 'service'] as const).map(async name => {
      // An image that is nobody else's: the kubelet remembers by what credential it got one.
      const label = `test.place=${suite.namespace}/${name}`
      const command = name === 'service' ? ['--entrypoint', 'sleep', '--cmd', '1000'] : []
      const to = `${closed.pushHost}/private/${name}:1`
      const source = `${cluster.mirror}/library/busybox:1.36`
      const args = ['mutate', '--insecure', source, '--label', label, '--tag', to, ...command]
      const { code, stderr } = await crane.run('admin', ...args)
      if (code !== 0) throw new Error(stderr)
    })
  )
  startJobs(first)
}, 400_000)

afterAll(() => made.remove(), 60_000)

const lanes = new Lanes<Traces>()

interface Job extends Partial<JobText> {
  readonly settings: object
  readonly files: NonNullable<JobRequest['files']>
}

async function run(runner: RunnerPod, name: string, { settings, files, ...job }: Job): Promise<Traces> {
  const directory = `/tmp/${name.replaceAll(' ', '-')}`
  await runner.write(`${directory}/index.js`, RECORDER)
  const path = await runner.writeSettings(settings)
  const objects: Seen[] = []
  let secretsLeft: Promise<string[]> | undefined
  const { result } = await observe(
    suite.cluster,
    suite.namespace,
    () =>
      runJob(runner, {
        workflow: workflowOf({
          container: suite.cluster.images.busybox,
          steps: [use('probe', { 'continue-on-error': true }), { run: UNTIL_LOOKED }],
          ...job
        }),
        files,
        onLog: line => {
          if (!line.includes(AFTERWARDS)) return
          secretsLeft ??= pullSecrets(runner).finally(() => goOn(runner))
          // Told below.
          secretsLeft.catch(() => undefined)
        },
        env: { KANIKO_HOOKS_CONFIG: path },
        args: ['--hook', `${directory}/index.js`]
      }),
    item => {
      if (item.metadata?.name?.startsWith(`${runner.name}-`) === true) objects.push(item)
    }
  )
  const [printed = '', responses = ''] = await Promise.all(
    ['printed', 'responses'].map(async file => (await runner.exec(['cat', `${directory}/${file}`])).stdout.toString())
  )
  return { runner, result, printed, responses, objects, secretsLeft: (await secretsLeft) ?? ['not looked for'] }
}

/** Said by the job when the action has ended, and by no script: the log names steps that are skipped too. */
const AFTERWARDS = 'the action is over'
/** The job goes on when this file is in its container: nothing of it has ended while the Secrets are listed. */
const LOOKED = '/tmp/looked'
const UNTIL_LOOKED = [
  `echo ${AFTERWARDS.replace('over', '$(echo over)')}`,
  'tries=0',
  `until [ -e ${LOOKED} ]; do tries=$((tries + 1)); [ $tries -lt 300 ] || exit 1; sleep 0.2; done`
].join('\n')

async function goOn(runner: RunnerPod): Promise<void> {
  const container = [`${runner.name}-workflow`, '-c', 'job']
  await kubectl(suite.cluster, ['-n', suite.namespace, 'exec', ...container, '--', 'touch', LOOKED])
}

async function pullSecrets(runner: RunnerPod): Promise<string[]> {
  const { items } = await getJson<{ items: V1Secret[] }>(suite.cluster, ['-n', suite.namespace, 'secrets'])
  return items
    .filter(({ type, metadata }) => isPull(type) && metadata?.name?.startsWith(`${runner.name}-`) === true)
    .filter(item => foundIn(JSON.stringify(item), canaries).length > 0)
    .map(({ metadata }) => metadata?.name ?? '')
}

const isPull = (type: string | undefined): boolean => type === 'kubernetes.io/dockerconfigjson'

const probe = (base: string) =>
  action(
    'probe',
    [`FROM ${base}`, 'COPY probe.sh /probe.sh', 'RUN /probe.sh build', 'ENTRYPOINT ["/probe.sh", "image"]'].join('\n'),
    { 'probe.sh': { content: PROBE, mode: 0o755 } }
  )

const second = once(() => suite.runner({ mode: 'novolume' }))

function startJobs(first: RunnerPod): void {
  const ca = { secret: 'authority' }
  const repository = `${token.pushHost}/builds/actions`
  const destinations = [{ remote: { repository, ca, pushSecret: 'push', pullSecret: 'pull' } }]
  const build = { insecureRegistries: [suite.cluster.mirror, closed.pushHost] }
  const base = `${closed.pushHost}/private/base:1`
  const byConnector = () =>
    through(connector, { pushAddress: connector.urls.exposed, pullAddress: byLocalhost(connector) })
  const privateImage = (name: string, { username, password }: Credentials) => ({
    image: `${closed.pullHost}/private/${name}:1`,
    credentials: { username, password }
  })
  const good: Job = {
    settings: {
      destinations,
      // Kept, so that the image can be looked into.
      image: { keep: '1h' },
      build: { ...build, credentials: 'bases' }
    },
    files: probe(base),
    container: privateImage('job', closed.users.push),
    services: { private: privateImage('service', closed.users.delete) }
  }
  const firsts = {
    'a good job': () => run(first, 'a good job', good),
    'a job container that is refused': () =>
      run(first, 'a job container that is refused', {
        ...good,
        container: privateImage('job', { ...WRONG.admin, username: closed.users.push.username }),
        services: {}
      }),
    'a push that breaks': async () => {
      const { pushHost, pullHost } = await proxy()
      const [host, port] = pushHost.split(':')
      const nodePort = { host, port: Number(port), nodePort: Number(pullHost.split(':')[1]) }
      return run(first, 'a push that breaks', {
        settings: { destinations: [{ nodePort: { ...nodePort, pushSecret: 'proxy-push' } }], build },
        files: probe('busybox:1.36')
      })
    },
    'a job through a connector': () =>
      run(first, 'a job through a connector', {
        settings: { destinations: [byConnector()], image: { keep: '1h' }, build },
        files: probe('busybox:1.36')
      }),
    'a push through a connector that is refused': async () => {
      await connector.setKnobs({ tokenLifeSeconds: 10 })
      return run(first, 'a push through a connector that is refused', {
        settings: { destinations: [byConnector()], build },
        files: action('probe', 'FROM busybox:1.36\nRUN sleep 12\n')
      })
    }
  }
  const seconds = {
    'a push that is refused': async () =>
      run(await second(), 'a push that is refused', {
        settings: { destinations: [{ remote: { repository, ca, pushSecret: 'wrong-push' } }], build },
        files: probe('busybox:1.36')
      }),
    'a base image that is refused': async () =>
      run(await second(), 'a base image that is refused', {
        ...good,
        settings: { destinations, build: { ...build, credentials: 'wrong-bases' } },
        container: suite.cluster.images.busybox,
        services: {}
      })
  }
  for (const jobs of [firsts, seconds]) lanes.start(choice.jobs<() => Promise<Traces>>(jobs))
}

const JOBS = choice.rows([
  ['a good job', /probed image/],
  ['a job through a connector', /probed image/],
  ['a push through a connector that is refused', /UNAUTHORIZED.*from service account images/],
  ['a push that breaks', /could not be pushed; the registry \S+ said: .*(401|UNAUTHORIZED)/],
  ['a push that is refused', /answered 401 to the user "robot\$builds\+push"/],
  ['a base image that is refused', /private\/base:1 .*cannot be fetched: .*(401|UNAUTHORIZED)/],
  ['a job container that is refused', /private\/job:1.*(401|no basic auth|authorization failed)/]
])

/** A job's own credentials, which the runner has to be told to mask. */
const OF_JOBS: Readonly<Record<string, readonly string[]>> = {
  'a good job': ['job container', 'service'],
  'a job container that is refused': ['wrong job container']
}

/** By which the kubelet has to pull. */
const PULLED_BY: Readonly<Record<string, readonly string[]>> = {
  ...OF_JOBS,
  'a job through a connector': ['tokens of service accounts']
}

describe.each(JOBS)('%s', (name, said) => {
  test('prints no password', async () => {
    const { result, printed } = await lanes.result(name)
    expect(result.log).toMatch(said)
    expect(foundIn(result.log, canaries)).toEqual([])
    expect(foundIn(JSON.stringify(result), canaries)).toEqual([])
    const lines = printed.split('\n')
    const masks = lines.filter(line => line.startsWith('::add-mask::'))
    expect(foundIn(lines.filter(line => !masks.includes(line)).join('\n'), canaries)).toEqual([])
    // The hook's own token is one of the cluster's.
    const masked = [...(OF_JOBS[name] ?? []), 'tokens of service accounts'].sort()
    expect(foundIn(masks.join('\n'), canaries).sort()).toEqual(masked)
  }, 400_000)

  test('answers none', async () => {
    const { responses } = await lanes.result(name)
    if (name !== 'a job container that is refused') expect(responses).toContain('"jobPod"')
    expect(foundIn(responses, canaries)).toEqual([])
  }, 400_000)

  test('makes nothing that has one, but for pull secrets', async () => {
    const { objects } = await lanes.result(name)
    const isPullSecret = (item: Seen) => item.kind === 'Secret' && isPull(item.type)
    expect(objects.filter(({ kind }) => kind === 'Pod').length).toBeGreaterThan(0)
    expect(
      objects.filter(item => !isPullSecret(item)).flatMap(item => foundIn(JSON.stringify(item), canaries))
    ).toEqual([])
    const held = new Set(objects.filter(isPullSecret).flatMap(item => foundIn(JSON.stringify(item), canaries)))
    expect([...held].sort()).toEqual(PULLED_BY[name] ?? [])
  }, 400_000)

  test('runs no process that has one among its arguments or variables', async () => {
    const { runner, objects } = await lanes.result(name)
    // Nobody else's nodes show it.
    if (suite.cluster.auditLog === undefined) return
    const { metadata } = await getJson<V1Pod>(suite.cluster, ['-n', suite.namespace, 'pod', runner.name])
    const pods = objects.filter(({ kind }) => kind === 'Pod')
    const uids = new Set([metadata?.uid ?? '', ...pods.map(pod => pod.metadata?.uid ?? '')])
    const texts = [...uids].flatMap(uid => processes.of(uid))
    for (const program of RAN[name] ?? []) expect(texts.join('\n')).toContain(program)
    expect(texts.filter(text => foundIn(text, canaries).length > 0)).toEqual([])
  }, 400_000)
})

/** Programs that must have been seen. */
const RAN: Readonly<Record<string, readonly string[]>> = {
  'a good job': ['crane\npush\n', '/kaniko/executor\n', RUNNER.hook],
  'a job through a connector': ['crane\npush\n', '/kaniko/executor\n', RUNNER.hook]
}

test("the token by which a connector's image is pulled goes with the action, and not with the job", async () => {
  const { objects, secretsLeft } = await lanes.result('a job through a connector')
  expect(objects.some(item => item.kind === 'Secret' && isPull(item.type))).toBe(true)
  expect(secretsLeft).toEqual([])
}, 400_000)

const hashOf = (credentials: Credentials | undefined): string =>
  credentials === undefined ? 'none' : createHash('sha256').update(coreOf(credentials)).digest('hex')

test("a RUN line finds the base images' password, which the settings gave it, and no other", async () => {
  const { result } = await lanes.result('a good job')
  const output = outputOf(stepOf(result, 'probe'))
  const built = output.slice(0, output.findIndex(line => line.endsWith('probed build')) + 1)
  expect(built.filter(line => line.startsWith('found '))).toEqual([`found ${hashOf(canaries['base images'])}`])
}, 400_000)

test.each(choice.rows(['a push that breaks', 'a job through a connector']))(
  'a RUN line finds nothing where only the push has a credential: %s',
  async name => {
    const { result } = await lanes.result(name)
    const output = outputOf(stepOf(result, 'probe'))
    expect(output).toContain('probed build')
    expect(output.filter(line => line.startsWith('found '))).toEqual([])
  },
  180_000
)

describe.each([['a good job'], ['a job through a connector']])('the built image of %s', name => {
  test('has no password in its files, seen from within', async () => {
    const { result } = await lanes.result(name)
    const output = outputOf(stepOf(result, 'probe'))
    const ran = output.slice(output.findIndex(line => line.endsWith('probed build')) + 1)
    expect(ran).toContain('probed image')
    expect(ran.filter(line => line.startsWith('found '))).toEqual([])
  }, 400_000)

  test('has none in its configuration or its layers', async () => {
    const { result } = await lanes.result(name)
    const [, pushed = 'none'] = /Pushed in .*: (\S+@sha256:[0-9a-f]{64})/.exec(result.log) ?? []
    // crane asks the registry itself.
    const image = pushed.replace(byLocalhost(connector), token.pushHost)
    const config = await crane.run('admin', 'config', image)
    expect(config.stdout).toContain('probe.sh')
    const files = await crane.run('admin', 'export', image, '-')
    expect(files.stdout).toContain('probe.sh')
    for (const text of [config.stdout, files.stdout]) expect(foundIn(text, canaries)).toEqual([])
  }, 400_000)
})

describe('after all jobs', () => {
  beforeAll(async () => {
    for (const [name] of JOBS) await lanes.result(name)
  }, 400_000)

  test("the operators' lines have none", async () => {
    for (const [name] of JOBS) {
      const log = await (await lanes.result(name)).runner.podLog()
      expect(log).toContain('"source":"kaniko-hooks"')
      expect(foundIn(log, canaries)).toEqual([])
    }
  })

  test('the events have none', async () => {
    const events = await kubectl(suite.cluster, ['-n', suite.namespace, 'get', 'events', '-o', 'json'])
    expect(events).toContain('private/job:1')
    expect(foundIn(events, canaries)).toEqual([])
  })

  test("the API server's audit log has none", async () => {
    const { auditLog } = suite.cluster
    // Nobody else's cluster shows it.
    if (auditLog === undefined) return
    const file = await open(auditLog)
    try {
      // It may have begun anew in the meantime.
      const { size } = await file.stat()
      const start = size < auditFrom ? 0 : auditFrom
      const text = (await file.read(Buffer.alloc(size - start), 0, size - start, start)).buffer.toString()
      expect(text).toContain(`/namespaces/${suite.namespace}/pods`)
      expect(foundIn(text, canaries)).toEqual([])
    } finally {
      await file.close()
    }
  })

  test('the work directory and the job files of the runner have none', async () => {
    for (const name of choice.rows(['a good job', 'a push that is refused'])) {
      const { runner } = await lanes.result(name)
      const script = 'grep -rhoE \'canary-[0-9a-f]{24}|eyJhbGciO[A-Za-z0-9_.-]{40}\' "$0" || [ $? = 1 ]'
      const { code, stdout } = await runner.exec(['sh', '-c', script, RUNNER.work])
      expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' })
    }
  })
})
