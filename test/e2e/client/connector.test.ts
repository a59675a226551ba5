import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { KubernetesBackend, type ImageBuild } from '../../../packages/client/src/index.js'
import { kubeconfigOf } from '../../harness/account.js'
import { upstreamOf, USER } from '../../harness/connector-job.js'
import { documentedObjects } from '../../harness/documented.js'
import { apply } from '../../harness/kubectl.js'
import { Suite } from '../../harness/suite.js'
import {
  connectorUser,
  createConnector,
  deleteConnector,
  installConnectors,
  type Connector
} from '../../stand-ins/connector/index.js'
import { createAuthority, tokenRegistry, type TokenRegistry } from '../../stand-ins/registries/index.js'

const DIST = join(import.meta.dirname, '..', '..', '..', 'dist')

const suite = new Suite('client-connector')

let registry: TokenRegistry
let connector: Connector
let home: string

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await tokenRegistry(cluster, namespace, { authority: await createAuthority(), trusted: false })
  connector = await createConnector(cluster, namespace, {
    name: 'inside',
    form: 'unexposed',
    upstream: upstreamOf(registry)
  })
  await connectorUser(cluster, namespace, USER, connector)
  home = mkdtempSync(join(tmpdir(), 'client-'))
  writeFileSync(join(home, 'Dockerfile'), 'FROM busybox:1.36\nRUN ls /kaniko/credentials; true')
}, 400_000)

afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await deleteConnector(suite.cluster, suite.namespace, 'inside')
  await registry.remove()
})

test('an image is pushed by a connector, and nobody here has its password', async () => {
  const { images, kubeconfig, mirror } = suite.cluster
  const backend = new KubernetesBackend({
    env: { HOME: home },
    kubeconfig,
    namespace: suite.namespace,
    kaniko: { image: images.kaniko, fork: 'chainguard' },
    pushImage: images.crane,
    connector: { name: connector.name, serviceAccount: USER }
  })
  const tags = ['1', 'latest'].map(tag => `${registry.pushHost}/builds/app:${tag}`)
  const request: ImageBuild = {
    context: { kind: 'directory', path: home },
    tags,
    push: true,
    buildArgs: {},
    labels: {},
    annotations: {},
    secrets: [],
    files: [],
    engineArgs: [],
    registryMirrors: [mirror],
    insecureRegistries: [mirror],
    pushRetries: 0,
    timeoutMs: 120_000
  }
  const lines: string[] = []
  const listener = { line: (line: string) => void lines.push(line), phase: () => undefined }
  const outcome = await backend.build(request, listener, new AbortController().signal)
  expect(outcome.pushed).toEqual(tags)
  expect(await registry.images()).toEqual(['builds/app:1', 'builds/app:latest'])
  expect(lines.join('\n')).toMatch(/\/kaniko\/credentials: No such file/)
})

/** Runs a program of ours here, with an account's kubeconfig. */
async function run(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>
): Promise<{ readonly code: number; readonly said: string }> {
  const { images, kubeconfig } = suite.cluster
  const own = {
    ...{ PATH: process.env['PATH'], HOME: home, KBUILD_KANIKO_IMAGE: images.kaniko },
    ...{ KBUILD_KANIKO_FORK: 'chainguard', KBUILD_PUSH_IMAGE: images.crane }
  }
  const server = /server: (\S+)/.exec(readFileSync(kubeconfig, 'utf8'))?.[1] ?? suite.cluster.server
  const path = join(home, 'kubeconfig')
  writeFileSync(path, await kubeconfigOf(suite.cluster, suite.namespace, 'image-builder', server), { mode: 0o600 })
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [join(DIST, program), ...words],
      { env: { ...own, KUBECONFIG: path, ...env } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr })
    )
  })
}

test("command and action push by a connector, with the rights of the action's page and no others", async () => {
  const { cluster, namespace } = suite
  const names = { builds: namespace, harbor: connector.name, 'connector-harbor': 'connector-read' }
  await apply(cluster, ...documentedObjects('action.md', 'rights of the backend kubernetes', names))
  const tag = `${registry.pushHost}/builds/page:1`
  const account = 'image-pusher'
  const flags = ['--connector', connector.name, '--service-account', account, '--namespace', namespace]
  const denied = await run('kbuild/index.cjs', ['build', '-t', tag, '--push', ...flags, home], {})
  expect(denied.code).toBe(3)
  expect(denied.said).toContain(`may not get connectors.connectors.alauda.io ${namespace}/${connector.name} in`)

  await apply(cluster, ...documentedObjects('action.md', 'rights of a build through a connector', names))
  const output = join(home, 'output')
  writeFileSync(output, '')
  const built = await run('action/main.cjs', [], {
    ...{ GITHUB_WORKSPACE: home, GITHUB_OUTPUT: output, INPUT_TAGS: tag, INPUT_PUSH: 'true' },
    ...{ INPUT_CONNECTOR: connector.name, 'INPUT_SERVICE-ACCOUNT': account, INPUT_NAMESPACE: namespace },
    ...{ 'INPUT_REGISTRY-MIRRORS': cluster.mirror, 'INPUT_INSECURE-REGISTRIES': cluster.mirror }
  })
  expect(built).toEqual({ code: 0, said: expect.stringContaining(`Pushed ${tag}`) })
  expect(readFileSync(output, 'utf8')).toContain('sha256:')
  expect(await registry.images()).toContain('builds/page:1')
})
