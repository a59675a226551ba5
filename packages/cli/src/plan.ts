import { resolve } from 'node:path'

import { extraArguments } from '@kaniko-hooks/builder'
import {
  isConnectorName,
  isGitUrl,
  splitWords,
  withoutUser,
  WordsError,
  type BackendName,
  type ContextSource,
  type ImageBuild,
  type ImageFile
} from '@kaniko-hooks/client'
import { formatReference, parseReference } from '@kaniko-hooks/registry'

import { readDuration } from './duration.js'
import { variableOf } from './environment.js'
import { readFields } from './fields.js'
import type { BuildFlagName } from './flags.js'
import { asSwitch, type Parsed } from './parse.js'

/** Where the value of a secret is to be read. */
export interface SecretSource {
  readonly id: string
  readonly from: { readonly file: string } | { readonly variable: string }
}

/** What a command line asks for. */
export interface BuildPlan {
  /** Without its secrets, which nobody has read yet, and with an archive of standard input as the context. */
  readonly build: Omit<ImageBuild, 'secrets' | 'context'> & {
    readonly context: ContextSource | { readonly kind: 'stdin' }
  }
  readonly secrets: readonly SecretSource[]
  readonly backend: BackendName | 'auto'
  /** The command that leads to the builder, as words. */
  readonly via: readonly string[]
  readonly namespace?: string
  readonly kubeconfig?: string
  readonly connector?: { readonly name: string; readonly serviceAccount: string }
  readonly registryAuth?: string
  readonly results: {
    readonly metadataFile?: string
    readonly iidFile?: string
    readonly digestFile?: string
  }
  readonly show: 'quiet' | 'json' | 'plain' | 'tty' | 'auto'
  readonly print: boolean
  /** The Dockerfile comes on standard input, for the directory that is the context. */
  readonly readsDockerfile: boolean
}

/** What the words of a command line lack: the process around them. */
export interface Surroundings {
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
}

const BACKENDS = ['auto', 'broker', 'kubernetes', 'docker', 'local', 'via'] as const

/** GitHub's own limit of a job is above, a build that hangs far below. */
const DEFAULT_TIMEOUT_MS = 3_600_000

/** Timers count milliseconds in 31 bits, and a longer one passes at once. */
const LONGEST_TIMEOUT_MS = 576 * 3_600_000

const DEFAULT_TTL_MS = 336 * 3_600_000

/**
 * Turns what was read of a command line into a build.
 *
 * @returns the build, or all that is wrong, a sentence each
 */
export function planBuild(
  parsed: Parsed,
  surroundings: Surroundings
): { readonly plan: BuildPlan; readonly notices: readonly string[] } | { readonly problems: readonly string[] } {
  const planner = new Planner(parsed, surroundings)
  const plan = planner.plan()
  const problems = [...parsed.problems, ...planner.problems]
  return problems.length > 0 ? { problems } : { plan, notices: [...parsed.notices, ...planner.notices] }
}

class Planner {
  readonly problems: string[] = []
  readonly notices: string[] = []
  readonly #parsed: Parsed
  readonly #surroundings: Surroundings

  constructor(parsed: Parsed, surroundings: Surroundings) {
    this.#parsed = parsed
    this.#surroundings = surroundings
  }

