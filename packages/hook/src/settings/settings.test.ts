import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from '@jest/globals'
import { DEFAULT_KANIKO_IMAGE } from '@kaniko-hooks/builder/default-images'

import { readEnvironment } from './environment.js'
import { readSettings } from './settings.js'

const directory = mkdtempSync(join(tmpdir(), 'settings-'))
afterAll(() => rmSync(directory, { recursive: true }))

function file(text: string): string {
  const path = join(directory, `${Math.random()}.yaml`)
  writeFileSync(path, text)
  return path
}

const RUNNER = { ACTIONS_RUNNER_POD_NAME: 'r' }
const REGISTRY = {
  ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_HOST: 'registry.ci.svc',
  ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_PORT: '5000',
  ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_NODE_PORT: '31500'
}
const read = async (env: Record<string, string>) => readSettings(readEnvironment(env))

describe('readSettings', () => {
  test('the three variables are enough', async () => {
    const settings = await read({ ...RUNNER, ...REGISTRY })
    expect(settings.destinations()).toEqual([{ nodePort: { host: 'registry.ci.svc', port: 5000, nodePort: 31500 } }])
    expect(settings).toMatchObject({
      prepareTimeoutMs: 600_000,
      workspace: { mode: 'auto', exclude: [], direct: true },
      engine: { kaniko: { image: DEFAULT_KANIKO_IMAGE, fork: 'osscontainertools' } }
    })
  })

  test('a missing registry variable is named when a build needs it, and not before', async () => {
    const settings = await read({ ...RUNNER, ...REGISTRY, ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_PORT: '', X: '' })
    expect(() => settings.destinations()).toThrow(/ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_PORT/)
    expect(() => settings.destinations()).toThrow(expect.not.stringContaining('REGISTRY_HOST'))
  })

  test.each(['x', '0', '70000', '50.5'])('%s is no port', async port => {
    const settings = await read({ ...RUNNER, ...REGISTRY, ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_NODE_PORT: port })
    expect(() => settings.destinations()).toThrow(/REGISTRY_NODE_PORT/)
  })

  test("the shipped hooks' later spelling means the same", async () => {
    const later = Object.fromEntries(
      Object.entries(REGISTRY).map(([name, value]) => [name.replace('_HOOKS_REGISTRY', '_HOOKS_LOCAL_REGISTRY'), value])
    )
    expect((await read({ ...RUNNER, ...later })).destinations()).toEqual(
      (await read({ ...RUNNER, ...REGISTRY })).destinations()
    )
  })

  const REMOTE = {
    ACTIONS_RUNNER_CONTAINER_HOOKS_REMOTE_REGISTRY_HOST: 'docker.io',
    ACTIONS_RUNNER_CONTAINER_HOOKS_REMOTE_REGISTRY_HANDLE: 'acme',
    ACTIONS_RUNNER_CONTAINER_HOOKS_REMOTE_REGISTRY_SECRET_NAME: 'hub'
  }

  test('and its variables for a remote registry are a destination', async () => {
    expect((await read({ ...RUNNER, ...REMOTE })).destinations()).toEqual([
      {
        remote: {
          repository: 'docker.io/acme/kaniko-hooks-actions',
          pushSecret: 'hub',
          pullSecret: 'hub',
          plainHttp: false
        }
      }
    ])
  })

  test('but not both, and not a part of them', async () => {
    const both = await read({ ...RUNNER, ...REGISTRY, ...REMOTE })
    expect(() => both.destinations()).toThrow(/unset one of them/)
    const part = await read({ ...RUNNER, ...REMOTE, ACTIONS_RUNNER_CONTAINER_HOOKS_REMOTE_REGISTRY_HANDLE: '' })
    expect(() => part.destinations()).toThrow(/Not set: \S+_HANDLE\./)
  })

  test("the file's destinations win over variables", async () => {
    const path = file('destinations: [{ remote: { repository: ghcr.io/acme/actions, pushSecret: p } }]')
    const settings = await read({ ...RUNNER, ...REGISTRY, KANIKO_HOOKS_CONFIG: path })
    expect(settings.destinations()).toMatchObject([{ remote: { repository: 'ghcr.io/acme/actions', pushSecret: 'p' } }])
  })

  test.each([
    ['destinations: []', 'destinations'],
    ['destinations: [{}]', 'one of nodePort, remote and connector'],
    [
      'destinations: [{ remote: { repository: a.b/c }, nodePort: { host: h, nodePort: 1 } }]',
      'one of nodePort, remote and'
    ],
    ['destinations: [{ remote: { repository: nothing } }]', 'destinations.0.remote.repository'],
    ['destinations: [{ nodePort: { host: h, nodePort: 70000 } }]', 'destinations.0.nodePort.nodePort'],
    ['destinations: [{ remote: { repository: a.b/c, pushSecret: "A B" } }]', 'destinations.0.remote.pushSecret'],
    ['destinations: [{ nodePort: { host: h } }]', 'destinations.0.nodePort.nodePort: is required'],
    ['image: { keep: sometimes }', 'image.keep'],
    ['image: { keep: 0h }', 'image.keep'],
    ['cache: { repository: a.b/c }', 'cache.secret'],
    ['steps: { orphanTimeout: 29s }', 'steps.orphanTimeout'],
    ['steps: { orphanTimeout: never }', 'steps.orphanTimeout'],
    [
      'destinations: [{ connector: { name: a/b, repository: c, serviceAccount: s } }]\n' +
        'build: { connectors: [{ name: a/d, serviceAccount: t }, { name: a/d, serviceAccount: s }] }',
      'build.connectors.1.serviceAccount: s is also the account of a destination'
    ],
    [
      'broker: { pushTo: [{ repository: r.io/a, connector: { name: a/b, serviceAccount: t }, pushSecret: p }] }',
      'broker.pushTo.0.connector: leave out pushSecret, ca and plainHttp'
    ],
    [
      'broker: { pushTo: [{ repository: r.io/a, connector: { name: a/b, serviceAccount: t, tokenLifetime: 5m } }] }',
      'broker.pushTo.0.connector.tokenLifetime: the API server gives no token for less than 10m'
    ],
    [
      'broker: { pushTo: [{ repository: r.io/a, connector: { name: a/c, serviceAccount: u } }] }\n' +
        'build: { connectors: [{ name: a/d, serviceAccount: u }] }',
      'build.connectors.0.serviceAccount: u is also the account of a destination'
    ],
    ['build: { connectors: [{ name: a/d, serviceAccount: t, registries: [] }] }', 'build.connectors.0.registries'],
    [
      'destinations: [{ connector: { name: a/b, repository: c, serviceAccount: s } }]\n' +
        'build: { connectors: [{ name: a/b, serviceAccount: t }] }',
      'build.connectors.0.name: a/b is also the connector of a destination'
    ],
    [
      'destinations: [{ connector: { name: a/b, repository: c, serviceAccount: s } }, ' +
        '{ connector: { name: a/d, repository: c, serviceAccount: t } }]',
      'destinations: the connectors have the service accounts s, t;'
    ],
    [
      'destinations: [{ connector: { name: a/b, repository: c, serviceAccount: s, tokenLifetime: 599s } }]',
      'destinations.0.connector.tokenLifetime'
    ],
    ['proxy: { http: "http://user:secret@proxy:3128" }', 'proxy.http']
  ])('%s is told as a problem of %s', async (text, key) => {
    const error = (await read({ ...RUNNER, KANIKO_HOOKS_CONFIG: file(text) }).catch(
      (caught: unknown) => caught
    )) as Error
    expect(error.message).toContain(key)
    expect(error.message).not.toContain('user:secret')
  })

  test("what one of a connector's proxies has no use for is told, all of it", async () => {
    const text = `destinations:
  - connector: { name: ci/a, repository: a, serviceAccount: s, registry: r.ci, pullSecret: p }
  - connector: { name: ci/a, repository: a, serviceAccount: s, proxy: forward, registry: r.ci, pullSecret: p }
  - connector: { name: ci/a, repository: a, serviceAccount: s, proxy: forward, pullSecret: p, pullAddress: r, configuration: c }
`
    const error = (await read({ ...RUNNER, KANIKO_HOOKS_CONFIG: file(text) }).catch(
      (caught: unknown) => caught
    )) as Error
    expect([...error.message.matchAll(/destinations\.\d\.connector\.\w+(?=: )/g)].map(([key]) => key)).toEqual([
      'destinations.0.connector.registry',
      'destinations.0.connector.pullSecret',
      'destinations.2.connector.pullSecret',
      'destinations.2.connector.configuration'
    ])
  })

  test.each(['delete', 'forever', '90s', '30m', '12h', '7d'])('images can be kept: %s', async keep => {
    const settings = await read({ ...RUNNER, KANIKO_HOOKS_CONFIG: file(`image: { keep: ${keep} }`) })
    expect(settings.image.keep).toBe(keep)
  })

  test('the file is read', async () => {
    const path = file(
      'engine: { kaniko: { image: "k:1", fork: chainguard } }\nbuild: { timeout: 1m }\nimagePullPolicy: Always\n'
    )
    expect(await read({ ...RUNNER, KANIKO_HOOKS_CONFIG: path })).toMatchObject({
      imagePullPolicy: 'Always',
      engine: { kaniko: { image: 'k:1', fork: 'chainguard' } },
      build: { timeout: '1m', registryMirrors: [] },
      warning: undefined
    })
  })

  test.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['soon', 600_000],
    ['0', 600_000]
  ])('a prepare timeout of %s', async (text, ms) => {
    const settings = await read({ ...RUNNER, ACTIONS_RUNNER_PREPARE_JOB_TIMEOUT_SECONDS: text })
    expect(settings.prepareTimeoutMs).toBe(ms)
  })

  test('an empty file sets nothing', async () => {
    expect((await read({ ...RUNNER, KANIKO_HOOKS_CONFIG: file('# nothing\n') })).workspace).toEqual({
      mode: 'auto',
      exclude: [],
      direct: true
    })
  })

  test('all problems come at once, each with its key', async () => {
    const path = file('engine: { kaniko: { frok: google, fork: goggle } }\nbuild: { timeout: 0s }\nworkspace: usb\n')
    const error = await read({ KANIKO_HOOKS_CONFIG: path, ACTIONS_RUNNER_PREPARE_JOB_TIMEOUT_SECONDS: 'soon' }).catch(
      (caught: unknown) => caught as Error
    )
    const message = (error as Error).message
    for (const part of [
      'ACTIONS_RUNNER_POD_NAME is not set',
      'engine.kaniko.frok',
      'is not a known setting',
      'engine.kaniko.fork',
      'build.timeout',
      'workspace'
    ]) {
      expect(message).toContain(part)
    }
  })

  test('a file that is not there, and one that is not YAML', async () => {
    await expect(read({ ...RUNNER, KANIKO_HOOKS_CONFIG: '/no/such' })).rejects.toThrow(
      /KANIKO_HOOKS_CONFIG \/no\/such cannot be read/
    )
    await expect(read({ ...RUNNER, KANIKO_HOOKS_CONFIG: file('a: [') })).rejects.toThrow(/cannot be read/)
  })
})

