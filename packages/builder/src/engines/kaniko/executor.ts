import { kanikoEnvironment } from './args.js'
import { cacheArguments, imageArguments, type WantedImage } from './image-arguments.js'

/** What a build is about, for an executor; the client's `ImageBuild` is one. */
export interface ImageBuildLike extends WantedImage {
  /** Whole references with a tag. */
  readonly tags: readonly string[]
  readonly cache?: { readonly repository: string; readonly ttlMs: number }
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
 * @throws BuildError `REQUEST_REFUSED` for arguments of the user that cannot be passed on
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
    ...(cache === undefined ? ['--cache=false'] : cacheArguments(cache.repository, goDuration(cache.ttlMs))),
    ...(build.target === undefined ? [] : [`--target=${build.target}`]),
    ...(build.platform === undefined ? [] : [`--custom-platform=${build.platform}`]),
    ...imageArguments(build, place.secrets)
  ]
}

/** The environment that makes an executor do as Docker does; to another fork's, the variables are warnings. */
export function executorEnvironment(): Readonly<Record<string, string>> {
  const variables = kanikoEnvironment({ fork: 'osscontainertools' })
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]))
}

function goDuration(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1000))}s`
}
