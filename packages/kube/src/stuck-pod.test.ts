import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Kube } from './kube.js'
import type { PodProblem } from './pod-problem.js'
import { StuckPod } from './stuck-pod.js'
import { localServer, type LocalServer, refused, respond } from '@kaniko-hooks/testing'

const opened: LocalServer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(server => server.close()))
})

const REFUSED = 'MountVolume.SetUp failed for volume "connector" : rpc error: code = NotFound'
const mount = (count: number): object => ({ metadata: {}, reason: 'FailedMount', message: REFUSED, count })
const FORBIDDEN = 'events is forbidden: User "r" cannot list resource "events" in API group "" in the namespace "arc"'

const MADE = new Date('2026-01-01T00:00:00Z')

/**
 * A pod on a node; `sandbox` is what its node says of that, undefined before Kubernetes 1.29.
 *
 * @param waited seconds until it got its node
 */
function podWith(sandbox?: 'True' | 'False', phase = 'Pending', waited = 0): V1Pod {
  const lastTransitionTime = new Date(MADE.getTime() + waited * 1000)
  return {
    metadata: { name: 'a', uid: 'u1', creationTimestamp: MADE },
    spec: {
      nodeName: 'node-7',
      containers: [],
      volumes: [
        { name: 'connector', csi: { driver: 'connectors-csi' } },
        { name: 's', secret: { secretName: 'push' } },
        { name: 'e', emptyDir: {} }
      ]
    },
    status: {
      phase,
      startTime: MADE,
      conditions: [
        { type: 'PodScheduled', status: 'True', lastTransitionTime },
        ...(sandbox === undefined ? [] : [{ type: 'PodReadyToStartContainers', status: sandbox }])
      ]
    }
  }
}

/**
 * What is said of a pod at each of these seconds, when its events are these at each look.
 *
 * @param events one list for each look, the last one stays; or the server's refusal
 */
async function seen(
  pod: V1Pod,
  events: readonly (readonly object[])[] | typeof FORBIDDEN,
  seconds: readonly number[],
  giveUpMs?: number
): Promise<{ said: (PodProblem | undefined)[]; looks: number }> {
  const server = await localServer((_call, response) => {
    if (events !== FORBIDDEN) return { items: events[Math.min(server.calls.length, events.length) - 1] ?? [] }
    respond(response, 403, refused(403, 'Forbidden', FORBIDDEN))
    return undefined
  })
  opened.push(server)
  const stuck = new StuckPod(new Kube(server.config), giveUpMs)
  const said: (PodProblem | undefined)[] = []
  for (const second of seconds) said.push(await stuck.see(pod, new AbortController().signal, second * 1000))
  return { said, looks: server.calls.length }
}

const SECONDS = [0, 14, 15, 29, 30, 45]

test('a mount that goes on failing is told, and given up after its time', async () => {
  const { said, looks } = await seen(podWith('False'), [[mount(5)]], SECONDS, 45_000)
  expect(said.map(problem => problem?.fatal)).toEqual([undefined, undefined, 'wait', undefined, 'wait', 'now'])
  expect(said.at(-1)?.message).toContain(REFUSED)
  expect(looks).toBe(3)
})

test('without a limit it is only told', async () => {
  const { said } = await seen(podWith('False'), [[mount(5)]], SECONDS)
  expect(said.at(-1)).toMatchObject({ fatal: 'wait', reason: 'FailedMount' })
})

test.each([
  ['goes on', [[mount(5)], [mount(6)], [mount(7)]], 'now'],
  ['is over, and an image is being pulled', [[mount(5)], [mount(6)], [mount(6)]], 'wait']
])('on a node that does not say whether it got so far: the failure %s', async (_, events, fatal) => {
  const { said } = await seen(podWith(), events, SECONDS, 45_000)
  expect(said.at(-1)?.fatal).toBe(fatal)
})

test('a mount that failed until the sandbox was made is not given up', async () => {
  const { said } = await seen(podWith('True'), [[mount(5)]], SECONDS, 45_000)
  expect(said.at(-1)?.fatal).toBe('wait')
})

test('another warning is told, and waited for', async () => {
  const event = { metadata: {}, reason: 'FailedCreatePodSandBox', message: 'no address', count: 9 }
  const { said } = await seen(podWith('False'), [[event]], SECONDS, 45_000)
  expect(said.at(-1)).toMatchObject({ fatal: 'wait', message: expect.stringContaining('no address') })
})

