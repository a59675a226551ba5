import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Script } from 'node:vm'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { buildAction } from './build.js'

const COMMITTED = join(import.meta.dirname, '..', 'dist', 'action')

const directory = mkdtempSync(join(tmpdir(), 'action-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe("the action's bundle", () => {
  const made = join(directory, 'made')
  let inputs: readonly string[] = []
  beforeAll(async () => {
    inputs = await buildAction(made)
  }, 30_000)

  test('is committed as the sources make it; if not, run: npm run build', () => {
    const files = readdirSync(made).sort()
    expect(files).toEqual(['Dockerfile', 'LICENSES.txt', 'main.cjs', 'package.json'])
    expect(readdirSync(COMMITTED).sort()).toEqual(files)
    // Not compared as text: the difference of two bundles would be the whole report.
    const differing = files.filter(file => !readFileSync(join(made, file)).equals(readFileSync(join(COMMITTED, file))))
    expect(differing).toEqual([])
  })

  test('is made of our packages and of no HTTP client', () => {
    expect(inputs).toContain('packages/action/src/main.ts')
    expect(inputs.filter(input => /node_modules\/(?:undici|@actions\/http-client)\//.test(input))).toEqual([])
    expect(inputs.filter(input => /^packages\/(?:testing|hook)\//.test(input))).toEqual([])
    expect(statSync(join(made, 'main.cjs')).size).toBeLessThan(1_000_000)
  })

  test('needs nothing but what Node has', () => {
    const code = readFileSync(join(made, 'main.cjs'), 'utf8')
    // A script, unlike a module, may not say import or export.
    expect(() => new Script(code)).not.toThrow()
    const loaded = new Set([...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(match => match[1] ?? ''))
    // ws asks for these two and goes on without them.
    const others = [...loaded].filter(name => !isBuiltin(name) && !['bufferutil', 'utf-8-validate'].includes(name))
    expect(others).toEqual([])
  })
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly output: string
  readonly summary: string
  readonly state: string
}

let count = 0

/** Runs the committed action as the runner does: inputs in variables, file commands in files. */
async function runStep(env: Readonly<Record<string, string>>): Promise<Ended> {
  const files = Object.fromEntries(
    ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE'].map(name => [name, join(directory, `${name}-${++count}`)])
  )
  for (const path of Object.values(files)) writeFileSync(path, '')
  const child = spawn(process.execPath, [join(COMMITTED, 'main.cjs')], {
    cwd: directory,
    env: { HOME: directory, GITHUB_WORKSPACE: directory, ...files, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>(resolve => child.on('close', resolve))
  ])
  const read = (name: string): string => readFileSync(files[name] ?? '', 'utf8')
  return {
    code,
    stdout,
    stderr,
    output: read('GITHUB_OUTPUT'),
    summary: read('GITHUB_STEP_SUMMARY'),
    state: read('GITHUB_STATE')
  }
}

describe('the committed action, as a process', () => {
  test('tells all problems of its inputs at once, and masks secrets first', async () => {
    const { code, stdout, stderr, output } = await runStep({
      INPUT_PUSH: 'true',
      INPUT_LOAD: 'true',
      'INPUT_BUILD-ARGS': '=x',
      INPUT_PASSWORD: 'p4ss'
    })
    expect(code).toBe(1)
    expect(stderr).toBe('')
    expect(output).toBe('')
    const [first, ...others] = stdout.trimEnd().split('\n')
    expect(first).toBe('::add-mask::p4ss')
    expect(others).toHaveLength(1)
    expect(others[0]).toMatch(/^::error title=Inputs of the build::/)
    for (const word of ['`load`', '`tags`', '`build-args`', '`username`']) expect(others[0]).toContain(word)
    expect(others[0]).not.toContain('p4ss')
  })

  test('says why nobody can build here, and ends with 1', async () => {
    writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\n')
    const { code, stdout, stderr, output, summary } = await runStep({ INPUT_BACKEND: 'kubernetes' })
    expect(code).toBe(1)
    expect(stderr).toBe('')
    expect(output).toBe('')
    expect(stdout).toMatch(/^::error title=[^:]*::.*there is no kubeconfig/m)
    expect(summary).toContain('### Kaniko build: ❌')
  })

  test('has a post step that does nothing after a good end, and never fails', async () => {
    expect(await runStep({ STATE_isPost: 'true', STATE_build: '' })).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const left = { STATE_isPost: 'true', STATE_build: 'pod-1', STATE_backend: 'kubernetes' }
    const { code, stdout, stderr } = await runStep({ ...left, INPUT_LOAD: 'true', INPUT_PASSWORD: 'p4ss' })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '::add-mask::p4ss\n', stderr: '' })
  })
})
