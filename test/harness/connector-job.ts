import { expect } from '@jest/globals'

import type { Connector, ProxyLine } from '../stand-ins/connector/index.js'
import type { TokenRegistry } from '../stand-ins/registries/index.js'
import { action, pushedBy, use } from './dockerfile-action.js'
import { outputOf, placeFiles, runJob, stepOf, type JobResult } from './job.js'
import { kubectl } from './kubectl.js'
import { observe, type Seen } from './observe.js'
import type { Rule } from './roles.js'
import type { RunnerPod } from './runner-pod.js'
import type { Suite } from './suite.js'
import { workflowOf } from './workflow.js'

/** The service account of connector destinations in tests: with the right to their connectors, and to nothing else. */
export const USER = 'images'

/** Where the tests' builds are in the registry behind a connector: `push` and `delete` have their rights there. */
export const REPOSITORY = 'builds/actions'

/** A job that has ended, and what could be seen of it. */
export interface Done {
  readonly result: JobResult
  /** The pods, Jobs and Secrets that the hook made, each as it was first seen. */
  readonly seen: readonly Seen[]
  readonly left: readonly string[]
  /** Until the step had ended. */
  readonly seconds: number
}

/** What a runner needs beside ARC's role: to read these connectors, and tokens of these service accounts. */
export const rightsFor = (connectors: readonly string[], accounts: readonly string[]): Rule[] => [
  ...(connectors.length === 0
    ? []
    : [{ apiGroups: ['connectors.alauda.io'], resources: ['connectors'], resourceNames: connectors, verbs: ['get'] }]),
  { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: accounts, verbs: ['create'] }
]
export const EVENTS: Rule = { apiGroups: [''], resources: ['events'], verbs: ['list'] }

/** The registry behind connectors, with the credential that only their proxies have. */
export const upstreamOf = (
  { pushHost, ca = '', users }: TokenRegistry,
  user: keyof TokenRegistry['users'] = 'delete'
) => ({ address: `https://${pushHost}`, ca, credentials: users[user] })

const named = (...files: readonly string[]): string => `\\( ${files.map(file => `-name ${file}`).join(' -o ')} \\)`

/** What a RUN line that looks for a credential finds: files, variables, and any service account's token. */
const LOOK = [
  `find / -path /proc -prune -o -path /sys -prune -o ${named('.dockerconfigjson', 'context.token', '.error.json', 'http.proxy')} -print`,
  'find /kaniko/.docker /kaniko/credentials /var/run/secrets -mindepth 1 2>/dev/null',
  'env | grep -iE "docker_config|proxy|token|password"',
  'find /kaniko /run /var/run /tmp /etc /root -type f -size -64k -exec grep -l "eyJhbGciO[i]" {} + 2>/dev/null',
  // The brackets keep it from finding itself.
  'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -E "eyJhbGciO[i]|DOCKER_CONFIG=/kaniko/cre[d]"',
  'true'
].join('; ')

/** A container action that says {@link GREETING}, when its RUN line found no credential. */
const HELLO = action(
  'hello',
  [
    'FROM busybox:1.36',
    'COPY said /said',
    `RUN { ${LOOK}; } >/found`,
    'RUN echo "$(cat /said), built; found: $(tr "\\n" " " </found)." >/said',
    'ENTRYPOINT ["cat", "/said"]',
    ''
  ].join('\n'),
  { said: 'hello through a connector' }
)
const GREETING = 'hello through a connector, built; found: .'

/** A destination behind a connector. */
export function through({ namespace, name }: Pick<Connector, 'namespace' | 'name'>, more: object = {}): object {
  return { connector: { name: `${namespace}/${name}`, repository: REPOSITORY, serviceAccount: USER, ...more } }
}

/** How the kubelet of any node reaches a proxy with a node port, without being told to trust it. */
export const byLocalhost = ({ pullHost, prefix }: Connector): string => `${pullHost}/${prefix.replace(/\/$/, '')}`

/** What a job is made of, and who looks on. */
export interface Build {
  /** Further settings of the hook. */
  readonly settings?: object
  /** The action `hello`; default: {@link HELLO}. */
  readonly files?: ReturnType<typeof action>
  /** The action is another repository's, which the runner downloads before the job is set up. */
  readonly isDownloaded?: boolean
  /** Further environment of the hook. */
  readonly env?: Readonly<Record<string, string>>
  /** Gets each object in the namespace, and what becomes of it. */
  readonly onObject?: (item: Seen) => void
  /** Gets the job's log as it comes, in whole lines. */
  readonly onLog?: (line: string) => void
}

/** Where the stand-in for the runner takes actions of other repositories from. */
const DOWNLOADS = '/tmp/actions-of-connectors'

function asDownloaded(files: NonNullable<Build['files']>): NonNullable<Build['files']> {
  const there = (path: string): string => path.replace('.github/actions/hello', 'octo/hello/v1')
  return Object.fromEntries(Object.entries(files).map(([path, file]) => [there(path), file]))
}