test('without the right to events, what is likely is told with the driver that may be it', async () => {
  const { said } = await seen(podWith('False'), FORBIDDEN, SECONDS, 45_000)
  expect(said.slice(0, -1)).toEqual([undefined, undefined, undefined, undefined, undefined])
  expect(said.at(-1)).toMatchObject({
    fatal: 'now',
    message: expect.stringMatching(/cannot be mounted \(by the CSI driver connectors-csi\)/)
  })
})

const MISSING = {
  ...mount(5),
  message:
    'mounter.SetUpAt failed to get CSI client: driver name connectors-csi not found in the list of registered CSI drivers'
}
const MISSING_SENTENCE =
  /driver connectors-csi is not installed, or its pod does not run on node node-7; .*has to install it/

describe('a driver that is not on the node', () => {
  const LATER = [0, 15, 45, 60, 179, 195]

  test('is told at once, and given up like any mount', async () => {
    const { said } = await seen(podWith('False'), [[MISSING]], SECONDS, 45_000)
    expect(said[2]).toMatchObject({ fatal: 'wait', message: expect.stringMatching(MISSING_SENTENCE) })
    expect(said.at(-1)).toMatchObject({ fatal: 'now', message: expect.stringMatching(MISSING_SENTENCE) })
  })

  test.each([
    ['with events', [[MISSING]]],
    ['without the right to events', FORBIDDEN]
  ] as const)('has longer when the pod had to wait for its node, %s', async (_, events) => {
    const { said } = await seen(podWith('False', 'Pending', 30), events, LATER, 45_000)
    expect(said.slice(2).map(problem => problem?.fatal)).toEqual(['wait', 'wait', 'wait', 'now'])
    expect(said.at(-1)?.message).toMatch(MISSING_SENTENCE)
  })

  /** The driver registers, and its socket is not served yet. */
  const UNAVAILABLE = {
    ...mount(1),
    message: 'rpc error: code = Unavailable desc = dial unix csi.sock: connection refused',
    lastTimestamp: '2026-01-01T00:02:00Z'
  }
  const before = (count: number): object => ({ ...MISSING, count, lastTimestamp: '2026-01-01T00:01:00Z' })

  test.each([
    ['on a new node', 30],
    ['on an old one', 0]
  ])('that comes and does not serve at once has its time from then on, %s', async (_, waited) => {
    const looks = [[before(4)], [before(5)], [before(5), UNAVAILABLE]]
    const { said } = await seen(podWith('False', 'Pending', waited), looks, [0, 15, 30, 45, 60, 75], 45_000)
    expect(said.slice(1).map(problem => problem?.fatal)).toEqual(['wait', 'wait', 'wait', 'wait', 'now'])
    expect(said.at(-1)?.message).toMatch(
      /csi\.sock: connection refused; before that, its node had not got the CSI driver connectors-csi$/
    )
  })

  test('is not what a driver that refuses is, also on a new node', async () => {
    const { said } = await seen(podWith('False', 'Pending', 30), [[mount(5)]], LATER, 45_000)
    expect(said[2]?.fatal).toBe('now')
  })
})

test('without the right to events and without a limit, it is waited for', async () => {
  expect((await seen(podWith('False'), FORBIDDEN, SECONDS)).said.at(-1)?.fatal).toBe('wait')
})

test.each([
  ['without the right to events', FORBIDDEN, /grant it list on events/],
  ['with it', [[]], /No event tells more/]
] as const)(
  '%s, and with no event, how far the pod got is told once a minute is nearly over',
  async (_, events, words) => {
    const { said } = await seen(podWith('False'), events, SECONDS)
    expect(said.slice(0, -1).every(problem => problem === undefined)).toBe(true)
    expect(said.at(-1)).toMatchObject({ fatal: 'wait', message: expect.stringMatching(words) })
  }
)

test.each([FORBIDDEN, [[]]] as const)('a pod whose sandbox is there is not given up', async events => {
  expect((await seen(podWith('True'), events, SECONDS, 45_000)).said.at(-1)).toMatchObject({ fatal: 'wait' })
})

test('a pod that runs is not asked for', async () => {
  const { said, looks } = await seen(podWith('True', 'Running'), [[mount(5)]], SECONDS, 45_000)
  expect({ said: said.filter(problem => problem !== undefined), looks }).toEqual({ said: [], looks: 0 })
})
