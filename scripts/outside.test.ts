import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { appendFile, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { load } from 'js-yaml'

import { readEnvironment } from '../packages/hook/src/settings/environment.js'
import { writeCallRecord } from '../packages/hook/src/report/operator-log.js'
import { buildHook } from './build.js'
import { readReleaseNotes } from './release-notes.js'

const ROOT = join(import.meta.dirname, '..')

const CHECK = '.github/workflows/check.yml'
const RELEASE = '.github/workflows/release.yml'
const BUG = '.github/ISSUE_TEMPLATE/bug.yml'
const FEATURE = '.github/ISSUE_TEMPLATE/feature.yml'
const WORKFLOWS = (await readdir(join(ROOT, '.github', 'workflows'))).map(file => join('.github', 'workflows', file))
const PROSE = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', '.github/pull_request_template.md']

const directory = mkdtempSync(join(tmpdir(), 'outside-'))
afterAll(() => rmSync(directory, { recursive: true }))

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly if?: string
  readonly with?: Readonly<Record<string, string | number | boolean>>
  readonly 'working-directory'?: string
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly uses?: string
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } }
  readonly steps?: readonly Step[]
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly scripts: Readonly<Record<string, string>>
}

const textOf = async (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8')
const manifestOf = async (file: string): Promise<Manifest> => JSON.parse(await textOf(file)) as Manifest
const workflowOf = async (file: string): Promise<Workflow> => load(await textOf(file)) as Workflow
const stepsOf = ({ jobs }: Workflow): Step[] => Object.values(jobs).flatMap(({ steps }) => steps ?? [])

/** The lines of an input that takes several paths. */
const linesOf = (value: unknown): string[] => String(value).trim().split('\n')

/** The one step that the pattern fits: by its action or by its commands. */
function findStep(steps: readonly Step[] = [], pattern: RegExp): Step {
  const found = steps.filter(({ uses, run }) => pattern.test(uses ?? run ?? ''))
  expect(found).toHaveLength(1)
  return found[0] ?? {}
}

/** Runs the commands of a step as the runner does. */
function runStep({ run = '', 'working-directory': below = '.' }: Step, workspace: string): void {
  execFileSync('bash', ['-e', '-o', 'pipefail', '-c', run], { cwd: join(workspace, below), stdio: 'pipe' })
}

describe('the workflows', () => {
  test('are the check and the release', () => expect([...WORKFLOWS].sort()).toEqual([CHECK, RELEASE]))

  test.each(WORKFLOWS)('%s has no error for the parser of GitHub', async file => {
    const parsed = parseWorkflow({ name: file, content: await textOf(file) }, new NoOperationTraceWriter())
    if (parsed.value !== undefined) {
      const provider = {
        getFileContent: async ({ path }: { readonly path: string }) => ({ name: path, content: await textOf(path) })
      }
      const options = { fetchReusableWorkflowDepth: 1 }
      const template = await convertWorkflowTemplate(parsed.context, parsed.value, provider, options)
      expect(template.errors ?? []).toEqual([])
    }
    expect(parsed.context.errors.getErrors().map(({ message }) => message)).toEqual([])
  })

  test.each(WORKFLOWS)('%s names each action by a commit, and the version in a comment', async file => {
    const named = (await textOf(file)).split('\n').filter(line => /\buses: (?!\.\/)/.test(line))
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter(line => !/\buses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([])
  })

  test('name one commit of each action', async () => {
    const texts = await Promise.all(WORKFLOWS.map(textOf))
    const named = texts.flatMap(text => [...text.matchAll(/\buses: ([\w-]+\/[\w-]+)(@.*)/g)])
    const commits = new Map(named.map(([, action = '', commit = '']) => [action, commit]))
    expect(named.filter(([, action = '', commit]) => commits.get(action) !== commit)).toEqual([])
  })

  test.each(WORKFLOWS)('%s leaves no credential of Git to what it runs', async file => {
    const checkouts = stepsOf(await workflowOf(file)).filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.length).toBeGreaterThan(0)
    for (const step of checkouts) expect(step.with?.['persist-credentials']).toBe(false)
  })

  test('only the job that publishes may write, and it runs nothing of npm', async () => {
    const workflows = await Promise.all(WORKFLOWS.map(workflowOf))
    for (const { permissions } of workflows)
      expect(Object.values(permissions ?? { all: 'write' })).not.toContain('write')
    const writing = workflows
      .flatMap(({ jobs }) => Object.entries(jobs))
      .filter(([, { permissions }]) => Object.values(permissions ?? {}).includes('write'))
    expect(writing.map(([name]) => name)).toEqual(['publish'])
    const commands = writing.flatMap(([, { steps }]) => steps ?? []).map(({ run }) => run ?? '')
    expect(commands.filter(run => /\b(npm|npx|node)\b/.test(run))).toEqual([])
  })

  test('the check runs on the Node of .nvmrc and on later ones, all of which package.json allows', async () => {
    const { jobs } = await workflowOf(CHECK)
    const versions = jobs['check']?.strategy?.matrix.node ?? []
    const [, oldest] = /^>=(\d+)\./.exec((await manifestOf('package.json')).engines.node) ?? []
    expect(versions.length).toBeGreaterThan(1)
    expect(versions).toContain(Number(await textOf('.nvmrc')))
    expect(Math.min(...versions)).toBe(Number(oldest))
  })

  test('all other jobs run on the Node of .nvmrc', async () => {
    const steps = (await Promise.all(WORKFLOWS.map(workflowOf))).flatMap(stepsOf)
    const nodes = steps.filter(({ uses }) => uses?.startsWith('actions/setup-node@'))
    const versions = nodes.map(step => step.with?.['node-version-file'] ?? step.with?.['node-version'])
    expect(versions.sort()).toEqual(['${{ matrix.node }}', '.nvmrc', '.nvmrc'])
  })

  test('the Go of the tests is new enough for every program that they build', async () => {
    const go = findStep((await workflowOf(CHECK)).jobs['test']?.steps, /^actions\/setup-go@/)
    const modules = await readdir(join(ROOT, 'test', 'harness', 'cluster', 'go'))
    const texts = await Promise.all(
      modules.map(module => textOf(join('test', 'harness', 'cluster', 'go', module, 'go.mod')))
    )
    const minors = texts.map(text => Number(/^go 1\.(\d+)/m.exec(text)?.[1]))
    expect(Number(/^1\.(\d+)$/.exec(String(go.with?.['go-version']))?.[1])).toBeGreaterThanOrEqual(Math.max(...minors))
  })
})

describe('the commands that people and workflows are told to run', () => {
  test.each([...WORKFLOWS, ...PROSE, BUG, FEATURE])('%s names npm scripts that are there', async file => {
    const { scripts } = await manifestOf('package.json')
    const text = (await textOf(file)).replaceAll(/\bnpm test\b/g, 'npm run test')
    const named = [...text.matchAll(/\bnpm\s+run\s+(?:-s\s+|--silent\s+)?([\w:-]+)/g)].map(([, name = '']) => name)
    expect(named.filter(name => !(name in scripts))).toEqual([])
  })

  test.each([...WORKFLOWS, ...PROSE])('%s names files of scripts/ that are there', async file => {
    const named = [...(await textOf(file)).matchAll(/\b(?:tsx|node) (scripts\/\S+?\.\w+)/g)].map(
      ([, name = '']) => name
    )
    expect(named.filter(name => !existsSync(join(ROOT, name)))).toEqual([])
  })

  test('the check and the tests run on every push, and the long run on a schedule', async () => {
    const check = await workflowOf(CHECK)
    const commands = stepsOf(check).map(({ run }) => run ?? '')
    const [usual, long] = ['npm test', 'npm run test:long'].map(command =>
      stepsOf(check).find(({ run }) => run === command)
    )
    expect(usual?.if).toBe("github.event_name != 'schedule'")
    expect(long?.if).toBe("github.event_name == 'schedule'")
    expect(commands.filter(run => run.includes('npm run check'))).toHaveLength(1)
  })
})

describe('a release', () => {
  let build: readonly Step[] = []
  let publish: readonly Step[] = []

  beforeAll(async () => {
    const { jobs } = await workflowOf(RELEASE)
    build = jobs['build']?.steps ?? []
    publish = jobs['publish']?.steps ?? []
    const built = join(directory, 'dist', 'hook')
    await buildHook(built)
    await writeFile(join(built, 'NOTES.md'), 'What is new.\n')
    runStep(findStep(build, /^sha256sum index/), directory)
    await mkdir(join(directory, 'release'))
    for (const path of linesOf(findStep(build, /^actions\/upload-artifact@/).with?.['path']))
      await copyFile(join(directory, path), join(directory, 'release', basename(path)))
  }, 30_000)

  test('waits for every check', async () => {
    expect((await workflowOf(RELEASE)).jobs['check']?.uses).toBe(`./${CHECK}`)
    expect(await workflowOf(RELEASE)).toMatchObject({ jobs: { publish: { needs: expect.arrayContaining(['check']) } } })
  })

  test('has the hook, its licences and their checksums, all of which the build writes', () => {
    const { run = '' } = findStep(publish, /^gh release create/)
    const files = (/create "\$GITHUB_REF_NAME" ([^\\]+)\\/.exec(run)?.[1] ?? '').trim().split(' ')
    expect(files).toEqual(['index.js', 'LICENSES.txt', 'SHA256SUMS'])
    const [, notes = ''] = /--notes-file (\S+)/.exec(run) ?? []
    for (const file of [...files, notes]) expect(existsSync(join(directory, 'release', file))).toBe(true)
  })

  test('has a provenance of each file that the build writes', () => {
    const subjects = linesOf(findStep(publish, /^actions\/attest-build-provenance@/).with?.['subject-path'])
    expect(subjects).toEqual(['release/index.js', 'release/LICENSES.txt'])
    for (const subject of subjects) expect(existsSync(join(directory, subject))).toBe(true)
  })

  test('is published only with the files whose checksums the build took', async () => {
    const compare = findStep(publish, /^sha256sum --check/)
    expect(() => runStep(compare, directory)).not.toThrow()
    await appendFile(join(directory, 'release', 'index.js'), '// changed on the way\n')
    expect(() => runStep(compare, directory)).toThrow(/did NOT match/)
  })

  test('stops at a tag that is not the version in package.json', async () => {
    const { version } = await manifestOf('package.json')
    const [command = ''] = (findStep(build, /release-notes/).run ?? '').split(' > ')
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
      cwd: ROOT,
      env: { ...process.env, GITHUB_REF_NAME: 'v999.0.0' },
      encoding: 'utf8'
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`The tag is v999.0.0, but the version in package.json is ${version}.`)
  }, 30_000)

  test('has one version in all packages, and the changelog a section of that version', async () => {
    const { version } = await manifestOf('package.json')
    const packages = await readdir(join(ROOT, 'packages'))
    const manifests = await Promise.all(packages.map(name => manifestOf(join('packages', name, 'package.json'))))
    expect(new Set(manifests.map(manifest => manifest.version))).toEqual(new Set([version]))
    expect(await textOf('CHANGELOG.md')).toContain(`\n## [${version}] - `)
  })
})

