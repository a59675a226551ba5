import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import {
  connectorUser,
  createConnector,
  deleteConnector,
  driverNodes,
  installConnectors,
  removeDriver,
  type Connector
} from '../../stand-ins/connector/index.js'
import { Lanes } from '../../faults/lanes.js'
import { tokenRegistry, type TokenRegistry } from '../../stand-ins/registries/index.js'
import { undoAll, type Undo } from '../../stand-ins/registries/objects.js'
import {
  buildPods,
  byLocalhost,
  EVENTS,
  expectBuilt,
  expectRefused,
  imageOf,
  outputIn,
  rightsFor,
  runBuild,
  runHeldBuild,
  stopOf,
  through,
  upstreamOf,
  USER,
  type Done
} from '../../harness/connector-job.js'
import { NOVOLUME_ROLE, VOLUME_ROLE } from '../../harness/roles.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'

/** It takes the driver from the whole cluster for two minutes: nobody else can make a connector in the meantime. */
const suite = new Suite('driver')

let registry: TokenRegistry
let connector: Connector
let destination: object
let runners: Readonly<Record<'first' | 'poor' | 'novolume', RunnerPod>>
let bringBack: () => Promise<void>
const undo: Undo[] = []

beforeAll(async () => {
  const { cluster, namespace } = suite
  await installConnectors(cluster)
  registry = await tokenRegistry(cluster, namespace)
  undo.push(() => registry.remove())
  undo.push(() => deleteConnector(cluster, namespace, 'driverless'))
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
  // Others get minutes to end first.
  const driver = await removeDriver(cluster, namespace)
  let coming: Promise<void> | undefined
  bringBack = () => (coming ??= driver())
  undo.push(bringBack)
  startJobs()
}, 500_000)

afterAll(() => undoAll(undo), 180_000)

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
      const onLog = (line: string): void => {
        // 15 s after the pod was placed. The kubelet looks for it half a second later, and after 16 s more.
        if (ADVICE.test(line)) bringBack().catch(() => undefined)
      }
      try {
        return await runBuild(suite, first, destination, { onLog })
      } finally {
        await bringBack()
      }
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
      // The other job may not have ended.
      expect(await registry.images()).not.toContain(imageOf(done).image)
    },
    300_000
  )

  test('which on a node that had to come first takes longer than any refusal does', async () => {
    const done = await lanes.result('a driver that comes late to a new node')
    expect(done.seconds).toBeGreaterThan(60)
    expect(await driverNodes(suite.cluster)).toEqual([suite.cluster.nodeName])
  }, 300_000)
})
