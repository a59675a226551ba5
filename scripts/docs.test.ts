import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

import { afterAll, describe, expect, test } from '@jest/globals'
import { load } from 'js-yaml'

import { readEnvironment, VARIABLE } from '../packages/hook/src/settings/environment.js'
import { readOptions } from '../packages/hook/src/options/options.js'
import { buildTemplate } from '../packages/hook/src/pods/build-template.js'
import { readTemplate } from '../packages/hook/src/pods/template.js'
import { checkTemplate } from '../packages/hook/src/pods/template-check.js'
import { BUILD_ENTRIES, SHAPES } from '../packages/hook/src/pods/template-shape.js'
import { readSettings, type Settings } from '../packages/hook/src/settings/settings.js'
import { SCHEMA_FILE, settingsSchema } from './settings-schema.js'

const ROOT = join(import.meta.dirname, '..')
const [BUILD_ENTRY] = BUILD_ENTRIES

const directory = mkdtempSync(join(tmpdir(), 'docs-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Paths from the root of the files below a directory that have an ending. */
async function filesIn(below: string, ending: string): Promise<string[]> {
  const files = await readdir(join(ROOT, below), { recursive: true })
  return files.filter(file => file.endsWith(ending) && !file.includes('node_modules')).map(file => join(below, file))
}

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  ...(await Promise.all(['docs', 'examples', 'packages', 'test'].map(below => filesIn(below, '.md')))).flat()
]
const textOf = async (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8')

async function settingsOf(text: string): Promise<Settings> {
  const path = join(directory, 'settings.yaml')
  writeFileSync(path, text)
  return readSettings(readEnvironment({ [VARIABLE.runnerPod]: 'runner', [VARIABLE.settingsPath]: path }))
}

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly default?: unknown
}

interface Key {
  readonly path: string
  readonly required: boolean
  readonly initial: unknown
}

/** The keys that a person can set, `destinations[].nodePort.host`; those of maps are the person's own. */
function keysOf(schema: Schema, prefix = ''): Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const path = `${prefix}${name}`
    if (value.properties !== undefined) return keysOf(value, `${path}.`)
    if (value.items?.properties !== undefined) return keysOf(value.items, `${path}[].`)
    return [{ path, required: schema.required?.includes(name) ?? false, initial: value.default }]
  })
}

describe('docs/settings.md', () => {
  const keys = keysOf(JSON.parse(settingsSchema()) as Schema)

  test('the schema has keys', () => expect(keys.length).toBeGreaterThan(30))

  test.each(keys)('says what $path is by default, and means', async ({ path, required, initial }) => {
    const row = (await textOf('docs/settings.md')).split('\n').find(line => line.startsWith(`| \`${path}\` `))
    const [, , said = '', meaning = ''] = (row ?? '').split('|').map(cell => cell.trim())
    expect(meaning).not.toBe('')
    if (required) expect(said).toBe('required')
    else if (initial !== undefined) {
      expect(said).toBe(`\`${typeof initial === 'string' ? initial : JSON.stringify(initial)}\``)
    }
  })

  test('has no row of a key that is gone', async () => {
    const known = new Set(keys.map(({ path }) => path))
    const tops = Object.keys((JSON.parse(settingsSchema()) as Schema).properties ?? {})
    const rows = [...(await textOf('docs/settings.md')).matchAll(/^\| `([^`]+)` /gm)].map(([, path = '']) => path)
    const ours = rows.filter(path => tops.includes(path.split(/[.[]/, 1)[0] ?? ''))
    expect(ours.filter(path => !known.has(path))).toEqual([])
  })

  test('has every variable that a person may set', async () => {
    const text = await textOf('docs/settings.md')
    const source = await textOf('packages/hook/src/settings/environment.ts')
    const names = [...source.matchAll(/'((?:ACTIONS_RUNNER|KANIKO_HOOKS)_\w+)'/g)].map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(12)
    const missing = names.filter(name => name !== 'KANIKO_HOOKS_SERVICE_ACCOUNT_DIR' && !text.includes(name))
    expect(missing).toEqual([])
  })

  test(`has every key of the hook template's ${BUILD_ENTRY}`, async () => {
    const known = SHAPES.build.split(' ').flatMap(pair => (pair === 'name:s' ? [] : [pair.split(':')[0] ?? '']))
    expect(known).toContain('tolerations')
    const text = await textOf('docs/settings.md')
    expect(known.filter(key => !text.includes(`| \`${key}\` `))).toEqual([])
  })
})

