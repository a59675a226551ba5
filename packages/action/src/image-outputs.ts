import { resolve } from 'node:path'

import type { ImageFile } from '@kaniko-hooks/client'
import { readAttributes } from './attributes.js'

/** What `outputs` asks for, beside `push` and `tags`. */
export interface ImageOutputs {
  readonly push: boolean
  /** Further names of the image, from `name=`. */
  readonly names: readonly string[]
  readonly files: readonly ImageFile[]
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  registry: ['type', 'name'],
  image: ['type', 'name', 'push'],
  docker: ['type', 'dest'],
  oci: ['type', 'dest', 'tar']
}

/** What to do in place of an attribute. */
const INSTEAD: Readonly<Record<string, string>> = {
  'push-by-digest': 'give the image a tag; the output `digest` has its digest',
  'registry.insecure': 'name the registry in `insecure-registries`'
}

/** BuildKit's words for what is so anyway. */
const HARMLESS = new Set(['name-canonical', 'store', 'unpack', 'force-compression'])

/** A build that is kept nowhere. */
const NOWHERE = 'cacheonly'

const ARCHIVES = 'write type=docker,dest=PATH or type=oci,dest=PATH for an archive of the image'

/**
 * Reads `outputs` in the grammar of `docker buildx build --output`.
 *
 * @param workspace what relative paths are relative to
 */
export function readOutputs(
  elements: readonly string[],
  workspace: string,
  problem: (sentence: string) => void
): ImageOutputs {
  const names: string[] = []
  const files: ImageFile[] = []
  let push = false
  for (const element of elements) {
    const attributes = readAttributes(element, 'dest')
    const type = attributes.get('type') ?? 'local'
    const known = KNOWN[type]
    if (type === NOWHERE) continue
    const unknown = [...attributes]
      .filter(([key, value]) => known?.includes(key) === false && !HARMLESS.has(key) && value !== 'false')
      .map(([key]) => key)
    const dest = attributes.get('dest') ?? ''
    if (known === undefined) {
      problem(`\`outputs\` of type=${type} would be the files of the image, which are not exported here: ${ARCHIVES}`)
    } else if (unknown.length > 0) {
      const instead = unknown.map(key => INSTEAD[key] ?? otherwise(key))
      problem(`\`outputs\` of type=${type} with ${unknown.join(', ')} is not possible here: ${instead.join('; ')}`)
    } else if (type === 'docker' || type === 'oci') {
      if (attributes.get('tar') === 'false') problem(`\`outputs\` makes no directories: ${ARCHIVES}`)
      else if (dest === '')
        problem(`\`outputs\` of type=${type} has no dest=, and there is no Docker daemon to load into: ${ARCHIVES}`)
      else files.push({ kind: type, path: resolve(workspace, dest) })
    } else {
      push ||= type === 'registry' || attributes.get('push') === 'true'
      const name = attributes.get('name') ?? ''
      if (name !== '') names.push(name)
    }
  }
  return { push, names, files }
}

function otherwise(key: string): string {
  return /^annotation(?:-|\.|\[)/.test(key) ? 'write `annotations`' : `leave ${key} out`
}
