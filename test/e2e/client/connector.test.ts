import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { KubernetesBackend, type ImageBuild } from '../../../packages/client/src/index.js'
import { upstreamOf, USER } from '../../harness/connector-job.js'
import { Suite } from '../../harness/suite.js'
import {
  connectorUser,
  createConnector,
  deleteConnector,
  installConnectors,
  type Connector
} from '../../stand-ins/connector/index.js'
import { createAuthority, tokenRegistry, type TokenRegistry } from '../../stand-ins/registries/index.js'

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
