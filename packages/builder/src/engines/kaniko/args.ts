import { PACKED } from '../../context/pack.js'
import { ARCHIVE_MOUNT, ZIPPED_KEY } from '../pod/context-secret.js'
import { CONTEXT_DIRECTORY, CONTEXT_TREE, LAYOUT_MOUNT, SECRETS_MOUNT, TAR_MOUNT, UNPACKED_TREE } from '../pod/parts.js'
import { registryName, type RegistryProxy } from '../../dockerfile/registry-proxy.js'
import type { LayerCache, RegistryCertificate } from '../pod/settings.js'
import { cacheArguments, imageArguments, type WantedImage } from './image-arguments.js'
import type { KanikoSettings } from './settings.js'

/** Below it, the certificate of the registry with this index. */
const CERTIFICATES_MOUNT = '/kaniko/certificates'

const TERMINATION_LOG = '/dev/termination-log'

/** The label that makes the digest of a build its own: removing a digest takes every tag of it along. */
const BUILD_LABEL = 'kaniko-hooks.build'

/** kind mounts these over every container's root; a builder that deletes its root between stages trips over them. */
const MOUNTED_BY_KIND = ['/product_uuid', '/product_name']

/**
 * How changes are found after a RUN. `redo` compares time, size, mode and owner only: a `RUN setcap` on a file of an
 * earlier layer changes none of them, and would be lost without a word. `full` reads contents and capabilities too.
 */
const SNAPSHOT_MODE = 'full'

const RETRIES = 3

/**
 * What makes the osscontainertools fork do as BuildKit does (its README, "Profiles"). Without `FF_KANIKO_RUN_VIA_TINI`: a
 * background process of a RUN would then live on, and write into the layers of what follows.
 */
const BUILDKIT_COMPATIBILITY = [
  'FF_KANIKO_COPY_AS_ROOT',
  'FF_KANIKO_EXPAND_HEREDOC',
  'FF_KANIKO_RUN_HONOR_GROUP',
  'FF_KANIKO_UNTAR_SKIP_ROOT',
  'FF_KANIKO_CHOWN_ON_IMPLICIT_DIRS',
  'FF_KANIKO_COPY_CHMOD_ON_IMPLICIT_DIRS',
  'FF_KANIKO_SHARED_BASE_CACHE',
  'FF_KANIKO_PRECOMPILE_DOCKERIGNORE',
  'FF_KANIKO_SKIP_WRITE_WHITEOUTS'
]

/** Without them two different stages can have one key in the layer cache (osscontainertools/kaniko#873, #911). */
const SOUND_CACHE_KEYS = ['FF_KANIKO_ROLLING_CACHE_KEY', 'FF_KANIKO_HASH_DIR_FRAMING']

export interface KanikoBuild extends Partial<
  Pick<WantedImage, 'annotations' | 'buildArgs' | 'engineArgs' | 'labels' | 'secrets'>
> {
  /** Kaniko unpacks the archive that came with the pod. */
  readonly unpacks?: boolean
  /** Where Kaniko itself pushes the image. Without it, it writes a layout to `LAYOUT_MOUNT`. */
  readonly pushRef?: string
  /** Names of the image in a file for `docker load`, which is made for them. */
  readonly tarFor?: readonly string[]
  /** Nobody gets the image; only its digest is told. */
  readonly isDiscarded?: boolean
  readonly pushRetries?: number
  /** Names the build; no other has this name. Undefined for an image that is to have no label of ours. */
  readonly handle?: string
  /** `host:port` of destinations over plain HTTP. */
  readonly insecureRegistries: readonly string[]
  /** Registries with certificates of their own, and where these lie. */
  readonly certificates?: readonly RegistryCertificate[]
  /** Registries that are reached by another way than their name. */
  readonly proxies?: readonly RegistryProxy[]
  /** In place of the settings' own, or none. */
  readonly cache?: LayerCache | 'none'
}

/**
 * The executor's arguments: only flags that the three forks have in common (docs/notes/kaniko.md), besides those for
 * annotations and secrets.
 */
