import type { BuildSecret, ImageBuild } from '@kaniko-hooks/client'
import { extraArguments } from '@kaniko-hooks/builder'
import { formatReference, parseReference } from '@kaniko-hooks/registry'
import { readCache } from './cache.js'
import { readContext, type WantedContext } from './context.js'
import { sayWhatDiffers, wantsSummary } from './docker-habits.js'
import { readDuration } from './durations.js'
import { isFromFork } from './event.js'
import { readOutputs } from './image-outputs.js'
import { INPUTS, type Input, type InputName } from './input-table.js'
import { readAnnotations, readBuildArgs, readLabels } from './key-values.js'
import { readList } from './list.js'
import { readLogins, secretsOf, type Login } from './logins.js'
import { readPlace, secretsOfKubeconfig, type Place } from './place.js'
import { readSecrets, type SecretFile } from './secrets.js'

/** What surrounds a step, as far as the inputs depend on it. */
export interface Surroundings {
  /** What relative paths are relative to; absolute. */
  readonly workspace: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly eventName: string
  /** Undefined when it could not be read. */
  readonly event: Readonly<Record<string, unknown>> | undefined
}

/** What somebody wants who uses the action. Files have not been looked at. */
export interface Wanted {
  readonly build: Omit<ImageBuild, 'context' | 'dockerfile' | 'secrets'>
  readonly context: WantedContext
  readonly secrets: readonly BuildSecret[]
  readonly secretFiles: readonly SecretFile[]
  readonly logins: readonly Login[]
  /** Whether the logins end with the step. */
  readonly logout: boolean
  readonly place: Place
  readonly summary: boolean
}

/** What the inputs come to. */
export interface ReadInputs {
  /** Undefined when there are problems. */
  readonly wanted: Wanted | undefined
  /** Sentences without a full stop, each of which names its input. None quotes a secret. */
  readonly problems: readonly string[]
  /** Sentences about what changes nothing, or not what one may think. */
  readonly notices: readonly string[]
  /** What must not be printed, with problems too. */
  readonly masks: readonly string[]
}

/**
 * Reads all inputs and finds all problems at once.
 *
 * @param input the value of an input, as the runner gives it: without blanks around, empty when it is not set
 */
export function readInputs(input: (name: InputName) => string, around: Surroundings): ReadInputs {
  const problems: string[] = []
  const notices: string[] = []
  const problem = (sentence: string) => void problems.push(sentence)
  const notice = (sentence: string) => void notices.push(sentence)
  const lines = (name: InputName) => elements(input, name, { commas: false }, problem)
  const words = (name: InputName) => elements(input, name, { commas: true }, problem)
  const isTrue = (name: InputName) => readBoolean(input, name, problem)

  sayWhatIsNotHonoured(input, problem, notice)
  const outputs = readOutputs(lines('outputs'), around.workspace, problem)
  const tags = readTags([...words('tags'), ...outputs.names], problem)
  const push = readPush(input, around, notice, problem) || outputs.push
  if (push && tags.length === 0) problem('`tags` is empty, and an image without a name cannot be pushed')
  const isLoaded = isTrue('load')
  if (isLoaded && tags.length === 0) problem('`tags` is empty, and an image without a name cannot be loaded')
  const platform = readPlatform(words('platforms'), problem)
  const repository = readCache(
    {
      cache: input('cache') || 'auto',
      noCache: isTrue('no-cache'),
      repository: input('cache-repository'),
      from: lines('cache-from'),
      to: lines('cache-to'),
      tags
    },
    { problem, notice }
  )
  const target = input('target')
  const ttlMs = duration(input, 'cache-ttl', problem)
  if (!['kaniko', ''].includes(input('engine'))) problem('`engine` is kaniko; others cannot be chosen yet')
  const build: Wanted['build'] = {
    tags,
    push,
    buildArgs: readBuildArgs(lines('build-args'), around.environment, problem),
    labels: readLabels(lines('labels'), problem),
    annotations: readAnnotations(lines('annotations'), problem, notice),
    ...(target === '' ? {} : { target }),
    ...(platform === undefined ? {} : { platform }),
    ...(repository === undefined ? {} : { cache: { repository, ttlMs } }),
    files: outputs.files,
    engineArgs: readEngineArgs(input, problem),
    registryMirrors: words('registry-mirrors'),
    insecureRegistries: readHosts(words('insecure-registries'), problem),
    pushRetries: readRetries(input('push-retry'), problem),
    timeoutMs: duration(input, 'timeout', problem, LONGEST_TIMEOUT_MS)
  }
  const { secrets, files } = readSecrets(
    {
      values: elements(input, 'secrets', { commas: false, trimEnd: false }, problem),
      envs: words('secret-envs'),
      files: lines('secret-files')
    },
    around,
    problem
  )
  const logins = readLogins(
    {
      registry: input('registry'),
      username: input('username'),
      password: input('password'),
      registryAuth: input('registry-auth')
    },
    problem
  )
  const place = readPlace(
    {
      backend: input('backend') || 'auto',
      kubeconfig: input('kubeconfig'),
      namespace: input('namespace'),
      connector: input('connector'),
      serviceAccount: input('service-account'),
      // A run of a fork that pushes nothing is no mistake of whoever wrote the workflow.
      push: push || input('push') === 'auto',
      load: isLoaded,
      resources: words('resources'),
      nodeSelector: words('node-selector')
    },
    problem
  )
  const context = readContext(input('context') || '.', input('file'), around.workspace, problem)
  const summary = isTrue('summary') && wantsSummary(around.environment)
  const logout = isTrue('logout')
  if (context !== undefined) {
    sayWhatDiffers({ context, logins, secrets, buildArgs: build.buildArgs }, around.environment, problem, notice)
  }
  return {
    wanted:
      problems.length > 0 || context === undefined
        ? undefined
        : { build, context, secrets, secretFiles: files, logins, logout, place, summary },
    problems,
    notices,
    masks: [
      ...(input('password') === '' ? [] : [input('password')]),
      ...secretsOf(logins),
      ...secrets.map(({ value }) => value.toString()),
      ...(place.kubeconfig !== undefined && 'content' in place.kubeconfig
        ? secretsOfKubeconfig(place.kubeconfig.content)
        : [])
    ]
  }
}

