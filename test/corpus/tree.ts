import { createHash } from 'node:crypto'
import { posix } from 'node:path'

import { plainPath, type TarEntry } from './tar.js'

/** What lies at a path. Names of one file (hard links) have one object. */
export interface Node {
  readonly type: Exclude<TarEntry['type'], 'link'>
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  readonly size: number
  /** Of a file's content, in hex. */
  readonly sha256: string
  /** Of a link. */
  readonly target: string
  readonly device: string
  readonly xattrs: Readonly<Record<string, string>>
}

/** Paths without a slash at their ends; the root is ''. */
export type Tree = ReadonlyMap<string, Node>

/** A layer, as far as a tree needs it: contents are hashed. */
export type Layer = readonly LayerEntry[]

type LayerEntry = { readonly path: string; readonly node: Node } | { readonly path: string; readonly linkpath: string }

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'

/** Makes of an archive's entries what is kept of a layer. */
export function readLayer(entries: readonly TarEntry[]): Layer {
  return entries.map(({ path, content, linkpath, type, ...rest }) => {
    if (type === 'link') return { path, linkpath: plainPath(linkpath) }
    const isFile = type === 'file'
    return {
      path,
      node: {
        type,
        mode: rest.mode,
        uid: rest.uid,
        gid: rest.gid,
        mtime: rest.mtime,
        size: isFile ? content.length : 0,
        sha256: isFile ? createHash('sha256').update(content).digest('hex') : '',
        target: type === 'symlink' ? linkpath : '',
        device: rest.device,
        xattrs: rest.xattrs
      }
    }
  })
}

/** A directory that a layer only implies. */
const IMPLIED: Node = {
  type: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  sha256: '',
  target: '',
  device: '',
  xattrs: {}
}

/**
 * Lays layers over each other, the lowest first, as a container runtime does (OCI image specification, "Image layer filesystem
 * changeset"): whiteouts remove what lower layers have, a directory keeps what is in it, links on the way to an entry are
 * followed within the tree.
 */
export function flatten(layers: readonly Layer[]): Tree {
  const tree = new Map<string, Node>()
  for (const layer of layers) applyLayer(tree, layer)
  return tree
}

function applyLayer(tree: Map<string, Node>, layer: Layer): void {
  const own = new Set<string>()
  for (const entry of layer) {
    const parent = resolveDirectory(tree, parentOf(entry.path))
    const name = posix.basename(entry.path)
    const at = parent === '' ? name : `${parent}/${name}`
    if (name === OPAQUE) {
      for (const path of below(tree, parent)) if (!own.has(path)) tree.delete(path)
      continue
    }
    if (name.startsWith(WHITEOUT)) {
      const gone = posix.join(parent, name.slice(WHITEOUT.length))
      remove(tree, gone)
      continue
    }
    for (let path = parent; path !== '' && !tree.has(path); path = parentOf(path)) tree.set(path, IMPLIED)
    const node = 'node' in entry ? entry.node : tree.get(entry.linkpath)
    if (node === undefined) throw new Error(`${entry.path} is a link to a file that no layer has`)
    if (node.type !== 'directory') remove(tree, at)
    tree.set(at, node)
    own.add(at)
  }
}

/** Where a directory's path leads in the tree. What is not there yet stays as it is written. */
function resolveDirectory(tree: Tree, path: string, depth = 0): string {
  let resolved = ''
  for (const part of path.split('/').filter(Boolean)) {
    if (part === '..') {
      resolved = parentOf(resolved)
      continue
    }
    const at = resolved === '' ? part : `${resolved}/${part}`
    const node = tree.get(at)
    if (node?.type !== 'symlink' || depth > 40) resolved = at
    else if (node.target.startsWith('/')) resolved = resolveDirectory(tree, plainPath(node.target), depth + 1)
    else resolved = resolveDirectory(tree, plainPath(`${resolved}/${node.target}`), depth + 1)
  }
  return resolved
}

function remove(tree: Map<string, Node>, path: string): void {
  const isDirectory = tree.get(path)?.type === 'directory'
  tree.delete(path)
  if (isDirectory) for (const inner of below(tree, path)) tree.delete(inner)
}

function below(tree: Tree, directory: string): string[] {
  return [...tree.keys()].filter(path => path !== directory && (directory === '' || path.startsWith(`${directory}/`)))
}

/** Of a path without a slash at its ends. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}