export function kanikoArguments(build: KanikoBuild, settings: KanikoSettings): string[] {
  const { proxies = [] } = build
  const plainProxies = proxies.flatMap(({ place }) => (place.plainHttp ? [place.host] : []))
  const insecure = new Set([...build.insecureRegistries, ...(settings.insecureRegistries ?? []), ...plainProxies])
  const cache = cacheOf(build, settings)
  const retries = build.pushRetries ?? RETRIES
  return [
    ...(build.unpacks === true
      ? [`--context=tar://${ARCHIVE_MOUNT}/${ZIPPED_KEY}`, `--context-sub-path=${PACKED.context}`]
      : [`--context=dir://${CONTEXT_DIRECTORY}`]),
    // Absolute: a relative path would be looked for in the image's working directory first.
    `--dockerfile=${build.unpacks === true ? UNPACKED_TREE : CONTEXT_TREE}/${PACKED.dockerfile}`,
    ...(build.pushRef !== undefined
      ? [`--destination=${build.pushRef}`, `--push-retry=${retries}`]
      : ['--no-push', ...(build.isDiscarded === true ? [] : [`--oci-layout-path=${LAYOUT_MOUNT}`])]),
    ...(build.tarFor === undefined
      ? []
      : [`--tar-path=${TAR_MOUNT}/docker.tar`, ...build.tarFor.map(name => `--destination=${name}`)]),
    ...(build.handle === undefined ? [] : [`--label=${BUILD_LABEL}=${build.handle}`]),
    `--digest-file=${TERMINATION_LOG}`,
    '--force',
    `--snapshot-mode=${settings.snapshotMode ?? SNAPSHOT_MODE}`,
    '--compressed-caching=false',
    // Each layer is compressed twice; the fastest level takes a third of the time, for a tenth more bytes.
    '--compression-level=1',
    ...MOUNTED_BY_KIND.map(path => `--ignore-path=${path}`),
    ...(keepsVarRun(settings) ? ['--ignore-var-run=false'] : []),
    `--image-download-retry=${RETRIES}`,
    // Its own lines can be told from RUN's output, which comes as it is.
    '--log-format=json',
    ...[...insecure].map(registry => `--insecure-registry=${registry}`),
    ...(build.certificates ?? []).map(({ registry }, index) => {
      return `--registry-certificate=${registry}=${certificatePath(index)}`
    }),
    ...mappedRegistries(settings, proxies),
    ...(cache === undefined ? [] : cacheArguments(cache.repository, cache.ttl)),
    ...imageArguments({ ...NOTHING_WANTED, ...build }, SECRETS_MOUNT)
  ]
}

const NOTHING_WANTED = { labels: {}, annotations: {}, secrets: [], buildArgs: {}, engineArgs: [] }

/** Where a build's layers are kept, if anywhere. */
export function cacheOf(
  { cache }: Pick<KanikoBuild, 'cache'>,
  settings: Pick<KanikoSettings, 'cache'>
): LayerCache | undefined {
  return cache === 'none' ? undefined : (cache ?? settings.cache)
}

/** Images have files in `/var/run`. Only a cloud identity is mounted there, by a webhook, over what a base image unpacks. */
function keepsVarRun({ pod }: KanikoSettings): boolean {
  return pod?.serviceAccountName === undefined
}

/** Where the certificate with this index is mounted. */
export function certificatePath(index: number): string {
  return `${CERTIFICATES_MOUNT}/${index}/ca.crt`
}

/**
 * Where else to look for base images. Kaniko tries the registry itself last, for all or for none: what is mirrored by the
 * settings then names it once, as the last of its mirrors, and what has a proxy does not. Mirrors are Docker Hub's, and
 * Kaniko takes them after all maps.
 */
function mappedRegistries(
  { registryMirrors = [], registryMaps = {} }: KanikoSettings,
  proxies: readonly RegistryProxy[]
): string[] {
  const own = (registry: string): string[] => (proxies.length === 0 ? [] : [registry])
  const mirrors = registryMirrors.length === 0 ? [] : [...registryMirrors, ...own(mapKey('docker.io'))]
  const mapped = Object.entries(registryMaps).map(([from, targets]) => [mapKey(from), targets] as const)
  const maps = [...new Set(mapped.map(([from]) => from))].flatMap(key => {
    const targets = mapped.filter(([from]) => from === key).flatMap(([, to]) => to)
    const isMirrored = mirrors.length > 0 && key === mapKey('docker.io')
    return [...targets, ...(isMirrored ? [] : own(key))].map(to => `--registry-map=${key}=${to}`)
  })
  const byProxy = proxies.flatMap(({ registry, spellings = [], place }) => {
    const to = [place.host, place.path].filter(part => part !== '').join('/')
    // Kaniko never sees `docker.io`.
    const names = new Set([mapKey(registry), ...spellings.filter(name => name !== 'docker.io')])
    return [...names].map(name => `--registry-map=${name}=${to}`)
  })
  return [
    ...maps,
    ...byProxy,
    ...mirrors.map(mirror => `--registry-mirror=${mirror}`),
    ...(proxies.length === 0 ? [] : ['--skip-default-registry-fallback'])
  ]
}

/** Kaniko compares with the name that Go's registry client has for Docker Hub. */
function mapKey(registry: string): string {
  return registryName(registry) === 'docker.io' ? 'index.docker.io' : registry
}

/** The executor's environment. */
export function kanikoEnvironment(
  settings: Pick<KanikoSettings, 'env' | 'fork'>
): { readonly name: string; readonly value: string }[] {
  const compatibility = settings.fork === 'osscontainertools' ? [...BUILDKIT_COMPATIBILITY, ...SOUND_CACHE_KEYS] : []
  return [
    ...compatibility.map(name => ({ name, value: 'true' })),
    ...Object.entries(settings.env ?? {}).map(([name, value]) => ({ name, value }))
  ]
}

/** All that decides what Kaniko makes of a context, besides arguments: for keys. */
export function kanikoIdentity(settings: KanikoSettings): string {
  const { fork, image, snapshotMode = SNAPSHOT_MODE } = settings
  return ['kaniko', fork, image, snapshotMode, ...(keepsVarRun(settings) ? [] : ['without /var/run'])].join(' ')
}
