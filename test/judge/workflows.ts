import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The corpus: workflows, what they check out, and actions of other repositories. */
export const CORPUS = join(import.meta.dirname, '..', 'workflows')
export const REPOSITORY = join(CORPUS, 'repository')
export const ACTIONS = join(CORPUS, 'actions')

/** The accepted differences, which lie beside the workflows. */
export const DIFFERENCES = 'differences.yml'

/** A workflow that runs both ways. */
export interface Workflow {
  readonly name: string
  /** With `${IMAGE:name}` where an image of the corpus is meant. */
  readonly text: string
  /** Rows of the table of features that it is about. */
  readonly rows: readonly number[]
}

/**
 * The workflows of the corpus, by name.
 *
 * @throws Error when one does not say which rows of the table it is about
 */
export function readWorkflows(): Workflow[] {
  return readdirSync(CORPUS)
    .filter(file => file.endsWith('.yml') && file !== DIFFERENCES)
    .sort()
    .map(file => {
      const text = readFileSync(join(CORPUS, file), 'utf8')
      const rows = /^# row: (.+)$/m.exec(text)?.[1]
      if (rows === undefined) throw new Error(`${file} has no line "# row: …".`)
      return { name: basename(file, '.yml'), text, rows: rows.split(',').map(Number) }
    })
}

/** The text with references in place of images' names. */
export function withImages(text: string, images: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{IMAGE:([^}]*)\}/g, (_, name: string) => {
    const reference = images[name]
    if (reference === undefined) throw new Error(`The corpus has no image "${name}".`)
    return reference
  })
}

/** Every tenth by name, for `npm test`: the same as long as no workflow comes or goes. */
export function aTenth(workflows: readonly Workflow[]): Workflow[] {
  return workflows.filter((_, index) => index % 10 === 0)
}
