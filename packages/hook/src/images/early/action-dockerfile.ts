import { closeSync, fstatSync, readSync } from 'node:fs'
import { posix } from 'node:path'

import type { Directory } from '../../files/directory.js'

const MANIFESTS = ['action.yml', 'action.yaml']

/** A manifest is a page or two; the runner has no limit. */
const MANIFEST_BYTES = 256 * 1024

/** What a directory is to the runner, as far as it can be told without following a link. */
export type FoundAction =
  /** `dockerfile`: the path from the directory. */
  | { readonly kind: 'dockerfile'; readonly path: string }
  /** An action that has no image of its own, or one that cannot be read; its step tells what is wrong with it. */
  | { readonly kind: 'other' }
  | { readonly kind: 'none' }

/**
 * Finds out whether an action runs in an image that is built, by the runner's own rules: `action.yml` before `action.yaml`,
 * and without both a `Dockerfile` where the repository begins.
 *
 * @param isRoot whether the repository begins here
 * @see https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionManager.cs
 */
export async function findAction(directory: Directory, isRoot: boolean): Promise<FoundAction> {
  const manifest = MANIFESTS.find(name => directory.look(name) !== undefined)
  if (manifest !== undefined) return readManifest(textOf(directory, manifest))
  const dockerfile = ['Dockerfile', 'dockerfile'].find(name => directory.look(name)?.isFile())
  return isRoot && dockerfile !== undefined ? { kind: 'dockerfile', path: dockerfile } : { kind: 'none' }
}

async function readManifest(text: string | undefined): Promise<FoundAction> {
  // Most actions are written in JavaScript: their manifests need no parser.
  if (text === undefined || !/docker/i.test(text)) return { kind: 'other' }
  try {
    const { load } = await import('js-yaml')
    const { using, image } = fieldsOf(fieldsOf(load(text))['runs'])
    const path = typeof using === 'string' && using.toLowerCase() === 'docker' ? pathOf(image) : undefined
    return path === undefined ? { kind: 'other' } : { kind: 'dockerfile', path }
  } catch {
    return { kind: 'other' }
  }
}

/** Where the Dockerfile is that `image` names, if it names one in the action's own directory or below. */
function pathOf(image: unknown): string | undefined {
  if (typeof image !== 'string' || /^docker:\/\//i.test(image)) return undefined
  const name = image.split('/').at(-1) ?? ''
  if (!/^Dockerfile\.|Dockerfile$/i.test(name) || image.includes('\0')) return undefined
  const path = posix.normalize(image)
  return path.startsWith('/') || path.startsWith('..') ? undefined : path
}

function textOf(directory: Directory, name: string): string | undefined {
  let file: number
  try {
    file = directory.openFor(name)
  } catch {
    return undefined
  }
  try {
    const { size } = fstatSync(file)
    if (!fstatSync(file).isFile() || size > MANIFEST_BYTES) return undefined
    const bytes = Buffer.alloc(size)
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, size, 0))
  } finally {
    closeSync(file)
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
