import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { toJsonSchema } from '@valibot/to-json-schema'

import { settingsFile } from '../packages/hook/src/settings/schema.js'

/** Where the published schema lies. Editors and Helm pipelines take it from there. */
export const SCHEMA_FILE = join(import.meta.dirname, '..', 'docs', 'settings.schema.json')

/** The JSON schema of the settings file, of the same source as the parser. */
export function settingsSchema(): string {
  const schema = {
    title: 'Kaniko Hooks settings',
    ...toJsonSchema(settingsFile, { target: 'draft-07', typeMode: 'input' })
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(SCHEMA_FILE, '..'), { recursive: true })
  writeFileSync(SCHEMA_FILE, settingsSchema())
}
