import { isDeepStrictEqual } from 'node:util'

import { parentOf, type Node, type Tree } from './tree.js'

/** How a path differs from the base image, in a form that is kept: `removed`, or what lies there. */
export type Found = 'removed' | Readonly<Record<string, string | number | Readonly<Record<string, string>>>>

/** An image without what its base image brought, or why there is none. */
export interface Snapshot {
  /** The base image as the Dockerfile of the corpus names it; `scratch`. */
  readonly base: string
  readonly config: Readonly<Record<string, unknown>>
  /** By absolute path. */
  readonly tree: Readonly<Record<string, Found>>
}

const CONFIGURATION = [
  ...['Env', 'Entrypoint', 'Cmd', 'User', 'WorkingDir', 'Labels', 'ExposedPorts', 'Volumes', 'Healthcheck', 'Shell'],
  ...['StopSignal', 'OnBuild']
]

/** The product's own. */
const OWN_LABEL = 'kaniko-hooks.build'

/** Logs and caches of apt and its kind, which no two builds have in common. */
const PASSING = [
  ...['var/log', 'var/cache/apt', 'var/lib/apt/lists', 'var/cache/ldconfig', 'var/cache/debconf', 'var/lib/dpkg'],
  ...['etc/ld.so.cache', 'var/lib/systemd']
]

/** Where BuildKit mounts something, and leaves an empty directory or file. */
const MOUNTED = ['dev', 'proc', 'sys', 'etc/hosts', 'etc/resolv.conf']

/**
 * What an image has besides its base.
 *
 * @param fixedBefore times from then on are those of the build, and are not looked at; in seconds
 */
export function takeSnapshot(
  image: { readonly tree: Tree; readonly config: Readonly<Record<string, unknown>> },
  base: { readonly name: string; readonly tree: Tree },
  fixedBefore: number
): Snapshot {
  const links = linkGroups(image.tree)
  const linksBefore = linkGroups(base.tree)
  const tree = new Map<string, Found>()
  for (const [path, node] of image.tree) {
    const found = describe(node, links.get(path), fixedBefore)
    const before = base.tree.get(path)
    if (before !== undefined && isUnchanged(found, describe(before, linksBefore.get(path), fixedBefore))) continue
    // A layer need not name the root.
    if (path === '' && before === undefined && node.mode === 0o755 && node.uid + node.gid === 0) continue
    if (!isIgnored(path, node)) tree.set(`/${path}`, found)
  }
  for (const [path, node] of base.tree) {
    const isTop = path !== '' && image.tree.get(parentOf(path))?.type === 'directory'
    if (!image.tree.has(path) && (isTop || parentOf(path) === '') && !isIgnored(path, node)) {
      tree.set(`/${path}`, 'removed')
    }
  }
  return {
    base: base.name,
    config: configurationOf(image.config),
    tree: Object.fromEntries([...tree].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** A snapshot that says nothing of some aspects of files. */
export function withoutAspects(snapshot: Snapshot, aspects: readonly string[]): Snapshot {
  if (aspects.length === 0) return snapshot
  const tree = Object.entries(snapshot.tree).map(([path, found]): readonly [string, Found] => {
    if (found === 'removed') return [path, found]
    return [path, Object.fromEntries(Object.entries(found).filter(([aspect]) => !aspects.includes(aspect)))]
  })
  return { ...snapshot, tree: Object.fromEntries(tree) }
}

function configurationOf(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const labels = Object.entries((config['Labels'] ?? {}) as Record<string, string>).filter(([key]) => key !== OWN_LABEL)
  // Without one, programs start in the root.
  const workingDirectory = config['WorkingDir'] === '/' ? {} : { WorkingDir: config['WorkingDir'] }
  const all = {
    ...config,
    WorkingDir: undefined,
    ...workingDirectory,
    Labels: Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  const kept = CONFIGURATION.map(key => [key, (all as Readonly<Record<string, unknown>>)[key]] as const)
  return Object.fromEntries(kept.filter(([, value]) => !isEmpty(value)).map(([key, value]) => [key, sorted(value)]))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Objects by key: both builders write maps, in an order of their own. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** For each path that shares its file with others the first of them. */
function linkGroups(tree: Tree): ReadonlyMap<string, string> {
  const groups = new Map<Node, string[]>()
  for (const [path, node] of tree) {
    if (node.type !== 'directory') groups.set(node, [...(groups.get(node) ?? []), path])
  }
  return new Map(
    [...groups.values()]
      .filter(paths => paths.length > 1)
      .flatMap(paths => {
        const [first = '', ...others] = paths.sort()
        return others.map(path => [path, first] as const)
      })
  )
}

function describe(node: Node, sameAs: string | undefined, fixedBefore: number): Exclude<Found, 'removed'> {
  const { type, mode, uid, gid, mtime, size, sha256, target, device, xattrs } = node
  const hasTime = type !== 'directory' && mtime > 0 && mtime < fixedBefore
  return {
    type,
    ...(type === 'symlink' ? {} : { mode: mode.toString(8).padStart(4, '0') }),
    owner: `${uid}:${gid}`,
    ...(type === 'file' ? { size, sha256 } : {}),
    ...(type === 'symlink' ? { target } : {}),
    ...(device === '' ? {} : { device }),
    ...(Object.keys(xattrs).length === 0 ? {} : { xattrs }),
    ...(sameAs === undefined ? {} : { sameAs: `/${sameAs}` }),
    ...(hasTime ? { mtime: new Date(Math.floor(mtime) * 1000).toISOString().replace('.000', '') } : {})
  }
}

/** That somebody wrote the same again, now, is no change. */
function isUnchanged(found: Exclude<Found, 'removed'>, before: Exclude<Found, 'removed'>): boolean {
  const { mtime, ...rest } = before
  return isDeepStrictEqual(found, before) || (mtime !== undefined && isDeepStrictEqual(found, rest))
}

function isIgnored(path: string, { type, size }: Node): boolean {
  if (PASSING.some(top => path === top || path.startsWith(`${top}/`))) return true
  return MOUNTED.includes(path) && (type === 'directory' || size === 0)
}
