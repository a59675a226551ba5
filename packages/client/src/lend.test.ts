import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from '@jest/globals'

import type { ImageBuild } from './image-build.js'
import { lendFrom } from './lend.js'

const directory = mkdtempSync(join(tmpdir(), 'lend-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('a build is lent the credentials of its own registries, those of base images too, and no others', async () => {
  writeFileSync(join(directory, 'Dockerfile'), 'FROM base.example/a/b\nFROM ${NOT_SET}\n')
  const logins = ['target.example', 'base.example', 'other.example'].map(registry => ({
    registry,
    username: 'mona',
    password: `of-${registry}`
  }))
  const build: ImageBuild = {
    context: { kind: 'directory', path: directory },
    tags: ['target.example/acme/app:1'],
    push: true,
    buildArgs: {},
    labels: {},
    annotations: {},
    secrets: [],
    files: [],
    engineArgs: [],
    registryMirrors: [],
    insecureRegistries: [],
    pushRetries: 0,
    timeoutMs: 60_000
  }
  const lent = lendFrom({ HOME: directory }, { registryAuth: JSON.stringify(logins) })
  const { context, close } = await lent.readContext(build, new AbortController().signal)
  const { auths } = JSON.parse((await lent.dockerConfig(build, context)) ?? '{}') as { auths: object }
  await close()
  expect(Object.keys(auths).sort()).toEqual(['base.example', 'target.example'])
})
