import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { dump } from 'js-yaml'
import { format, resolveConfig } from 'prettier'

import { INPUTS, OUTPUTS, type Input } from '../packages/action/src/input-table.js'

const ROOT = join(import.meta.dirname, '..')

/** Where the page of the action lies. */
export const ACTION_PAGE = join(ROOT, 'docs', 'action.md')

interface Manifest {
  /** From the root. */
  readonly file: string
  readonly runs: Readonly<Record<string, string>>
}

/** The action for runners with node24, for older ones, and as a container action. All run one bundle. */
export const MANIFESTS: readonly Manifest[] = [
  { file: 'action.yml', runs: { using: 'node24', main: 'dist/action/main.cjs', post: 'dist/action/main.cjs' } },
  {
    file: 'node20/action.yml',
    runs: { using: 'node20', main: '../dist/action/main.cjs', post: '../dist/action/main.cjs' }
  },
  { file: 'in-pod/action.yml', runs: { using: 'docker', image: '../dist/action/Dockerfile' } }
]

/** The text of a manifest, from the tables of the action. */
export async function manifestText({ file, runs }: Manifest): Promise<string> {
  const inputs = (INPUTS as readonly Input[]).map(input => {
    const { name, default: value } = input
    return [
      name,
      { description: sentenceOf(input), required: false, ...(value === undefined ? {} : { default: value }) }
    ]
  })
  const text = dump(
    {
      name: 'Kaniko build',
      description: 'Build and push a container image without Docker and without privilege',
      author: 'Kaniko Hooks',
      branding: { icon: 'package', color: 'blue' },
      inputs: Object.fromEntries(inputs) as Record<string, unknown>,
      outputs: Object.fromEntries(OUTPUTS.map(({ name, description }) => [name, { description }])),
      runs
    },
    { lineWidth: -1 }
  )
  const path = join(ROOT, file)
  return format(`# Made by: npx tsx scripts/action-manifest.ts\n${text}`, {
    ...(await resolveConfig(path)),
    parser: 'yaml'
  })
}

/** What an input says of itself in a manifest: what does not work is said there too. */
function sentenceOf({ description, refused, ignored }: Input): string {
  if (refused !== undefined) return `${description} Not possible here: ${refused.instead}.`
  if (ignored !== undefined) return `${description} Changes nothing: ${ignored.because}.`
  return description
}

const PARTS = {
  inputs: () => [
    '| input | default | meaning |',
    '| --- | --- | --- |',
    ...(INPUTS as readonly Input[])
      .filter(({ refused, ignored }) => refused === undefined && ignored === undefined)
      .map(
        ({ name, default: value, description }) =>
          `| \`${name}\` | ${value === undefined ? '' : `\`${value}\``} | ${cell(description)} |`
      )
  ],
  refused: () => [
    '| input | what to do instead |',
    '| --- | --- |',
    ...(INPUTS as readonly Input[]).flatMap(({ name, refused }) =>
      refused === undefined ? [] : [`| \`${name}\` | ${cell(refused.instead)} |`]
    )
  ],
  ignored: () => [
    '| input | why |',
    '| --- | --- |',
    ...(INPUTS as readonly Input[]).flatMap(({ name, ignored }) =>
      ignored === undefined ? [] : [`| \`${name}\` | ${cell(ignored.because)} |`]
    )
  ],
  outputs: () => [
    '| output | meaning |',
    '| --- | --- |',
    ...OUTPUTS.map(({ name, description }) => `| \`${name}\` | ${cell(description)} |`)
  ]
}

/** The page with its tables made anew: each stands between `<!-- name -->` and `<!-- /name -->`. */
export async function actionPage(page: string): Promise<string> {
  let text = page
  for (const [name, table] of Object.entries(PARTS)) {
    const place = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`)
    if (!place.test(text)) throw new Error(`docs/action.md has no place for the table "${name}"`)
    text = text.replace(place, (_, open: string, close: string) => `${open}\n\n${table().join('\n')}\n\n${close}`)
  }
  return format(text, { ...(await resolveConfig(ACTION_PAGE)), parser: 'markdown' })
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (process.argv[1] === import.meta.filename) {
  for (const manifest of MANIFESTS) {
    mkdirSync(dirname(join(ROOT, manifest.file)), { recursive: true })
    writeFileSync(join(ROOT, manifest.file), await manifestText(manifest))
  }
  writeFileSync(ACTION_PAGE, await actionPage(readFileSync(ACTION_PAGE, 'utf8')))
}
