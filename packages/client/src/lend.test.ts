import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, expect, test } from '@jest/globals'

import { imageBuild } from './backends/kubernetes/build.fixture.js'
import { lendFrom } from './lend.js'

const directory = mkdtempSync(join(tmpdir(), 'lend-'))
afterAll(() => rmSync(directory, { recursive: true }))

const build = imageBuild({
  context: { kind: 'directory', path: directory },
  tags: ['target.example/acme/app:1'],
  push: true
})

test('a build is lent the credentials of its own registries, those of base images too, and no others', async () => {
  writeFileSync(join(directory, 'Dockerfile'), 'FROM base.example/a/b\nFROM ${NOT_SET}\n')
  const logins = ['target.example', 'base.example', 'other.example'].map(registry => ({
    registry,
    username: 'mona',
    password: `of-${registry}`
  }))
  const lent = lendFrom({ HOME: directory }, { registryAuth: JSON.stringify(logins) })
  const { context, close } = await lent.readContext(build, new AbortController().signal)
  const { auths } = JSON.parse((await lent.dockerConfig(build, context)) ?? '{}') as { auths: object }
  await close()
  expect(Object.keys(auths).sort()).toEqual(['base.example', 'target.example'])
})

test('nobody waits for a helper any more when the build is aborted', async () => {
  const config = join(directory, 'config.json')
  writeFileSync(config, '{"credsStore":"slow"}')
  writeFileSync(join(directory, 'docker-credential-slow'), `#!/bin/sh\ntouch ${directory}/asked\nexec sleep 20\n`)
  chmodSync(join(directory, 'docker-credential-slow'), 0o755)
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\n')
  const env = { HOME: directory, DOCKER_CONFIG: directory, PATH: `${directory}:${process.env['PATH'] ?? ''}` }
  const stop = new AbortController()
  const lent = lendFrom(env, {})
  const { context } = await lent.readContext(build, stop.signal)
  const asking = lent.dockerConfig(build, context, stop.signal)
  while (!existsSync(join(directory, 'asked'))) await sleep(10)
  stop.abort()
  await expect(asking).rejects.toThrow('docker-credential-slow could not be run')
})