test('old names are read, and one sentence tells the new ones', async () => {
  const path = file('kaniko: { line: google, timeoutSeconds: 60 }\n')
  const settings = await read({ ...RUNNER, KANIKO_HOOKS_CONFIG: path })
  expect(settings).toMatchObject({ engine: { kaniko: { fork: 'google' } }, build: { timeout: '1m' } })
  expect(settings.warning).toBe(
    `${path} has old names of settings: kaniko.line is now engine.kaniko.fork, kaniko.timeoutSeconds is now build.timeout`
  )
})

test.each([
  [
    'kaniko: { line: goggle }',
    /engine\.kaniko\.fork: .*; \S+ has old names of settings: kaniko\.line is now engine\.kaniko\.fork\.$/
  ],
  [
    'kaniko: { line: google }\nengine: { kaniko: { fork: google } }',
    /kaniko\.line: is the old name of .*leave the old one out/
  ],
  ['kaniko: { constructor: 1 }', /kaniko: is not a known setting/],
  [
    'build: { timeout: 25d, pushTimeout: 30d }',
    /build\.timeout: is longer .* at most 24d; .*build\.pushTimeout: is longer/
  ]
])('%j is refused', async (text, message) => {
  await expect(read({ ...RUNNER, KANIKO_HOOKS_CONFIG: file(text) })).rejects.toThrow(message)
})