function sayWhatIsNotHonoured(
  input: (name: InputName) => string,
  problem: (sentence: string) => void,
  notice: (sentence: string) => void
): void {
  for (const { name, ignored, refused } of INPUTS as readonly (Input & { readonly name: InputName })[]) {
    const value = input(name)
    if (refused?.unless.includes(value) === false) problem(`\`${name}\` is not possible here: ${refused.instead}`)
    if (ignored?.unless.includes(value) === false) notice(`\`${name}\` changes nothing: ${ignored.because}.`)
  }
}

function elements(
  input: (name: InputName) => string,
  name: InputName,
  options: { readonly commas: boolean; readonly trimEnd?: boolean },
  problem: (sentence: string) => void
): string[] {
  try {
    return readList(input(name), options)
  } catch (error) {
    problem(`\`${name}\`: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

/** The words of `core.getBooleanInput`, which docker's actions take too. */
function readBoolean(
  input: (name: InputName) => string,
  name: InputName,
  problem: (sentence: string) => void
): boolean {
  const value = input(name)
  const initial = (INPUTS as readonly Input[]).find(each => each.name === name)?.default
  const text = value === '' ? (initial ?? 'false') : value
  if (['true', 'True', 'TRUE'].includes(text)) return true
  if (!['false', 'False', 'FALSE'].includes(text)) problem(`\`${name}\` is true or false, not ${JSON.stringify(text)}`)
  return false
}

function readPush(
  input: (name: InputName) => string,
  { eventName, event }: Surroundings,
  notice: (sentence: string) => void,
  problem: (sentence: string) => void
): boolean {
  if (input('push') !== 'auto') return readBoolean(input, 'push', problem)
  if (!isFromFork(eventName, event)) return true
  notice(
    event === undefined
      ? '`push: auto` pushes nothing, since the event of this run could not be read.'
      : '`push: auto` pushes nothing in a run of a pull request from a fork.'
  )
  return false
}

/** Whole references: `user/app` is `docker.io/user/app:latest`. */
function readTags(texts: readonly string[], problem: (sentence: string) => void): string[] {
  const tags = texts.flatMap(text => {
    try {
      const { domain, repository, tag = 'latest', digest } = parseReference(text)
      if (digest === undefined) return [formatReference({ domain, repository, tag })]
      problem(`\`tags\` has ${JSON.stringify(text)}: a digest follows from the build and cannot be chosen`)
    } catch (error) {
      problem(`\`tags\`: ${error instanceof Error ? error.message : String(error)}`)
    }
    return []
  })
  return [...new Set(tags)]
}

function readPlatform(platforms: readonly string[], problem: (sentence: string) => void): string | undefined {
  const [platform] = platforms
  if (platforms.length > 1) {
    problem(
      `\`platforms\` has ${platforms.length} platforms, and one build makes one: run the step in a matrix with a runner for each`
    )
  }
  if (platform !== undefined && !/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/.test(platform)) {
    problem(`\`platforms\` has ${JSON.stringify(platform)}, which is no platform such as linux/amd64`)
  }
  return platform
}

/** One per line. Commas and quotes are part of arguments, which no shell reads. */
function readEngineArgs(input: (name: InputName) => string, problem: (sentence: string) => void): string[] {
  const args = input('engine-args')
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '')
  try {
    return [...extraArguments(args)]
  } catch (error) {
    problem(`\`engine-args\`: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

function readHosts(hosts: readonly string[], problem: (sentence: string) => void): string[] {
  for (const host of hosts) {
    if (/^[A-Za-z0-9.-]+(?::\d+)?$|^\[[0-9A-Fa-f:]+\](?::\d+)?$/.test(host)) continue
    problem(`\`insecure-registries\` has ${JSON.stringify(host)}, which is no host or host:port`)
  }
  return [...hosts]
}

function readRetries(text: string, problem: (sentence: string) => void): number {
  const retries = text === '' ? 3 : Number(text)
  if (/^\d*$/.test(text) && retries <= 10) return retries
  problem(`\`push-retry\` is a number from 0 to 10, not ${JSON.stringify(text)}`)
  return 0
}

/** Timers count milliseconds in 31 bits, and a longer one passes at once. */
const LONGEST_TIMEOUT_MS = 576 * 3_600_000

function duration(
  input: (name: InputName) => string,
  name: InputName,
  problem: (sentence: string) => void,
  longest = Infinity
): number {
  const initial = (INPUTS as readonly Input[]).find(each => each.name === name)?.default ?? ''
  const text = input(name) || initial
  const ms = readDuration(text)
  if (ms !== undefined && ms > 0 && ms <= longest) return ms
  if (ms !== undefined && ms > longest) {
    problem(`\`${name}\` is at most ${longest / 3_600_000}h, not ${JSON.stringify(text)}`)
    return longest
  }
  problem(`\`${name}\` is a duration such as ${initial}, not ${JSON.stringify(text)}`)
  return 0
}
