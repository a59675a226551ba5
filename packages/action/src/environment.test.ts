import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from '@jest/globals'

import { readStep, runnerOf, workspaceOf } from './environment.js'

const directory = mkdtempSync(join(tmpdir(), 'environment-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('inputs are variables in capitals, dashes and all', async () => {
  const { wanted } = await readStep({
    GITHUB_WORKSPACE: '/w',
    'INPUT_BUILD-ARGS': ' A=1\nB ',
    INPUT_TAGS: 'ghcr.io/acme/app:1',
    B: 'two'
  })
  expect(wanted).toMatchObject({
    build: { buildArgs: { A: '1', B: 'two' }, tags: ['ghcr.io/acme/app:1'] },
    context: { path: '/w' }
  })
})

test('defaults of action.yml hold where nobody gives them, as for docker:// steps', async () => {
  const { wanted, problems } = await readStep({ GITHUB_WORKSPACE: '/w' })
  expect(problems).toEqual([])
  expect(wanted).toMatchObject({
    build: { push: false, pushRetries: 3, timeoutMs: 3_600_000 },
    place: { backend: 'auto' },
    summary: true
  })
})

test("the event's file decides about push: auto", async () => {
  const path = join(directory, 'event.json')
  const environment = {
    INPUT_PUSH: 'auto',
    INPUT_TAGS: 'ghcr.io/acme/app:1',
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: path
  }
  for (const [head, push] of [
    ['acme/app', true],
    ['mallory/app', false]
  ] as const) {
    const event = { repository: { full_name: 'acme/app' }, pull_request: { head: { repo: { full_name: head } } } }
    writeFileSync(path, JSON.stringify(event))
    expect((await readStep(environment)).wanted?.build.push).toBe(push)
  }
  expect((await readStep({ ...environment, GITHUB_EVENT_PATH: undefined })).wanted?.build.push).toBe(false)
})

test('the workspace is that of the runner, or where the step runs', () => {
  expect(workspaceOf({ GITHUB_WORKSPACE: '/w' })).toBe('/w')
  expect(workspaceOf({})).toBe(process.cwd())
})

test("the summary is added to the runner's file, and is nowhere without one", async () => {
  const path = join(directory, 'summary')
  writeFileSync(path, 'before\n')
  await runnerOf({ GITHUB_STEP_SUMMARY: path }).summarise('after\n')
  expect(readFileSync(path, 'utf8')).toBe('before\nafter\n')
  await runnerOf({}).summarise('nowhere')
})
