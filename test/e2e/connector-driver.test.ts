import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import {
  connectorUser,
  createConnector,
  driverNodes,
  installConnectors,
  removeDriver,
  type Connector
} from '../connector/index.js'
import { Lanes } from '../faults/lanes.js'
import { tokenRegistry, type TokenRegistry } from '../registries/index.js'
import {
  buildPods,
  byLocalhost,
  EVENTS,
  expectBuilt,
  expectRefused,
  outputIn,
  rightsFor,
  runBuild,
  runHeldBuild,
  stopOf,
  through,
  upstreamOf,
  USER,
  type Done
} from '../support/connector-job.js'
import type { Seen } from '../support/observe.js'
import { NOVOLUME_ROLE, VOLUME_ROLE } from '../support/roles.js'
import type { RunnerPod } from '../support/runner-pod.js'
import { Suite } from '../support/suite.js'

/** It takes the driver from the whole cluster for two minutes: nobody else can use connectors in the meantime. */
const suite = new Suite('driver')

let registry: TokenRegistry
let connector: Connector
let destination: object
let runners: Readonly<Record<'first' | 'poor' | 'novolume', RunnerPod>>

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await tokenRegistry(cluster, namespace)
  connector = await createConnector(cluster, namespace, { name: 'driverless', upstream: upstreamOf(registry) })
  await connectorUser(cluster, namespace, USER, connector)
  destination = through(connector, { pullAddress: byLocalhost(connector) })
  const rights = rightsFor([connector.name], [USER])
  const [first, poor, novolume] = await Promise.all([
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rights, EVENTS] }),
    suite.runner({ mode: 'volume', rules: [...VOLUME_ROLE, ...rights] }),
    suite.runner({ mode: 'novolume', rules: [...NOVOLUME_ROLE, ...rights, EVENTS] })
  ])
  runners = { first, poor, novolume }
  await removeDriver(cluster)
  startJobs()
}, 180_000)

afterAll(async () => {
  await installConnectors(suite.cluster)
  await connector.remove()
  await registry.remove()
}, 180_000)

const lanes = new Lanes<Done>()

function startJobs(): void {
  const { first, poor, novolume } = runners
  lanes.start({ 'no driver': () => runBuild(suite, first, destination) })
  lanes.start({ 'no driver, without events': () => runBuild(suite, poor, destination) })
  lanes.start({
    'a driver that comes late to a new node': () => runHeldBuild(suite, novolume, destination, () => seconds(15))
  })
  lanes.start({
    'a driver that comes late': async () => {
      await Promise.allSettled(['no driver', 'no driver, without events'].map(name => lanes.result(name)))
      let coming: Promise<unknown> | undefined
      const onObject = (item: Seen): void => {
        // The kubelet looks for it 16 and 32 s after the pod was placed.
        const isWaiting = item.kind === 'Pod' && item.metadata?.name?.startsWith(`${first.name}-build-`) === true
        if (isWaiting) coming ??= seconds(22).then(() => installConnectors(suite.cluster))
      }
      const done = await runBuild(suite, first, destination, { onObject })
      await coming
      return done
    }
  })
}

const seconds = (count: number): Promise<void> => new Promise(resolve => setTimeout(resolve, count * 1000))

/** What has to be done, in either case. */
const ADVICE =
  /the CSI driver connectors-csi is not installed, or its pod does not run on node \S+; whoever runs the cluster has to install it/

describe('a cluster without the driver: the step fails within a minute and says what is missing', () => {
  test.each([
    ['no driver', /FailedMount.*driver name connectors-csi not found in the list of registered CSI drivers/],
    ['no driver, without events', /cannot be mounted \(by the CSI driver connectors-csi\).*grant it list on events/]
  ])(
    '%s',
    async (name, sentence) => {
      const done = await lanes.result(name)
      expectRefused(done, sentence)
      expectRefused(done, ADVICE)
      expect(buildPods(done)).toHaveLength(1)
      expect(stopOf(done)).toEqual([])
    },
    240_000
  )
})

describe('a driver that starts after the build pod was placed: the job waits for it', () => {
  test.each([['a driver that comes late'], ['a driver that comes late to a new node']])(
    '%s',
    async name => {
      const done = await lanes.result(name)
      // What it waits for is told long before it comes.
      expect(outputIn(done).filter(line => ADVICE.test(line))).toHaveLength(1)
      expectBuilt(done)
      expect(stopOf(done)).toEqual([])
      expect(await registry.images()).toEqual([])
    },
    300_000
  )

  test('which on a node that had to come first takes longer than any refusal does', async () => {
    const done = await lanes.result('a driver that comes late to a new node')
    expect(done.seconds).toBeGreaterThan(60)
    expect(await driverNodes(suite.cluster)).toEqual([suite.cluster.nodeName])
  }, 300_000)
})