/** Runs a job with one step, `hello`, that uses the container action of that name. */
export async function runBuild(
  suite: Suite,
  runner: RunnerPod,
  destinations: object | readonly object[],
  { settings = {}, files = HELLO, isDownloaded = false, env = {}, onObject, onLog }: Build = {}
): Promise<Done> {
  const path = await runner.writeSettings({ destinations: [destinations].flat(), ...settings })
  const step = use('hello', {
    'continue-on-error': true,
    ...(isDownloaded ? { uses: 'octo/hello@v1' } : {})
  })
  if (isDownloaded) await placeFiles(runner, DOWNLOADS, asDownloaded(files))
  const { result, seen } = await observe(
    suite.cluster,
    suite.namespace,
    async () =>
      runJob(runner, {
        workflow: workflowOf({ container: suite.cluster.images.busybox, steps: [step] }),
        ...(isDownloaded ? { args: ['--actions', DOWNLOADS] } : { files }),
        env: { ...env, KANIKO_HOOKS_CONFIG: path },
        ...(onLog === undefined ? {} : { onLog })
      }),
    onObject
  )
  return {
    result,
    seen: seen.filter(({ metadata }) => metadata?.name?.startsWith(`${runner.name}-`) === true),
    left: await suite.left(runner),
    seconds: stepOf(result, 'hello').ms / 1000
  }
}

/**
 * Runs a job whose build pod finds no node until something is done, as in a cluster that has to grow first.
 *
 * @param whileHeld is called once, when the pod is there
 */
export async function runHeldBuild(
  suite: Suite,
  runner: RunnerPod,
  destination: object,
  whileHeld: () => Promise<void>
): Promise<Done> {
  const { cluster } = suite
  const label = `test.kaniko-hooks/${runner.name}`
  const template = '/tmp/held-build.yaml'
  await runner.write(
    template,
    JSON.stringify({ spec: { containers: [{ name: '$build', nodeSelector: { [label]: 'free' } }] } })
  )
  let freed: Promise<unknown> | undefined
  const free = async (): Promise<void> => {
    await whileHeld()
    await kubectl(cluster, ['label', 'node', cluster.nodeName, `${label}=free`])
  }
  const onObject = (item: Seen): void => {
    if (isBuildPod(item) && item.metadata?.name?.startsWith(`${runner.name}-`) === true)
      freed ??= free().catch((error: unknown) => error)
  }
  try {
    const done = await runBuild(suite, runner, destination, {
      env: { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: template },
      onObject
    })
    expect(await freed).toBeUndefined()
    return done
  } finally {
    await kubectl(cluster, ['label', 'node', cluster.nodeName, `${label}-`])
  }
}

export const outputIn = ({ result }: Done, step = 'hello'): string[] => outputOf(stepOf(result, step))
export const errorIn = (done: Done): string => outputIn(done).find(line => line.startsWith('##[error]')) ?? 'no error'
/** What the end of the job printed: nothing, unless an image could not be removed. */
export const stopOf = (done: Done): string[] => outputIn(done, 'Stop containers')

export type SeenPod = Extract<Seen, { kind: 'Pod' }>

export const buildPods = ({ seen }: Done): SeenPod[] => seen.filter(isBuildPod)

function isBuildPod(item: Seen): item is SeenPod {
  return item.kind === 'Pod' && item.metadata?.name?.includes('-build-') === true
}

/**
 * What a connector's proxy answered, as `method path status`.
 *
 * @param digest of an image whose manifest somebody may have asked for as for a blob
 */
export const seenBy = async (connector: Connector, digest = 'none'): Promise<string[]> =>
  (await connector.requests()).map(line => `${line.method} ${asManifest(pathOf(line), digest)} ${line.status}`)

/** A request's path, of a manifest where it is one: a runtime whose first question failed asks for it as for a blob (containerd). */
export const asManifest = (path: string, digest: string): string =>
  path.replace(`/blobs/${digest}`, `/manifests/${digest}`)

const pathOf = ({ path }: ProxyLine): string => path.split('?')[0] ?? ''

/** The image that a job pushed, as `repository:tag`, and its digest. */
export function imageOf(
  { result }: Done,
  repository = REPOSITORY
): { readonly image: string; readonly tag: string; readonly digest: string } {
  const [image = 'none'] = pushedBy(result, repository)
  const [digest = 'none'] = /sha256:[0-9a-f]{64}/.exec(result.log) ?? []
  return { image, tag: image.split(':')[1] ?? 'none', digest }
}

/** A step that built, pulled and ran its image: green, and nothing of it is left in the cluster. */
export function expectBuilt(done: Done): void {
  expect({ error: errorIn(done), output: outputIn(done) }).toEqual({
    error: 'no error',
    output: expect.arrayContaining([GREETING]) as unknown
  })
  expect(done.result.conclusion).toBe('success')
  expect(done.left).toEqual([])
}

/**
 * How long a refusal may take from its build pod on. A mount is given up 45 s after its pod was placed, and otherwise after ten
 * minutes: what a busy machine adds to the 45 is no verdict.
 */
const REFUSED_SECONDS = 120

/** A step that was refused soon, in a job that went on; nothing of it is left in the cluster. */
export function expectRefused(done: Done, sentence: RegExp): void {
  expect(errorIn(done)).toMatch(sentence)
  expect(stepOf(done.result, 'hello').conclusion).toBe('success')
  expect(stepOf(done.result, 'hello').outcome).toBe('failure')
  expect(done.left).toEqual([])
  const { startedAt, ms } = stepOf(done.result, 'hello')
  const made = new Date(buildPods(done)[0]?.metadata?.creationTimestamp ?? startedAt)
  expect((Date.parse(startedAt) + ms - made.getTime()) / 1000).toBeLessThan(REFUSED_SECONDS)
}

/** How each token of a service account begins. */
export const TOKEN = /eyJhbGciO\w/