interface Block {
  readonly page: string
  readonly text: string
}

/** The YAML blocks of all pages. */
async function yamlBlocks(): Promise<Block[]> {
  const found = await Promise.all(
    PAGES.map(async page =>
      [...(await textOf(page)).matchAll(/^ *```yaml\n([\s\S]*?)^ *```$/gm)].map(([, text = '']) => ({ page, text }))
    )
  )
  return found.flat()
}

/** The YAML blocks of all pages that begin with this comment. */
async function blocks(mark: string): Promise<Block[]> {
  return (await yamlBlocks()).filter(({ text }) => text.trimStart().startsWith(`# ${mark}\n`))
}

describe('what the pages show', () => {
  test('settings are settings', async () => {
    const shown = await blocks('kaniko-hooks settings')
    expect(new Set(shown.map(({ page }) => page)).size).toBeGreaterThanOrEqual(4)
    for (const { text } of shown) {
      const settings = await settingsOf(text)
      // Some show one part of a file, which says nothing of destinations.
      if (text.includes('destinations:')) expect(settings.destinations().length).toBeGreaterThan(0)
    }
  })

  test('hook templates are hook templates', async () => {
    const shown = await blocks('kaniko-hooks hook template')
    expect(shown.length).toBeGreaterThan(0)
    for (const { text } of shown) expect(checkTemplate(load(text))).toEqual({ problems: [], doubts: [] })
  })

  test.each(PAGES)('%s links to what is there', async page => {
    const links = [...(await textOf(page)).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => link)
    expect(links.filter(link => !existsSync(join(ROOT, dirname(page), link)))).toEqual([])
  })

  test.each(PAGES)('%s links to headings that are there', async page => {
    const links = [...(await textOf(page)).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
    for (const [, link = '', anchor = ''] of links) {
      const target = link === '' ? page : relative(ROOT, join(ROOT, dirname(page), link))
      const headings = [...(await textOf(target)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))
      expect(headings).toContain(anchor)
    }
  })
})

/** A heading's name in links, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

/** What one `--from-file` of a command makes: the key of the ConfigMap. */
function keysOfConfigMap(command: string): string[] {
  return [...command.matchAll(/--from-file=(\S+)/g)].map(([, file = '']) => file.split('=')[0]?.split('/').at(-1) ?? '')
}

/** Words of the runner, of Docker and of Kubernetes, which the page of symptoms quotes besides ours. */
const OTHERS = [
  'Building container actions is not currently supported',
  'Jobs without a job container are forbidden on this runner',
  'cannot be pulled (ErrImagePull)',
  'cannot be created. secret "',
  "EACCES: permission denied, mkdir '/home/runner/_work/_temp'",
  'server gave HTTP response to HTTPS client'
]

test('docs/troubleshooting.md quotes what the hook says, or what others say', async () => {
  const sources = (await filesIn('packages', '.ts')).filter(file => !file.endsWith('.test.ts'))
  const code = (await Promise.all(sources.map(textOf)))
    .join('\n')
    .replace(/['`]\s*\+\s*['`]/g, '')
    .replaceAll("\\'", "'")
  const rows = (await textOf('docs/troubleshooting.md')).split('\n').filter(line => line.startsWith('| '))
  const quotes = rows.flatMap(row =>
    [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, quote = '']) => quote)
  )
  // A page shows a number or a name where the code has a place for one: three words in a row have to be there.
  const runs = (quote: string): string[] =>
    quote.split('…').flatMap(piece => {
      const words = piece.trim().split(' ')
      return words.slice(2).map((_, index) => words.slice(index, index + 3).join(' '))
    })
  const sentences = quotes.filter(quote => runs(quote).length > 0 && !quote.startsWith('kubectl '))
  expect(sentences.length).toBeGreaterThan(40)
  expect(sentences.filter(quote => !OTHERS.includes(quote) && !runs(quote).some(run => code.includes(run)))).toEqual([])
})

describe('the jobs that pages show', () => {
  interface Shown {
    readonly container?: string | { readonly image: string; readonly options?: string }
    readonly services?: Readonly<Record<string, { readonly image: string; readonly options?: string }>>
    readonly steps?: readonly object[]
  }
  const jobs = async (): Promise<(Shown & { readonly page: string })[]> => {
    const shown = await yamlBlocks()
    return shown.flatMap(({ page, text }) =>
      /^jobs:$/m.test(text)
        ? Object.values((load(text) as { readonly jobs: Readonly<Record<string, Shown>> }).jobs).map(job => ({
            ...job,
            page
          }))
        : []
    )
  }

  test('have options that are taken without a word on runners without settings', async () => {
    const found = await jobs()
    const containers = found.flatMap(({ page, container, services }) =>
      [container, ...Object.values(services ?? {})].flatMap(one => (typeof one === 'object' ? [{ page, ...one }] : []))
    )
    expect(new Set(containers.map(({ page }) => page)).size).toBeGreaterThanOrEqual(2)
    for (const { page, image, options = '' } of containers) {
      const policy = { allow: [], maximum: {}, gpuResource: 'nvidia.com/gpu', arch: 'amd64' }
      expect({ page, image, ignored: readOptions(options, page, policy).ignored }).toEqual({ page, image, ignored: [] })
    }
  })

  test('have a container, which the chart demands', async () => {
    for (const { page, container } of await jobs())
      expect({ page, container }).toEqual({ page, container: expect.anything() })
  })
})

describe('the installation', () => {
  /** All files and blocks that are values of the chart: what a reader installs as it stands. */
  const values = async (): Promise<Block[]> => {
    const files = await filesIn('examples/values', '.yaml')
    const shown = await yamlBlocks()
    const whole = await Promise.all(files.map(async page => ({ page, text: await textOf(page) })))
    return [...shown, ...whole].filter(({ text }) => /^ *type: kubernetes/m.test(text))
  }
  interface Values {
    readonly githubConfigUrl?: string
    readonly containerMode: { readonly type: string; readonly kubernetesModeWorkVolumeClaim?: object }
    readonly template: {
      readonly spec: {
        readonly securityContext?: { readonly fsGroup?: number }
        readonly containers: readonly {
          readonly name: string
          readonly env: readonly { readonly name: string; readonly value: string }[]
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
        }[]
        readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: string } }[]
      }
    }
  }

  test('values with a work volume have a claim and a group that may write to it', async () => {
    const all = await values()
    expect(all.map(({ page }) => page)).toEqual(
      expect.arrayContaining(['README.md', 'examples/values/kubernetes.yaml'])
    )
    for (const { page, text } of all) {
      const { containerMode, template, githubConfigUrl } = load(text) as Values
      expect({ page, githubConfigUrl }).toEqual({ page, githubConfigUrl: expect.stringMatching(/^https:/) })
      if (containerMode.type !== 'kubernetes') continue
      const claim = { page, claim: containerMode.kubernetesModeWorkVolumeClaim }
      expect(claim).toEqual({ page, claim: expect.objectContaining({ resources: expect.anything() }) })
      expect({ page, fsGroup: template.spec.securityContext?.fsGroup }).toEqual({ page, fsGroup: 1001 })
    }
  })

  test('the files that values name are keys of the ConfigMap that the pages make', async () => {
    const files = [...PAGES, ...(await filesIn('examples/values', '.yaml'))]
    const texts = await Promise.all(files.map(textOf))
    const commands = texts.flatMap(text => [...text.matchAll(/create configmap kaniko-hooks (?:[^\n]*\\\n)*[^\n]*/g)])
    expect(commands.length).toBeGreaterThanOrEqual(3)
    const keys = commands.map(([command]) => keysOfConfigMap(command).sort().join(' '))
    expect([...new Set(keys)]).toEqual(['hook-template.yaml index.js settings.yaml'])
    for (const { page, text } of await values()) {
      const { spec } = (load(text) as Values).template
      const runner = spec.containers.find(({ name }) => name === 'runner')
      const mount = runner?.volumeMounts.find(({ name }) => name === 'kaniko-hooks')
      expect({ page, map: spec.volumes.find(({ name }) => name === 'kaniko-hooks')?.configMap.name }).toEqual({
        page,
        map: 'kaniko-hooks'
      })
      const named = (runner?.env ?? []).flatMap(({ value }) => (value.startsWith('/opt/') ? [value] : []))
      expect(named.length).toBeGreaterThanOrEqual(2)
      for (const path of named)
        expect(['index.js', 'hook-template.yaml', 'settings.yaml']).toContain(relative(mount?.mountPath ?? '', path))
    }
  })

  test('workflows ask for the release that the pages install', async () => {
    const workflows = await filesIn('examples/repository', '.yml')
    const texts = await Promise.all([...PAGES, ...workflows].map(textOf))
    const asked = texts.flatMap(text => [...text.matchAll(/runs-on: ([^\s`]+)/g)].map(([, name]) => name))
    expect(asked.length).toBeGreaterThanOrEqual(3)
    expect([...new Set(asked)]).toEqual(['kaniko'])
    const installed = texts.flatMap(text => [...text.matchAll(/helm install (\S+) oci:/g)].map(([, name]) => name))
    expect([...new Set(installed)]).toEqual(['kaniko'])
  })
})