describe('the notes of a release', () => {
  const CHANGELOG =
    '# Changelog\n\n## [0.2.0] - 2026-12-31\n\n### Added\n\n- New.\n\n## [0.1.0] - unreleased\n\n- Old.\n'

  test('are the section of its version', () => {
    expect(readReleaseNotes('v0.2.0', '0.2.0', CHANGELOG)).toBe('### Added\n\n- New.\n')
  })

  test.each(['0.2.0', 'v0.2', 'v0.2.0-rc.1', 'v0.2.1', ''])('do not exist for the tag "%s" of version 0.2.0', tag => {
    expect(() => readReleaseNotes(tag, '0.2.0', CHANGELOG)).toThrow(/Use the tag v0\.2\.0\.$/)
  })

  test('need a section', () => {
    expect(() => readReleaseNotes('v0.3.0', '0.3.0', CHANGELOG)).toThrow(/no section "## \[0\.3\.0\]/)
  })

  test('need a date', () => {
    expect(() => readReleaseNotes('v0.1.0', '0.1.0', CHANGELOG)).toThrow(/no date for 0\.1\.0/)
  })
})

interface Field {
  readonly type: string
  readonly id?: string
  readonly attributes: {
    readonly label?: string
    readonly description?: string
    readonly placeholder?: string
    readonly value?: string
    readonly options?: readonly unknown[]
  }
}

interface Form {
  readonly name?: string
  readonly description?: string
  readonly body: readonly Field[]
}

const formOf = async (file: string): Promise<Form> => load(await textOf(file)) as Form

describe('the issue forms', () => {
  test.each([BUG, FEATURE])('%s has a name, a description and fields of the types that GitHub knows', async file => {
    const { name, description, body } = await formOf(file)
    expect({ name, description }).toEqual({ name: expect.any(String), description: expect.any(String) })
    const types = new Set(body.map(({ type }) => type))
    expect([...types].filter(type => !/^(markdown|textarea|input|dropdown|checkboxes)$/.test(type))).toEqual([])
    expect([...types].filter(type => type !== 'markdown')).not.toEqual([])
  })

  test.each([BUG, FEATURE])('%s has fields with an id and a label that no other field has', async file => {
    const fields = (await formOf(file)).body.filter(({ type }) => type !== 'markdown')
    const ids = fields.map(({ id }) => id)
    const labels = fields.map(({ attributes }) => attributes.label)
    expect(ids.filter(id => !/^[\w-]+$/.test(id ?? ''))).toEqual([])
    expect(new Set(ids).size).toBe(fields.length)
    expect(labels).not.toContain(undefined)
    expect(new Set(labels).size).toBe(fields.length)
  })

  test.each([BUG, FEATURE])('%s has text in each text, and options that differ in each choice', async file => {
    for (const { type, attributes } of (await formOf(file)).body) {
      const { value, options = [] } = attributes
      if (type === 'markdown') expect(value).toEqual(expect.any(String))
      if (type === 'dropdown' || type === 'checkboxes') {
        expect(options.length).toBeGreaterThan(0)
        expect(new Set(options.map(option => JSON.stringify(option))).size).toBe(options.length)
      }
      if (type === 'dropdown') for (const option of options) expect(option).toEqual(expect.any(String))
      if (type === 'checkboxes') for (const option of options) expect(option).toHaveProperty('label')
    }
  })

  test('a bug report has all versions, the mode and the settings', async () => {
    const ids = (await formOf(BUG)).body.flatMap(({ id }) => id ?? [])
    const versions = ['hook-version', 'runner-version', 'arc-version', 'kubernetes-version', 'kaniko-image']
    expect(ids).toEqual(expect.arrayContaining([...versions, 'operator-line', 'mode', 'settings']))
  })

  test("a bug report has the hook's line in the pod's log, as the hook writes the line", async () => {
    const file = join(directory, 'operator.log')
    const call = {
      command: 'run_container_step',
      ms: 1234,
      exitCode: 1,
      error: 'E',
      requests: 1,
      retries: 0,
      phases: {}
    }
    await writeCallRecord(file, call)
    const line = await readFile(file, 'utf8')
    const field = (await formOf(BUG)).body.find(({ id }) => id === 'operator-line')
    const { description = '', placeholder = '' } = field?.attributes ?? {}
    expect(description).toContain(`\`${line.slice(0, line.indexOf(','))}\``)
    const [, variable = ''] = /variable `(\w+)`/.exec(description) ?? []
    expect(readEnvironment({ [variable]: file }).operatorLog).toBe(file)
    const beginning = placeholder.slice(0, placeholder.indexOf('…'))
    expect(beginning).toContain('"error":')
    expect(line.startsWith(beginning)).toBe(true)
  })

  test('are the only way to an issue, beside links elsewhere', async () => {
    const config = load(await textOf('.github/ISSUE_TEMPLATE/config.yml'))
    const link = { name: expect.any(String), url: expect.stringMatching(/^https:/), about: expect.any(String) }
    expect(config).toEqual({ blank_issues_enabled: false, contact_links: expect.arrayContaining([link]) })
  })
})

describe('the settings of tools', () => {
  test('updates of npm packages and of actions come together, once a month', async () => {
    const { version, updates } = load(await textOf('.github/dependabot.yml')) as {
      readonly version: number
      readonly updates: readonly Readonly<Record<string, unknown>>[]
    }
    expect(version).toBe(2)
    expect(updates.map(update => update['package-ecosystem'])).toEqual(['npm', 'github-actions'])
    for (const update of updates) {
      expect(update).toMatchObject({ directory: '/', schedule: { interval: 'monthly' } })
      expect(Object.values(update['groups'] as object)).toEqual([{ patterns: ['*'] }])
    }
  })

  test('editors cut lines where the formatter does', async () => {
    const { printWidth } = JSON.parse(await textOf('.prettierrc.json')) as { readonly printWidth: number }
    const text = await textOf('.editorconfig')
    expect(text).toContain(`\nmax_line_length = ${printWidth}\n`)
    expect(text).toMatch(/\[\*\]\n(?:.+\n)*indent_style = space\nindent_size = 2\n/)
  })
})
