import type { Target } from '../destinations/destination.js'
import { hasPlainStages } from '../dockerfile/stages.js'
import type { KanikoSettings } from './kaniko-settings.js'

/** Where the context lies in both containers. Below `/kaniko` it is no part of the image; at `/workspace` builds fail. */
export const CONTEXT_MOUNT = '/kaniko/context'

/** The unpacked context; it appears there at once and whole. */
export const CONTEXT_TREE = `${CONTEXT_MOUNT}/tree`

const TERMINATION_LOG = '/dev/termination-log'

/** kind mounts these over every container's root; a builder that deletes its root between stages trips over them. */
const MOUNTED_BY_KIND = ['/product_uuid', '/product_name']

/**
 * How changes are found after a RUN. `redo` compares time, size, mode and owner only: a `RUN setcap` on a file of an
 * earlier layer changes none of them, and would be lost without a word. `full` reads contents and capabilities too.
 */
const SNAPSHOT_MODE = 'full'

const RETRIES = 3

/** What makes the osscontainertools line do as BuildKit does (its README, "Profiles"; reference/builders.md §2). */
const BUILDKIT_COMPATIBILITY = [
  'FF_KANIKO_COPY_AS_ROOT',
  'FF_KANIKO_EXPAND_HEREDOC',
  'FF_KANIKO_RUN_HONOR_GROUP',
  'FF_KANIKO_UNTAR_SKIP_ROOT',
  'FF_KANIKO_CHOWN_ON_IMPLICIT_DIRS',
  'FF_KANIKO_COPY_CHMOD_ON_IMPLICIT_DIRS',
  'FF_KANIKO_RUN_VIA_TINI',
  'FF_KANIKO_SHARED_BASE_CACHE',
  'FF_KANIKO_PRECOMPILE_DOCKERIGNORE',
  'FF_KANIKO_SKIP_WRITE_WHITEOUTS'
]

export interface KanikoBuild {
  readonly dockerfile: string
  readonly dockerfileText: string
  readonly target: Pick<Target, 'pushRef' | 'insecureRegistries'>
  readonly buildArgs?: Readonly<Record<string, string>>
}

/** The executor's arguments: only flags that the three lines have in common (reference/builders.md §2). */
export function kanikoArguments(build: KanikoBuild, settings: KanikoSettings): string[] {
  const insecure = new Set([...build.target.insecureRegistries, ...(settings.insecureRegistries ?? [])])
  // The osscontainertools line skips unused stages by itself, and rightly.
  const skipStages = settings.line !== 'osscontainertools' && hasPlainStages(build.dockerfileText)
  return [
    `--context=dir://${CONTEXT_TREE}`,
    // Absolute: a relative path would be looked for in the image's working directory first.
    `--dockerfile=${CONTEXT_TREE}/${build.dockerfile}`,
    `--destination=${build.target.pushRef}`,
    `--digest-file=${TERMINATION_LOG}`,
    '--force',
    `--snapshot-mode=${settings.snapshotMode ?? SNAPSHOT_MODE}`,
    '--compressed-caching=false',
    ...MOUNTED_BY_KIND.map(path => `--ignore-path=${path}`),
    `--push-retry=${RETRIES}`,
    `--image-download-retry=${RETRIES}`,
    // Its own lines can be told from RUN's output, which comes as it is.
    '--log-format=json',
    ...[...insecure].map(registry => `--insecure-registry=${registry}`),
    ...(settings.registryMirrors ?? []).map(mirror => `--registry-mirror=${mirror}`),
    ...(skipStages ? ['--skip-unused-stages'] : []),
    ...Object.entries(build.buildArgs ?? {}).map(([name, value]) => `--build-arg=${name}=${value}`)
  ]
}

/** The executor's environment. */
export function kanikoEnvironment(settings: KanikoSettings): { readonly name: string; readonly value: string }[] {
  const compatibility = settings.line === 'osscontainertools' ? BUILDKIT_COMPATIBILITY : []
  return [
    ...compatibility.map(name => ({ name, value: 'true' })),
    ...Object.entries(settings.env ?? {}).map(([name, value]) => ({ name, value }))
  ]
}

/** All that decides what Kaniko makes of a context, besides arguments: for keys. */
export function kanikoIdentity(settings: KanikoSettings): string {
  return ['kaniko', settings.line, settings.image, settings.snapshotMode ?? SNAPSHOT_MODE].join(' ')
}
