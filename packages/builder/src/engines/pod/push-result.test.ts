import { describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kaniko-hooks/kube'
import type { V1ContainerState } from '@kubernetes/client-node'
import { withOrigin } from '../../destinations/refusal.js'
import { haveEnded, lastWords, pushProblem, throwUnlessPushed } from './push-result.js'

const DIGEST = `sha256:${'a'.repeat(64)}`

/** A build pod whose push containers ended with these codes; undefined: it still runs. */
function podOf(phase: string, ...codes: readonly (number | undefined)[]): V1Pod {
  return {
    status: {
      phase,
      containerStatuses: codes.map((exitCode, index) => ({
        name: index === 0 ? 'push' : `push-${index + 1}`,
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: exitCode === undefined ? { running: {} } : { terminated: { exitCode, message: `r.ci/a@${DIGEST}` } }
      }))
    }
  }
}

/** The same pod, whose last container said nothing. */
function silent(pod: V1Pod): V1Pod {
  delete pod.status?.containerStatuses?.at(-1)?.state?.terminated?.message
  return pod
}

/** The same pod with a container that a webhook has put into it. */
function withOther(pod: V1Pod, state: V1ContainerState, isInit = false): V1Pod {
  const other = { name: 'mesh', image: '', imageID: '', ready: false, restartCount: 0, state }
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const statuses = isInit
    ? { initContainerStatuses: [...initContainerStatuses, other] }
    : { containerStatuses: [...containerStatuses, other] }
  return { ...pod, status: { ...pod.status, ...statuses } }
}

test('of a registry without TLS, what allows it is said behind the last words', () => {
  const said =
    '2026/11/29 22:00:00 pushed blob: a\nError: pushing image r.ci/a: Get "https://r.ci/v2/": http: server gave HTTP response to HTTPS client'
  expect(lastWords(said)).toMatch(/^Get .* HTTPS client; the registry answers in plain HTTP, without TLS; allow/)
})

describe('the end of the push', () => {
  test.each([
    ['both ended, and the pod', podOf('Succeeded', 0, 0), true],
    ['both ended, and the pod failed', podOf('Failed', 0, 1), true],
    ['one still runs', podOf('Running', 0, undefined), false],
    // The kubelet reports the end of the last container before that of the pod.
    ['both ended and said what they pushed, the phase comes later', podOf('Running', 0, 0), true],
    ['both ended, one badly, the phase comes later', podOf('Running', 0, 1), false],
    ['both ended, one said nothing, the phase comes later', silent(podOf('Running', 0, 0)), false],
    ['both ended before the pod was ever seen running', podOf('Pending', 0, 0), true],
    ['both ended, and a container of somebody else goes on', withOther(podOf('Running', 0, 0), { running: {} }), true],
    ['the same, and it has not even begun', withOther(podOf('Running', 0, 0), { waiting: {} }), true],
    ['the same as an init container that stays', withOther(podOf('Running', 0, 0), { running: {} }, true), true],
    [
      'it ended too, the phase comes later',
      withOther(silent(podOf('Running', 0, 0)), { terminated: { exitCode: 0 } }),
      false
    ],
    ['it ended, and one still runs', withOther(podOf('Running', 0, undefined), { terminated: { exitCode: 0 } }), false],
    // The kubelet writes the phase of a pod that it evicts before its containers have ended.
    ['one still runs in a pod that is evicted', withOther(podOf('Failed', 0, undefined), { running: {} }), false],
    ['no status', {}, false]
  ])('%s', (_, pod, expected) => {
    expect(haveEnded(pod, 2, DIGEST)).toBe(expected)
  })
})

describe('beside a container that a webhook has put into the pod', () => {
  const beside = withOther(podOf('Running', 0), { running: {} })

  test('the digest counts', () => {
    expect(pushProblem(beside, 0, DIGEST, 20_000)).toBeUndefined()
  })

  test.each([
    ['a pod that is deleted', { ...beside, metadata: { name: 'p', deletionTimestamp: new Date(0) } }, /was deleted/],
    ['one that is evicted', { ...beside, status: { ...beside.status, phase: 'Failed', reason: 'Evicted' } }, /Evicted/]
  ])('but not that of %s', (_, pod, why) => {
    expect(pushProblem(pod, 0, DIGEST, 20_000)).toMatch(why)
  })
})

describe('what a container says', () => {
  test.each([
    ['nothing is wrong', podOf('Succeeded', 0), DIGEST, undefined],
    ['another digest', podOf('Succeeded', 0), `sha256:${'b'.repeat(64)}`, /another image was pushed/],
    ['it still runs at the limit', podOf('Running', undefined), DIGEST, /did not take it within 20 s/],
    ['it failed', podOf('Failed', 1), DIGEST, /r\.ci/]
  ])('%s', (_, pod, digest, expected) => {
    const why = pushProblem(pod, 0, digest, 20_000)
    if (expected === undefined) expect(why).toBeUndefined()
    else expect(why).toMatch(expected)
  })
})

describe("crane's last words", () => {
  const wordsOf = (message: string): string | undefined => {
    const pod = podOf('Failed', 1)
    const [status] = pod.status?.containerStatuses ?? []
    if (status?.state?.terminated !== undefined) status.state.terminated.message = message
    return pushProblem(pod, 0, DIGEST, 20_000)
  }

  test('are its error, and not what it did before', () => {
    const error = 'POST https://r.ci/v2/a/blobs/uploads/: DENIED: no right'
    expect(wordsOf(`2026/11/22 12:00:00 pushed blob: sha256:1\nError: pushing image r.ci/a:h: ${error}\n`)).toBe(error)
  })

  test.each([
    ['Get "https://r.ci/v2/": Proxy Authentication Required', 'the proxy said: '],
    ['POST https://r.ci/v2/a/blobs/uploads/: DENIED: Forbidden', 'the registry r.ci said: ']
  ])('are of a proxy, or of the registry: %s', (error, beginning) => {
    const why = withOrigin(wordsOf(`Error: pushing image r.ci/a:h: ${error}\n`) ?? '', undefined)
    expect(() => throwUnlessPushed([{ pushRef: 'r.ci/a:h', why }])).toThrow(
      `r.ci/a:h could not be pushed; ${beginning}${error}`
    )
  })

  test('about a token service that it does not trust tell what helps', () => {
    const error = 'Error: realm host "10.0.0.9" is a private or link-local address'
    expect(wordsOf(error)).toMatch(/same host and port as the registry/)
  })
})

test("a silence is not put into the registry's mouth", () => {
  const why = pushProblem(podOf('Running', undefined), 0, DIGEST, 20_000)
  expect(() => throwUnlessPushed([{ pushRef: 'two.ci/a:1', why }])).toThrow(
    'two.ci/a:1 could not be pushed; the registry did not take it within 20 s'
  )
})

test('what was pushed all the same is told to programs too, with all its tags', () => {
  const cause = { name: 'PartlyPushed', pushed: ['one.ci:5000/a:1', 'one.ci:5000/a:2'] }
  expect(() =>
    throwUnlessPushed([
      { pushRef: 'one.ci:5000/a:1', tags: ['2'], why: undefined },
      { pushRef: 'two.ci/a:1', tags: ['2'], why: 'DENIED' }
    ])
  ).toThrow(expect.objectContaining({ code: 'PUSH_FAILED', cause: expect.objectContaining(cause) }))
})

test('an error names what failed, and what is there all the same', () => {
  expect(() =>
    throwUnlessPushed([
      { pushRef: 'one.ci/a:1', why: undefined },
      { pushRef: 'two.ci/a:1', why: 'DENIED' }
    ])
  ).toThrow('two.ci/a:1 could not be pushed; the registry two.ci said: DENIED. It was pushed to one.ci/a:1.')
})
