import { Kube, type V1Job, type V1Pod } from '@kaniko-hooks/kube'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ApiServer, forbidden as lacking, refused, type Refusal } from '@kaniko-hooks/testing'

import { deleteStep, startStep } from './step-container.js'

const OWNER = { runnerPod: 'r', uid: 'u', sameNamespace: true, annotations: {} }
const TEMPLATE = { spec: { containers: [{ name: 'job', image: 'busybox' }] } }

let server: ApiServer
let kube: Kube
beforeEach(async () => {
  server = await ApiServer.start()
  kube = new Kube(server.config)
})
afterEach(async () => {
  kube.close()
  await server.stop()
})

const forbidden = (code: number, message: string): Refusal => refused(code, 'Forbidden', message)
const QUOTA = forbidden(403, 'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2')
const POLICY = forbidden(
  422,
  'pods "a" is forbidden: ValidatingAdmissionPolicy "p" with binding "b" denied request: no'
)
const TRIED = 'POST pods (dry run)'

const start = async (): Promise<unknown> =>
  startStep(kube, OWNER, 'r-step-1', TEMPLATE, false, new AbortController().signal)

test.each([
  ["a quota that the step's own pod uses up", QUOTA],
  ['a policy that refuses what is only tried', POLICY],
  ['a webhook with side effects', forbidden(400, 'admission webhook "w" does not support dry run')]
])('%s does not end a Job that gets its pod', async (_name, tried) => {
  server.refuse(TRIED, tried)
  server.onCreate('jobs', job => {
    let looks = 0
    server.intercept('GET pods', () => {
      looks += 1
      if (looks === 4) server.put('pods', podOf(job))
    })
  })
  await expect(start()).resolves.toMatchObject({ job: 'r-step-1', pod: 'r-step-1-x' })
  expect(server.asked.filter(line => line.startsWith('DELETE'))).toEqual([])
  expect(server.asked.filter(line => line === 'GET pods')).toHaveLength(4)
})

test('a Job that gets its pod is not tried', async () => {
  await expect(start()).resolves.toMatchObject({ job: 'r-step-1' })
  expect(server.asked).not.toContain(TRIED)
})

/** What a Job's controller makes. */
function podOf({ metadata }: V1Job): V1Pod {
  const { name = '', uid = '' } = metadata ?? {}
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }]
  return { metadata: { name: `${name}-x`, labels: { 'job-name': name }, ownerReferences } }
}

test('a Job that gets no pod is explained by what the API server says of such a pod, and removed', async () => {
  server.refuse(TRIED, QUOTA)
  server.onCreate('jobs', () => undefined)
  await expect(start()).rejects.toMatchObject({ code: 'QUOTA', message: expect.stringContaining('used: pods=2') })
  expect(server.asked).toContain('DELETE jobs/r-step-1')
  expect(server.names('jobs')).toEqual([])
}, 30_000)

test("a Job that is refused is explained by the API server's word on the Job", async () => {
  server.refuse(TRIED, POLICY)
  server.refuse('POST jobs', forbidden(403, 'jobs "a" is forbidden: exceeded quota: j, requested: count/jobs.batch=1'))
  await expect(start()).rejects.toMatchObject({
    code: 'QUOTA',
    message: expect.stringContaining('count/jobs.batch')
  })
})

test('where the role has no jobs it is a bare pod, whatever became of the try', async () => {
  server.refuse(TRIED, QUOTA)
  server.refuse('POST jobs', lacking('create', 'jobs.batch', 'arc'))
  await expect(start()).resolves.toMatchObject({ job: undefined, pod: 'r-step-1' })
  expect(server.asked.at(-1)).toBe('POST pods')
})

test('a pod that was not seen yet is deleted before its Job, whose deletion would give it half a minute', async () => {
  server.onCreate('jobs', job => void server.put('pods', podOf(job)))
  await kube.create('jobs', { metadata: { name: 'r-step-1' } })
  await expect(deleteStep(kube, { pod: '', job: 'r-step-1' })).resolves.toEqual(['r-step-1-x'])
  expect(server.changes.filter(line => line.startsWith('DELETE'))).toEqual([
    'DELETE pods/r-step-1-x',
    'DELETE jobs/r-step-1'
  ])
})

test("a step's end waits half a minute for its deletions, and not as long as for an outage", async () => {
  const asked: unknown[] = []
  class Noting extends Kube {
    override delete(...[kind, name, { retryForMs } = {}]: Parameters<Kube['delete']>): Promise<boolean> {
      return Promise.resolve(asked.push([kind, name, retryForMs]) > 0)
    }
  }
  await deleteStep(new Noting(server.config), { pod: 'r-step-1-x', job: 'r-step-1' })
  expect(asked).toEqual([
    ['pods', 'r-step-1-x', 30_000],
    ['jobs', 'r-step-1', 30_000]
  ])
})
