import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { connectorUser, createConnector, installConnectors, type Connector } from '../../stand-ins/connector/index.js'
import { Lanes } from '../../faults/lanes.js'
import {
  createAuthority,
  proxiedRegistry,
  tokenRegistry,
  type ProxiedRegistry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import {
  byLocalhost,
  expectBuilt,
  imageOf,
  rightsFor,
  runBuild,
  stopOf,
  through,
  upstreamOf,
  USER,
  type Done
} from '../../harness/connector-job.js'
import { NOVOLUME_ROLE, VOLUME_ROLE } from '../../harness/roles.js'
import { Suite } from '../../harness/suite.js'

const suite = new Suite('harbor')

const PROJECT = 'acme'
const REPOSITORY = `${PROJECT}/actions`

/** Behind it; the names of its users are those of robot accounts, `robot$acme+push`. */
let registry: TokenRegistry
/** Answers in its place where Harbor answers otherwise: a tag cannot be deleted. */
let harbor: ProxiedRegistry
/** The robot account that the vendor's automation makes: it may pull and push. */
let pushing: Connector
/** One that may delete too. */
let deleting: Connector

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  const authority = await createAuthority()
  registry = await tokenRegistry(cluster, namespace, { path: PROJECT, authority })
  harbor = await proxiedRegistry(cluster, namespace, registry, { name: 'harbor', authority, deleteRules: 'harbor' })
  const connector = (name: 'push' | 'delete') =>
    createConnector(cluster, namespace, {
      name: `harbor-${name}`,
      connectorClass: 'harbor',
      upstream: { ...upstreamOf(registry, name), address: `https://${harbor.pushHost}` }
    })
  ;[pushing, deleting] = await Promise.all([connector('push'), connector('delete')])
  for (const one of [pushing, deleting]) await connectorUser(cluster, namespace, USER, one)
  const rights = rightsFor([pushing.name, deleting.name], [USER])
  const [first, second] = await Promise.all([
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rights] }),
    suite.runner({ mode: 'novolume', rules: [...NOVOLUME_ROLE, ...rights] })
  ])
  const destination = (one: Connector, more: object) =>
    through(one, { repository: REPOSITORY, pullAddress: byLocalhost(one), ...more })
  lanes.start({
    // The class has this name of the configuration since the beginning, and the other since 1.8.
    'may push': () => runBuild(suite, first, destination(pushing, { configuration: 'config' }))
  })
  lanes.start({ 'may delete': () => runBuild(suite, second, destination(deleting, {})) })
}, 400_000)

afterAll(async () => {
  await Promise.all([pushing, deleting].map(async one => one.remove()))
  await harbor.remove()
  await registry.remove()
}, 400_000)

const lanes = new Lanes<Done>()

/** What Harbor was asked to delete, as `<reference> <status>`. */
async function deletions(done: Done): Promise<string[]> {
  const { tag, digest } = imageOf(done, REPOSITORY)
  const path = `/v2/${REPOSITORY}/manifests/`
  return (await harbor.requests())
    .filter(line => line.method === 'DELETE' && line.path.startsWith(path))
    .map(line => `${line.path.slice(path.length)} ${line.status ?? '?'}`)
    .filter(line => line.startsWith(tag) || line.startsWith(digest))
    .map(line => line.replace(tag, 'tag').replace(digest, 'digest'))
}

test('a robot account that may pull and push: an image in its project is run, and one warning says that it stays', async () => {
  const done = await lanes.result('may push')
  expectBuilt(done)
  const { image } = imageOf(done, REPOSITORY)
  expect(image).toMatch(/^acme\/actions:/)
  expect(stopOf(done)).toEqual([expect.stringMatching(/^##\[warning\].*stays: .*(401|403)/)])
  expect(stopOf(done)[0]).toContain(image)
  expect(await registry.images()).toContain(image)
}, 400_000)

test('a robot account that may delete: the digest is deleted, and its tag, which Harbor does not delete, goes with it', async () => {
  const done = await lanes.result('may delete')
  expectBuilt(done)
  const { image } = imageOf(done, REPOSITORY)
  expect(stopOf(done)).toEqual([])
  expect(await deletions(done)).toEqual(['tag 400', 'digest 202'])
  expect(await registry.images()).not.toContain(image)
}, 400_000)

test("the robots' passwords were used for their own projects by the proxies alone", async () => {
  const done = [await lanes.result('may push'), await lanes.result('may delete')]
  expect(done).toHaveLength(2)
  const uses = (await registry.tokenRequests()).filter(({ authorization }) => authorization !== null)
  const robots = [registry.users.push.username, registry.users.delete.username]
  expect(robots).toEqual(['robot$acme+push', 'robot$acme+delete'])
  // The test itself lists the images, as the administrator.
  const names = new Set(uses.map(({ user }) => user).filter(user => user !== registry.users.admin.username))
  expect(names).toEqual(new Set(robots))
  const scopes = uses.filter(({ user }) => robots.includes(user ?? '')).flatMap(({ granted }) => granted)
  expect(scopes.filter(scope => !scope.startsWith(`repository:${PROJECT}/`))).toEqual([])
}, 400_000)
