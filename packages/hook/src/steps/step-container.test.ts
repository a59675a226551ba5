import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Kube } from '@kaniko-hooks/kube'
import { afterEach, expect, test } from '@jest/globals'

import { deleteStep, startStep } from './step-container.js'

const OWNER = { runnerPod: 'r', uid: 'u', sameNamespace: true, annotations: {} }
const TEMPLATE = { spec: { containers: [{ name: 'job', image: 'busybox' }] } }

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
})

interface Answers {
  /** What the API server says of the pod that is only tried; nothing when it takes it. */
  readonly tried?: { readonly code: number; readonly message: string }
  /** And of the Job. */
  readonly job?: { readonly code: number; readonly message: string }
  /** After how many looks the Job's controller has made the pod. */
  readonly podAfter: number
}

/** An API server and a Job's controller; `asked` has each request in its order. */
async function clusterWith(answers: Answers): Promise<{ kube: Kube; asked: string[] }> {
  const asked: string[] = []
  let looks = 0
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://local')
    const kind = pathname.split('/')[pathname.includes('/apis/') ? 6 : 5] ?? ''
    const dry = searchParams.has('dryRun')
    asked.push(`${request.method ?? ''} ${kind}${dry ? ' dry' : ''}`)
    const refused =
      request.method !== 'POST' ? undefined : kind === 'jobs' ? answers.job : dry ? answers.tried : undefined
    request.resume().on('end', () => {
      response.writeHead(refused?.code ?? 200, { 'content-type': 'application/json' })
      if (refused !== undefined) {
        response.end(JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Forbidden', ...refused }))
      } else if (request.method === 'GET') {
        looks += 1
        const pod = { metadata: { name: 'r-step-1-x', ownerReferences: [{ uid: 'job uid' }] } }
        response.end(JSON.stringify({ items: looks > answers.podAfter ? [pod] : [], metadata: {} }))
      } else {
        response.end(JSON.stringify({ metadata: { name: 'r-step-1', uid: 'job uid' } }))
      }
    })
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const config = { server: new URL(`http://127.0.0.1:${port}`), namespace: 'arc', token: () => Promise.resolve('t') }
  return { kube: new Kube(config), asked }
}

const QUOTA = { code: 403, message: 'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2' }
const POLICY = {
  code: 422,
  message: 'pods "a" is forbidden: ValidatingAdmissionPolicy "p" with binding "b" denied request: no'
}

const start = async (kube: Kube): Promise<unknown> =>
  startStep(kube, OWNER, 'r-step-1', TEMPLATE, false, new AbortController().signal)

test.each([
  ["a quota that the step's own pod uses up", QUOTA],
  ['a policy that refuses what is only tried', POLICY],
  ['a webhook with side effects', { code: 400, message: 'admission webhook "w" does not support dry run' }]
])('%s does not end a Job that gets its pod', async (_name, tried) => {
  const { kube, asked } = await clusterWith({ tried, podAfter: 3 })
  await expect(start(kube)).resolves.toEqual({ job: 'r-step-1', pod: 'r-step-1-x' })
  expect(asked.filter(request => request.startsWith('DELETE'))).toEqual([])
})

test('a Job that gets no pod is explained by what the API server says of such a pod, and removed', async () => {
  const { kube, asked } = await clusterWith({ tried: QUOTA, podAfter: Infinity })
  await expect(start(kube)).rejects.toMatchObject({ code: 'QUOTA', message: expect.stringContaining('used: pods=2') })
  expect(asked).toContain('DELETE jobs')
}, 30_000)

test("a Job that is refused is explained by the API server's word on the Job", async () => {
  const job = { code: 403, message: 'jobs "a" is forbidden: exceeded quota: j, requested: count/jobs.batch=1' }
  const { kube } = await clusterWith({ tried: POLICY, job, podAfter: 0 })
  await expect(start(kube)).rejects.toMatchObject({
    code: 'QUOTA',
    message: expect.stringContaining('count/jobs.batch')
  })
})

test('where the role has no jobs it is a bare pod, whatever became of the try', async () => {
  const job = {
    code: 403,
    message: 'jobs.batch is forbidden: User "u" cannot create resource "jobs" in API group "batch"'
  }
  const { kube, asked } = await clusterWith({ tried: QUOTA, job, podAfter: 0 })
  await expect(start(kube)).resolves.toEqual({ job: undefined, pod: 'r-step-1' })
  expect(asked.at(-1)).toBe('POST pods')
})

test("a step's end waits half a minute for its deletions, and not as long as for an outage", async () => {
  const asked: unknown[] = []
  const kube = {
    delete: (...[kind, name, { retryForMs } = {}]: Parameters<Kube['delete']>) =>
      Promise.resolve(asked.push([kind, name, retryForMs]) > 0)
  }
  await deleteStep(kube as unknown as Kube, { pod: 'r-step-1-x', job: 'r-step-1' })
  expect(asked).toEqual([
    ['pods', 'r-step-1-x', 30_000],
    ['jobs', 'r-step-1', 30_000]
  ])
})
