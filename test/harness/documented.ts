import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { loadAll } from 'js-yaml'

import type { KubernetesObject } from './cluster/api.js'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')

/**
 * The objects of a YAML block of a page, so that a test applies what people apply.
 *
 * @param page in docs
 * @param title the comment on the block's first line
 * @param names what a reader replaces, by what stands there
 */
export function documentedObjects(
  page: string,
  title: string,
  names: Readonly<Record<string, string>>
): readonly KubernetesObject[] {
  const text = readFileSync(join(DOCS, page), 'utf8')
  const [, block] = text.split(`\`\`\`yaml\n# ${title}\n`)
  if (block === undefined) throw new Error(`docs/${page} has no block "# ${title}"`)
  const [yaml = ''] = block.split('```')
  const own = Object.entries(names).reduce(
    (rest, [shown, name]) => rest.replace(new RegExp(`(?<=[ [])${shown}(?=[ ,\\]])`, 'g'), name),
    yaml
  )
  return loadAll(own) as KubernetesObject[]
}
