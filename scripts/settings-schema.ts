import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { toJsonSchema } from '@valibot/to-json-schema'

import { settingsFile } from '../packages/hook/src/settings/schema.js'

const DOCS = join(import.meta.dirname, '..', 'docs')

/** Where the published schema lies. Editors and Helm pipelines take it from there. */
export const SCHEMA_FILE = join(DOCS, 'settings.schema.json')

interface Schema {
  description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

/**
 * The JSON schema of the settings file: its shape is the parser's, its words are those of docs/settings.md. The hook
 * itself has no use for them, and each byte of its bundle is read before each step.
 */
export function settingsSchema(): string {
  const shape = toJsonSchema(settingsFile, { target: 'draft-07', typeMode: 'input' })
  describeKeys(shape as Schema, meanings(readFileSync(join(DOCS, 'settings.md'), 'utf8')))
  return `${JSON.stringify({ title: 'Kaniko Hooks settings', ...shape }, null, 2)}\n`
}

/** What each key means, by its row in the documentation: `| key | default | meaning |`. */
function meanings(markdown: string): ReadonlyMap<string, string> {
  const rows = markdown.matchAll(/^\| `([^`]+)` +\|[^|]*\|(.*)\|$/gm)
  return new Map([...rows].map(([, key = '', meaning = '']) => [key, plain(meaning)]))
}

/** Links and code as text. */
function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .trim()
}

function describeKeys(schema: Schema, words: ReadonlyMap<string, string>, prefix = ''): void {
  for (const [name, value] of Object.entries(schema.properties ?? {})) {
    const path = `${prefix}${name}`
    const meaning = words.get(path)
    if (meaning !== undefined) value.description = meaning
    describeKeys(value, words, `${path}.`)
    if (value.items !== undefined) describeKeys(value.items, words, `${path}[].`)
  }
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(DOCS, { recursive: true })
  writeFileSync(SCHEMA_FILE, settingsSchema())
}
