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
/** Docker's words for a switch (Go's strconv.ParseBool). */
const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

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
    const known = Object.entries(KNOWN).find(([name]) => name === type)?.[1]
    if (type === NOWHERE) continue
    const unknown = [...attributes]
      .filter(([key, value]) => known?.includes(key) === false && !HARMLESS.has(key) && !FALSE.has(value))
      .map(([key]) => key)
    const dest = attributes.get('dest') ?? ''
    if (known === undefined) {
      problem(`\`outputs\` of type=${type} would be the files of the image, which are not exported here: ${ARCHIVES}`)
    } else if (unknown.length > 0) {
      const instead = unknown.map(insteadOf)
      problem(`\`outputs\` of type=${type} with ${unknown.join(', ')} is not possible here: ${instead.join('; ')}`)
    } else if (type === 'docker' || type === 'oci') {
      if (attributes.get('tar') === 'false') problem(`\`outputs\` makes no directories: ${ARCHIVES}`)
      else if (dest === '')
        problem(`\`outputs\` of type=${type} has no dest=, and there is no Docker daemon to load into: ${ARCHIVES}`)
      else files.push({ kind: type, path: resolve(workspace, dest) })
    } else {
      const isPush = attributes.get('push') ?? String(type === 'registry')
      if (!TRUE.has(isPush) && !FALSE.has(isPush)) problem('`outputs`: push is true or false')
      push ||= TRUE.has(isPush)
      const name = attributes.get('name') ?? ''
      if (name !== '') names.push(name)
    }
  }
  return { push, names, files }
}

function insteadOf(key: string): string {
  const [, known] = Object.entries(INSTEAD).find(([name]) => name === key) ?? []
  return known ?? (/^annotation(?:-|\.|\[)/.test(key) ? 'write `annotations`' : `leave ${key} out`)
}