  plan(): BuildPlan {
    const context = this.#context()
    const outputs = this.#outputs()
    const push = this.#isOn('push') || outputs.push
    const tags = [...new Set([...this.#all('tag'), ...outputs.names].flatMap(tag => this.#tag(tag)))]
    if (push && tags.length === 0) this.problems.push('--push needs a name: -t registry/name:tag.')
    const isLoaded = this.#isOn('load')
    if (isLoaded && push)
      this.problems.push('--load and --push exclude each other; kbuild push NAME pushes what was loaded.')
    if (isLoaded && tags.length === 0) this.problems.push('--load needs a name: -t name:tag.')
    const file = this.#file(context)
    const via = this.#via()
    const target = this.#last('target')
    const platform = this.#platform()
    const cache = this.#cache()
    const isDirectory = context.kind === 'directory'
    const connector = this.#connector(push)
    const backend = this.#backend(via)
    return {
      build: {
        context,
        ...(file === undefined || file === '' ? {} : { dockerfile: isDirectory ? this.#path(file) : file }),
        tags,
        push,
        buildArgs: this.#buildArgs(),
        labels: this.#pairs('label', true),
        annotations: this.#annotations(),
        ...(target === undefined || target === '' ? {} : { target }),
        ...(platform === undefined ? {} : { platform }),
        ...(cache === undefined ? {} : { cache }),
        files: outputs.files,
        engineArgs: this.#engineArgs(),
        registryMirrors: this.#all('registry-mirror'),
        insecureRegistries: this.#hosts('insecure-registry'),
        pushRetries: this.#retries(),
        timeoutMs: this.#duration('timeout', DEFAULT_TIMEOUT_MS)
      },
      secrets: this.#secrets(),
      // Who builds elsewhere has neither the connector nor the registry's password.
      backend: connector !== undefined && backend === 'auto' ? 'kubernetes' : backend,
      via,
      ...(connector === undefined ? {} : { connector }),
      ...this.#given('namespace', 'namespace'),
      ...this.#givenPath('kubeconfig', 'kubeconfig'),
      ...this.#givenPath('registryAuth', 'registry-auth'),
      results: {
        ...this.#givenPath('metadataFile', 'metadata-file'),
        ...this.#givenPath('iidFile', 'iidfile'),
        ...this.#givenPath('digestFile', 'digest-file')
      },
      show: this.#show(),
      print: this.#isOn('print'),
      readsDockerfile: this.#last('file') === '-'
    }
  }

  #context(): BuildPlan['build']['context'] {
    const [path, ...more] = this.#parsed.positionals
    if (path === undefined || more.length > 0) {
      const count = path === undefined ? 'none' : String(more.length + 1)
      this.problems.push(
        `A build needs one context, a directory, a Git URL or - for a tar on standard input; there is ${count}.`
      )
    }
    if (path === '-') return { kind: 'stdin' }
    if (path !== undefined && isGitUrl(path)) return { kind: 'git', url: path }
    if (path !== undefined && /^https?:\/\//.test(path)) {
      this.problems.push(
        `${withoutUser(path)} is no Git repository: download the archive and give it on standard input (curl … | kbuild -).`
      )
    }
    return { kind: 'directory', path: this.#path(path ?? '.') }
  }

  /** @returns undefined for the default, and for a Dockerfile that is read from standard input */
  #file({ kind }: BuildPlan['build']['context']): string | undefined {
    const file = this.#last('file')
    if (file !== '-') return file
    if (kind === 'stdin') this.problems.push('-f - and the context - cannot both be standard input.')
    if (kind === 'git')
      this.problems.push('-f - needs a directory as the context; a Git URL brings its own Dockerfile.')
    return undefined
  }

  #tag(tag: string): string[] {
    try {
      const reference = parseReference(tag)
      if (reference.digest !== undefined) throw new Error('a name that is given has a tag, and no digest')
      return [formatReference({ ...reference, tag: reference.tag ?? 'latest' })]
    } catch (error) {
      this.problems.push(`-t ${tag}: ${(error as Error).message}.`)
      return []
    }
  }

  #outputs(): { readonly push: boolean; readonly files: readonly ImageFile[]; readonly names: readonly string[] } {
    let push = false
    const files: ImageFile[] = []
    const names: string[] = []
    for (const text of this.#all('output')) {
      const fields = readFields(text)
      const type = fields?.get('type')
      const dest = fields?.get('dest')
      const unknown = unknownAttributes(type, fields)
      if (fields === undefined || type === 'local' || type === 'tar' || type === undefined) {
        const why = 'the files of an image without the image are not written'
        this.problems.push(
          `-o ${text}: ${why}; use type=docker,dest=PATH or type=oci,dest=PATH for an archive of the image.`
        )
      } else if (unknown.length > 0) {
        this.problems.push(`-o ${text}: ${unknown.join(', ')} is not possible here; leave it out.`)
      } else if (type === 'docker' || type === 'oci') {
        if (dest === undefined || dest === '' || dest === '-') {
          this.problems.push(`-o ${text}: dest=PATH is missing; there is no daemon that could take the image.`)
        } else files.push({ kind: type, path: this.#path(dest) })
      } else if (type === 'registry' || type === 'image') {
        const isPush = asSwitch(fields.get('push') ?? String(type === 'registry'))
        if (isPush === undefined) this.problems.push(`-o ${text}: push is true or false.`)
        push ||= isPush === 'true'
        const name = fields.get('name')
        if (name !== undefined) names.push(...name.split(','))
      } else if (type !== 'cacheonly') {
        this.problems.push(`-o ${text}: the type is docker, oci or registry.`)
      }
    }
    return { push, files, names }
  }

  #buildArgs(): Record<string, string> {
    const pairs = this.#all('build-arg').flatMap(text => {
      const at = text.indexOf('=')
      if (at > 0) return [[text.slice(0, at), text.slice(at + 1)] as const]
      // As with docker, a variable that is not there is no argument.
      const value = at === -1 ? variableOf(this.#surroundings.env, text) : undefined
      if (at === 0 || text === '') this.problems.push(`--build-arg ${text}: a name is missing; write KEY=VALUE.`)
      return value === undefined ? [] : [[text, value] as const]
    })
    return Object.fromEntries(pairs)
  }

  #pairs(flag: 'label' | 'annotation', mayLackValue: boolean): Record<string, string> {
    const pairs = this.#all(flag).flatMap(text => {
      const at = text.indexOf('=')
      if (at === 0 || text === '' || (at === -1 && !mayLackValue)) {
        this.problems.push(`--${flag} ${text}: write KEY=VALUE.`)
        return []
      }
      return [at === -1 ? ([text, ''] as const) : ([text.slice(0, at), text.slice(at + 1)] as const)]
    })
    return Object.fromEntries(pairs)
  }

  /** Docker's `manifest:` and `index:` say of what an annotation is. */
  #annotations(): Record<string, string> {
    const pairs = Object.entries(this.#pairs('annotation', false)).flatMap(([key, value]) => {
      const [, types, name = ''] =
        /^((?:manifest|index|manifest-descriptor|index-descriptor)(?:\[[^\]]*\])?(?:,[a-z-]+)*):(.*)$/s.exec(key) ?? []
      if (types === undefined) return [[key, value] as const]
      if (/(?:^|,)manifest(?:\[|,|$)/.test(types)) return [[name, value] as const]
      this.notices.push(`--annotation ${key}: there is only a manifest, which does not get the annotation.`)
      return []
    })
    return Object.fromEntries(pairs)
  }

  #platform(): string | undefined {
    const platforms = [...new Set(this.#all('platform').flatMap(text => text.split(',')))].filter(text => text !== '')
    if (platforms.length > 1) {
      const each =
        'build each where that platform is, and join them with docker buildx imagetools create or crane index append'
      this.problems.push(`--platform ${platforms.join(',')}: one build makes one platform; ${each}.`)
    }
    const [platform] = platforms
    if (platform !== undefined && !/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/.test(platform)) {
      this.problems.push(`--platform ${platform}: write it as linux/amd64.`)
    }
    return platform
  }

  #cache(): ImageBuild['cache'] {
    const refs = (['cache-from', 'cache-to'] as const).flatMap(flag =>
      this.#all(flag).flatMap(text => {
        const fields = text.includes('=')
          ? readFields(text)
          : new Map([
              ['type', 'registry'],
              ['ref', text]
            ])
        const ref = fields?.get('type') === 'registry' ? fields.get('ref') : undefined
        if (ref === undefined || ref === '') {
          this.problems.push(`--${flag} ${text}: Kaniko keeps layers in a registry; use --cache-repo REPOSITORY.`)
          return []
        }
        return this.#repository(`--${flag}`, ref)
      })
    )
    const own = this.#all('cache-repo').flatMap(text => this.#repository('--cache-repo', text))
    const ttlMs = this.#duration('cache-ttl', DEFAULT_TTL_MS)
    const [repository, ...others] = new Set([...own, ...refs])
    if (others.length > 0) {
      this.problems.push(
        `Layers are kept in one repository, and several are named: ${[repository, ...others].join(', ')}.`
      )
    }
    if (repository === undefined || this.#isOn('no-cache')) return undefined
    if (own.length === 0 && this.#all('cache-to').length === 0) {
      this.notices.push(`Layers are looked for in ${repository}, and written there too; --no-cache uses none.`)
    }
    return { repository, ttlMs }
  }

  #repository(flag: string, text: string): string[] {
    try {
      const { domain, repository } = parseReference(text)
      return [`${domain}/${repository}`]
    } catch (error) {
      this.problems.push(`${flag} ${text}: ${(error as Error).message}.`)
      return []
    }
  }

  #secrets(): SecretSource[] {
    const secrets = this.#all('secret').flatMap((text): SecretSource[] => {
      const fields = readFields(text)
      const id = fields?.get('id') ?? ''
      const file = fields?.get('src') ?? fields?.get('source')
      const variable = fields?.get('env')
      const type = fields?.get('type')
      const unknown = [...(fields?.keys() ?? [])].find(key => !['id', 'src', 'source', 'env', 'type'].includes(key))
      if (fields === undefined || unknown !== undefined || !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(id)) {
        // Not its text: somebody may have written the secret itself.
        this.problems.push(
          '--secret takes id=ID with src=PATH or env=NAME; the id has letters, digits and _.- only, and no dot or dash begins it.'
        )
        return []
      }
      if (variable !== undefined || type === 'env') return [{ id, from: { variable: variable ?? file ?? id } }]
      if (file !== undefined) return [{ id, from: { file: this.#path(file) } }]
      // As BuildKit has it: a variable of this name, or else a file.
      const isVariable = type !== 'file' && variableOf(this.#surroundings.env, id) !== undefined
      return [{ id, from: isVariable ? { variable: id } : { file: this.#path(id) } }]
    })
    const twice = secrets.find(({ id }, at) => secrets.findIndex(other => other.id === id) !== at)
    if (twice !== undefined) this.problems.push(`--secret: the id ${twice.id} is given twice.`)
    return secrets
  }

  #via(): string[] {
    const text = this.#last('via')
    if (text === undefined) return []
    try {
      const words = splitWords(text)
      if (words.length === 0) this.problems.push('--via needs a command, such as "ssh host".')
      return words
    } catch (error) {
      if (!(error instanceof WordsError)) throw error
      this.problems.push(`--via: ${error.message}.`)
      return []
    }
  }

  #backend(via: readonly string[]): BuildPlan['backend'] {
    const name = this.#last('backend')
    const known = BACKENDS.find(backend => backend === name)
    if (name !== undefined && known === undefined) {
      this.problems.push(`--backend ${name}: it is one of ${BACKENDS.join(', ')}.`)
    }
    if (known === 'via' && via.length === 0) this.problems.push('--backend via needs --via COMMAND.')
    if (via.length > 0 && known !== undefined && known !== 'via') {
      this.problems.push(`--via and --backend ${known} exclude each other.`)
    }
    if (this.#isOn('load')) {
      if (via.length > 0 || (known !== undefined && known !== 'auto' && known !== 'docker')) {
        this.problems.push(
          '--load needs --backend docker; elsewhere use -o type=docker,dest=image.tar and docker load.'
        )
      }
      return 'docker'
    }
    return via.length > 0 ? 'via' : (known ?? 'auto')
  }

  #connector(push: boolean): BuildPlan['connector'] {
    const name = this.#last('connector')
    const serviceAccount = this.#last('service-account')
    if (name === undefined) {
      if (serviceAccount !== undefined) this.problems.push('--service-account is for a build with --connector.')
      return undefined
    }
    if (!isConnectorName(name)) this.problems.push(`--connector ${name}: write NAMESPACE/NAME, or NAME.`)
    if (serviceAccount === undefined || serviceAccount.includes('/') || !isConnectorName(serviceAccount)) {
      this.problems.push('--connector needs --service-account NAME: the account of the build pod, which may get it.')
    }
    const elsewhere = this.#last('via') === undefined ? this.#last('backend') : 'via'
    if (elsewhere !== undefined && !['auto', 'kubernetes'].includes(elsewhere)) {
      this.problems.push(`--connector is for builds in a cluster (--backend kubernetes), and not for ${elsewhere}.`)
    }
    if (!push) this.problems.push('--connector is for a push; add --push.')
    return { name, serviceAccount: serviceAccount ?? '' }
  }

  #show(): BuildPlan['show'] {
    const progress = this.#last('progress') ?? 'auto'
    if (progress === 'rawjson') this.problems.push('--progress rawjson is BuildKit’s; --json prints events.')
    else if (!['auto', 'plain', 'tty', 'quiet'].includes(progress)) {
      this.problems.push(`--progress ${progress}: it is one of auto, plain, tty, quiet.`)
    }
    if (this.#isOn('json')) return 'json'
    if (this.#isOn('quiet') || progress === 'quiet') return 'quiet'
    return progress === 'plain' || progress === 'tty' ? progress : 'auto'
  }

  #engineArgs(): readonly string[] {
    try {
      return extraArguments(this.#all('engine-arg'))
    } catch (error) {
      this.problems.push(`--engine-arg: ${(error as Error).message}.`)
      return []
    }
  }

  #hosts(flag: BuildFlagName): readonly string[] {
    const hosts = this.#all(flag)
    for (const host of hosts) {
      if (/^[A-Za-z0-9.-]+(?::\d+)?$|^\[[0-9A-Fa-f:]+\](?::\d+)?$/.test(host)) continue
      this.problems.push(`--${flag} ${host}: that is no host or host:port.`)
    }
    return hosts
  }

  #retries(): number {
    const text = this.#last('push-retry') ?? '3'
    if (!/^\d{1,2}$/.test(text)) this.problems.push(`--push-retry ${text}: write a number from 0 to 99.`)
    return Number(text)
  }

  #duration(flag: 'timeout' | 'cache-ttl', fallback: number): number {
    const text = this.#last(flag)
    const ms = text === undefined ? fallback : readDuration(text)
    if (ms === undefined) this.problems.push(`--${flag} ${text ?? ''}: write a duration, such as 90s, 60m or 1h30m.`)
    else if (flag === 'timeout' && ms > LONGEST_TIMEOUT_MS) this.problems.push(`--${flag} ${text ?? ''}: at most 576h.`)
    return ms ?? fallback
  }

  #all(flag: BuildFlagName): readonly string[] {
    return this.#parsed.values.get(flag) ?? []
  }

  #last(flag: BuildFlagName): string | undefined {
    return this.#all(flag).at(-1)
  }

  #isOn(flag: BuildFlagName): boolean {
    return this.#last(flag) === 'true'
  }

  #path(path: string): string {
    return resolve(this.#surroundings.directory, path)
  }

  #given<Key extends string>(key: Key, flag: BuildFlagName): Partial<Record<Key, string>> {
    const value = this.#last(flag)
    return value === undefined ? {} : ({ [key]: value } as Record<Key, string>)
  }

  /** A path that is empty is none, as with docker: scripts write `-f "$FILE"`. */
  #givenPath<Key extends string>(key: Key, flag: BuildFlagName): Partial<Record<Key, string>> {
    const value = this.#last(flag)
    return value === undefined || value === '' ? {} : ({ [key]: this.#path(value) } as Record<Key, string>)
  }
}

/** BuildKit's words for what is so anyway. */
const HARMLESS = new Set(['name-canonical', 'store', 'unpack', 'force-compression'])

/** What of an output would make another image, or another place of it, than is made here. */
function unknownAttributes(type: string | undefined, fields: ReadonlyMap<string, string> | undefined): string[] {
  const known = { docker: ['dest'], oci: ['dest', 'tar'], registry: ['name', 'push'], image: ['name', 'push'] }
  const taken = Object.entries(known).find(([name]) => name === type)?.[1]
  return [...(fields ?? [])].flatMap(([key, value]) => {
    if (key === 'tar' && value !== 'true') return [`tar=${value}`]
    if (value === 'false' || HARMLESS.has(key)) return []
    return key === 'type' || taken?.includes(key) !== false ? [] : [key]
  })
}
