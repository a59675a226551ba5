import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { connectorUser, createConnector, deleteConnector, installConnectors } from '../../stand-ins/connector/index.js'
import { Lanes } from '../../faults/lanes.js'
import {
  createAuthority,
  proxiedRegistry,
  tokenRegistry,
  type ProxiedRegistry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import { Choice } from '../../harness/choice.js'
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
import { Made } from '../../harness/made.js'
import { NOVOLUME_ROLE, VOLUME_ROLE, type Rule } from '../../harness/roles.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'

const suite = new Suite('harbor')

const PROJECT = 'acme'
const REPOSITORY = `${PROJECT}/actions`

/** Behind it; the names of its users are those of robot accounts, `robot$acme+push`. */
let registry: TokenRegistry
/** Answers in its place where Harbor answers otherwise: a tag cannot be deleted. */
let harbor: ProxiedRegistry
const made = new Made()
const lanes = new Lanes<Done>()

/** That Harbor deletes a digest in the place of a tag is tried without a connector too. */
const choice = new Choice(['may push'])
/** What the robot account of a job may do; that of the vendor's automation may pull and push. */
const ROBOTS = choice.jobs({ 'may push': 'push', 'may delete': 'delete' } as const)

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  const authority = await createAuthority()
  registry = await made.keep(tokenRegistry(cluster, namespace, { path: PROJECT, authority }), one => one?.remove())
  harbor = await made.keep(
    proxiedRegistry(cluster, namespace, registry, { name: 'harbor', authority, deleteRules: 'harbor' }),
    one => one?.remove()
  )
  const jobs = choice.jobs({
    // The class has this name of the configuration since the beginning, and the other since 1.8.
    'may push': () => run('push', { mode: 'volume', rules: VOLUME_ROLE }, { configuration: 'config' }),
    'may delete': () => run('delete', { mode: 'novolume', rules: NOVOLUME_ROLE }, {})
  })
  for (const [name, job] of Object.entries(jobs)) lanes.start({ [name]: job })
}, 400_000)

afterAll(() => made.remove(), 400_000)

/** A build through a connector of the robot's own, by a runner of its own. */
async function run(
  robot: 'push' | 'delete',
  { mode, rules }: { readonly mode: Mode; readonly rules: readonly Rule[] },
  more: object
): Promise<Done> {
  const { cluster, namespace } = suite
  const name = `harbor-${robot}`
  const upstream = { ...upstreamOf(registry, robot), address: `https://${harbor.pushHost}` }
  const making = createConnector(cluster, namespace, { name, connectorClass: 'harbor', upstream })
  const connector = await made.keep(making, () => deleteConnector(cluster, namespace, name))
  await connectorUser(cluster, namespace, USER, connector)
  const runner = await suite.runner({ mode, rules: [...rules, ...rightsFor([name], [USER])] })
  const pullAddress = byLocalhost(connector)
  return runBuild(suite, runner, through(connector, { repository: REPOSITORY, pullAddress, ...more }))
}

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

if (choice.has('may delete')) {
  test('a robot account that may delete: the digest is deleted, and its tag, which Harbor does not delete, goes with it', async () => {
    const done = await lanes.result('may delete')
    expectBuilt(done)
    const { image } = imageOf(done, REPOSITORY)
    expect(stopOf(done)).toEqual([])
    expect(await deletions(done)).toEqual(['tag 400', 'digest 202'])
    expect(await registry.images()).not.toContain(image)
  }, 400_000)
}

test("the robots' passwords were used for their own projects by the proxies alone", async () => {
  for (const name of Object.keys(ROBOTS)) await lanes.result(name)
  const uses = (await registry.tokenRequests()).filter(({ authorization }) => authorization !== null)
  const robots = Object.values(ROBOTS).map(name => registry.users[name].username)
  expect(robots).toEqual(Object.values(ROBOTS).map(name => `robot$acme+${name}`))
  // The test itself lists the images, as the administrator.
  const names = new Set(uses.map(({ user }) => user).filter(user => user !== registry.users.admin.username))
  expect(names).toEqual(new Set(robots))
  const scopes = uses.filter(({ user }) => robots.includes(user ?? '')).flatMap(({ granted }) => granted)
  expect(scopes.filter(scope => !scope.startsWith(`repository:${PROJECT}/`))).toEqual([])
}, 400_000)