describe('the examples', () => {
  test('settings files are settings, and know their schema', async () => {
    const files = await filesIn('examples/settings', '.yaml')
    expect(files.length).toBeGreaterThanOrEqual(3)
    for (const file of files) {
      const text = await textOf(file)
      expect((await settingsOf(text)).destinations()).toHaveLength(1)
      const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
      expect(join(ROOT, dirname(file), schema)).toBe(SCHEMA_FILE)
    }
  })

  test('the hook template is one', async () => {
    const template = await readTemplate(join(ROOT, 'examples', 'hook-template.yaml'))
    expect(buildTemplate(template)).toMatchObject({ resources: { limits: { memory: '2Gi' } } })
  })
})

describe('what comments and pages refer to is in this repository', () => {
  const SOURCES = ['packages', 'test', 'scripts', 'docs', 'examples']
  const referring = async (): Promise<{ readonly file: string; readonly text: string }[]> => {
    const found = await Promise.all(SOURCES.flatMap(below => ['.ts', '.md'].map(ending => filesIn(below, ending))))
    const files = [...found.flat(), 'README.md', 'CONTRIBUTING.md', 'eslint.config.js']
    return Promise.all(files.map(async file => ({ file, text: await textOf(file) })))
  }

  test('every decision that is named is a record', async () => {
    const records = new Set((await readdir(join(ROOT, 'docs', 'adrs'))).map(name => name.slice(0, 4)))
    const named = (await referring()).flatMap(({ file, text }) =>
      [...text.matchAll(/\bADR (\d{4})\b/g)].map(([, record = '']) => ({ file, record }))
    )
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter(({ record }) => !records.has(record))).toEqual([])
  })

  test('every page that is named by its path is there', async () => {
    const named = (await referring()).flatMap(({ file, text }) =>
      [...text.matchAll(/(?<![\w/.-])(?:docs|examples)\/[\w./-]+\.(?:md|ya?ml)\b/g)].map(([path]) => ({ file, path }))
    )
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('nothing refers to papers that readers do not have', async () => {
    const elsewhere = new RegExp(['\\bDESIGN\\b', 'reference/[a-z-]+\\.md', '(?<!RFC \\d{4} )§'].join('|'))
    const found = (await referring()).filter(
      ({ file, text }) => file !== 'scripts/docs.test.ts' && elsewhere.test(text)
    )
    expect(found.map(({ file }) => file)).toEqual([])
  })
})
