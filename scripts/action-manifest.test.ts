import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { expect, test } from '@jest/globals'

import { DEFAULT_KANIKO_IMAGE } from '../packages/builder/src/engines/default-images.js'
import { ACTION_PAGE, actionPage, MANIFESTS, manifestText } from './action-manifest.js'

const ROOT = join(import.meta.dirname, '..')

test.each(MANIFESTS)('$file has every input; if not, run: npx tsx scripts/action-manifest.ts', async manifest => {
  expect(await readFile(join(ROOT, manifest.file), 'utf8')).toBe(await manifestText(manifest))
})

test.each(MANIFESTS)('what $file runs is there', ({ file, runs }) => {
  const { using, ...paths } = runs
  expect(['node24', 'node20', 'docker']).toContain(using)
  for (const path of Object.values(paths)) expect(existsSync(join(ROOT, dirname(file), path))).toBe(true)
})

test('docs/action.md has every input and output; if not, run: npx tsx scripts/action-manifest.ts', async () => {
  const page = await readFile(ACTION_PAGE, 'utf8')
  expect(page).toBe(await actionPage(page))
})

test("the builder's image is that of the hook", async () => {
  const text = await readFile(join(ROOT, 'in-pod', 'Dockerfile'), 'utf8')
  expect(text).toContain(`ARG KANIKO=${DEFAULT_KANIKO_IMAGE}\n`)
})

/** The inputs of docker/build-push-action v6 and v7, and of docker/login-action v3 and v4 (action.yml). */
const DOCKERS =
  `add-hosts allow annotations attests build-args build-contexts builder cache-from cache-to call cgroup-parent context
file labels load network no-cache no-cache-filters outputs platforms provenance pull push sbom secrets secret-envs secret-files
shm-size ssh tags target ulimit github-token registry username password ecr scope logout registry-auth`.split(/\s+/)

test("no input of docker's actions is unknown here", async () => {
  const text = await readFile(join(ROOT, 'action.yml'), 'utf8')
  expect(DOCKERS.filter(name => !text.includes(`\n  ${name}:\n`))).toEqual([])
})
