import { kanikoEnvironment } from './args.js'
import { extraArguments } from './extra-arguments.js'

/** What a build is about, for an executor; the client's `ImageBuild` is one. */
export interface ImageBuildLike {
  /** Whole references with a tag. */
  readonly tags: readonly string[]
  readonly buildArgs: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Of the manifest; Google's fork has none. */
  readonly annotations: Readonly<Record<string, string>>
  /** A stage of the Dockerfile. */
  readonly target?: string
  readonly platform?: string
  readonly cache?: { readonly repository: string; readonly ttlMs: number }
  /** Only the osscontainertools fork knows them. */
  readonly secrets: readonly { readonly id: string }[]
  readonly engineArgs: readonly string[]
  readonly registryMirrors: readonly string[]
  readonly insecureRegistries: readonly string[]
  readonly pushRetries: number
}

/** Where an executor finds a build, and where it leaves what came of it. Paths are those of the executor. */
export interface ExecutorPlace {
  /** `dir:///path`, or `tar://stdin` for a tar by gzip. */
  readonly context: string
  /** Absolute, or relative to the context. */
  readonly dockerfile: string
  /** The digest is written there before the push: it means something only together with exit code 0. */
  readonly digestFile: string
  readonly push: boolean
  /** A directory with a file for each secret, named by `secretFile`. Needed when the build has secrets. */
  readonly secrets?: string
  /** Where `docker load` finds the image, as a tar. */
  readonly dockerTar?: string
  /** A directory that becomes an OCI layout with the image in it. */
  readonly ociLayout?: string
  /**
   * Builds even where the executor sees no container around itself. It replaces the root file system that it sees: only for
   * somebody who knows that this is a container's.
   */
  readonly force?: boolean
}

const RETRIES = 3

/**
 * The arguments of an executor that runs somewhere else than in a pod of ours: here, by ssh, in a container of Docker. One
 * element is one word: no shell has to see them. No value of a secret or credential is among them.
 *
 * The flags are those of all three forks (docs/notes/kaniko.md), besides `--annotation` and `--secret`, which stand there only
 * for a build that has them.
 *
 * @throws BuildError `DOCKERFILE_UNSUPPORTED` for arguments of the user that cannot be passed on
 */
export function executorArguments(build: ImageBuildLike, place: ExecutorPlace): string[] {
  const { cache } = build
  return [
    `--context=${place.context}`,
    `--dockerfile=${place.dockerfile}`,
    ...build.tags.map(tag => `--destination=${tag}`),
    ...(place.push ? [`--push-retry=${build.pushRetries}`] : ['--no-push']),
    `--digest-file=${place.digestFile}`,
    ...(place.force === true ? ['--force'] : []),
    ...(place.dockerTar === undefined ? [] : [`--tar-path=${place.dockerTar}`]),
    ...(place.ociLayout === undefined ? [] : [`--oci-layout-path=${place.ociLayout}`]),
    '--snapshot-mode=full',
    '--compressed-caching=false',
    '--ignore-var-run=false',
    `--image-download-retry=${RETRIES}`,
    '--log-format=json',
    ...build.insecureRegistries.map(registry => `--insecure-registry=${registry}`),
    ...build.registryMirrors.map(mirror => `--registry-mirror=${mirror}`),
    ...(cache === undefined ? ['--cache=false'] : cacheArguments(cache)),
    ...imageArguments(build, place.secrets)
  ]
}

/** The flags that say what the image is to be, wherever the executor runs. Those that the user wrote come last. */
export function imageArguments(
  build: Pick<
    ImageBuildLike,
    'annotations' | 'buildArgs' | 'engineArgs' | 'labels' | 'platform' | 'secrets' | 'target'
  >,
  secretsDirectory: string | undefined
): string[] {
  const { platform, target } = build
  return [
    ...pairs('label', build.labels),
    ...pairs('annotation', build.annotations),
    ...(target === undefined ? [] : [`--target=${target}`]),
    ...(platform === undefined ? [] : [`--custom-platform=${platform}`]),
    ...build.secrets.map(({ id }, index) => `--secret=id=${id},type=file,src=${secretFile(secretsDirectory, index)}`),
    ...pairs('build-arg', build.buildArgs),
    ...extraArguments(build.engineArgs)
  ]
}

/**
 * Where the value of the secret with this index lies. The file must stay for the whole build, below `/kaniko` best: what lies
 * elsewhere goes when the next stage begins (osscontainertools/kaniko#511).
 */
export function secretFile(directory: string | undefined, index: number): string {
  if (directory === undefined) throw new Error('a build with secrets needs a directory in which they lie')
  return `${directory}/${index}`
}

/** `--cache-…` for layers kept in a repository. */
export function cacheArguments(cache: { readonly repository: string; readonly ttlMs: number }): string[] {
  const seconds = Math.max(1, Math.round(cache.ttlMs / 1000))
  return ['--cache=true', '--cache-copy-layers=true', `--cache-repo=${cache.repository}`, `--cache-ttl=${seconds}s`]
}

/** The environment that makes an executor do as Docker does; to another fork's, the variables are warnings. */
export function executorEnvironment(): Readonly<Record<string, string>> {
  const variables = kanikoEnvironment({ fork: 'osscontainertools' })
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]))
}

function pairs(flag: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${flag}=${name}=${value}`)
}
