import { afterEach, expect, test } from '@jest/globals'
import { Kube } from './kube.js'
import { type Handler, localServer, type LocalServer, refused, respond } from '@kaniko-hooks/testing'
import { warningEvent } from './warning-event.js'

const opened: LocalServer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(server => server.close()))
})

async function ask(handler: Handler): Promise<{ answer: unknown; calls: LocalServer['calls'] }> {
  const server = await localServer(handler)
  opened.push(server)
  const pod = { metadata: { name: 'a', uid: 'u1' } }
  return { answer: await warningEvent(new Kube(server.config), pod, new AbortController().signal), calls: server.calls }
}

test('the last warning about the pod', async () => {
  const { answer, calls } = await ask(() => ({
    items: [
      { metadata: {}, reason: 'FailedMount', message: 'new', lastTimestamp: '2026-01-01T00:00:02Z' },
      { metadata: {}, reason: 'FailedMount', message: 'old', lastTimestamp: '2026-01-01T00:00:01Z' }
    ]
  }))
  expect(answer).toMatchObject({ fatal: 'wait', reason: 'FailedMount', message: expect.stringContaining('new') })
  expect(calls[0]?.query.get('fieldSelector')).toBe('involvedObject.uid=u1,type=Warning')
})

test.each([
  ['driver name connectors-csi not found in the list of registered CSI drivers', 'connectors-csi'],
  ['volume mode "Ephemeral" not supported by driver connectors-csi (no CSIDriver object)', 'connectors-csi'],
  ['rpc error: code = NotFound desc = connector "a" not found', undefined]
])('%s: the driver that the node has not got', async (said, driver) => {
  const message = `MountVolume.SetUp failed for volume "connector" : kubernetes.io/csi: mounter.SetUpAt failed: ${said}`
  const { answer } = await ask(() => ({ items: [{ metadata: {}, reason: 'FailedMount', message }] }))
  expect(answer).toMatchObject({ missingDriver: driver, message: expect.stringContaining(said) })
  const advice = expect.stringContaining('does not run on its node')
  expect(answer).toMatchObject({ message: driver === undefined ? expect.not.stringContaining('installed') : advice })
})

test('without the right to read events', async () => {
  const said = 'events is forbidden: User "r" cannot list resource "events" in API group "" in the namespace "arc"'
  const { answer } = await ask((_call, response) => respond(response, 403, refused(403, 'Forbidden', said)))
  expect(answer).toBe('forbidden')
})

test('none', async () => {
  expect((await ask(() => ({ items: [] }))).answer).toBeUndefined()
})
