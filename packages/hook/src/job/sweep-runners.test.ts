import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'

import type { Call } from './call.js'
import { sweepRunners } from './sweep-runners.js'

interface Item {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly creationTimestamp: string
    readonly labels: Readonly<Record<string, string>>
  }
}

/** The path of a kind, by namespace, with what lies there. */
let objects: Map<string, Item[]>
let deleted: string[]
let asked: string[]
let server: Server
beforeEach(async () => {
  objects = new Map()
  deleted = []
  asked = []
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://api')
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      asked.push(`${request.method ?? ''} ${url.pathname}`)
      if (request.method === 'DELETE') {
        const { preconditions } = JSON.parse(Buffer.concat(chunks).toString()) as { preconditions?: { uid: string } }
        deleted.push(`${url.pathname.split('/').slice(-2).join('/')} ${preconditions?.uid ?? 'any'}`)
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
        return
      }
      if (url.pathname.includes('/batch/')) {
        const message =
          'jobs.batch is forbidden: User "r" cannot list resource "jobs" in API group "batch" in the namespace "jobs"'
        const status = { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403, message }
        response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(status))
        return
      }
      const [name, value] = (url.searchParams.get('labelSelector') ?? '').split('=')
      const items = (objects.get(url.pathname) ?? []).filter(
        ({ metadata }) => name === undefined || name === '' || metadata.labels[name] === value
      )
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items }))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise<void>(resolve => server.close(() => resolve()))
})

/** An object of the hook in namespace `jobs`, made by a runner pod. */
function made(name: string, hours: number, runner: string, home = 'runners'): Item {
  const labels = {
    'runner-pod': 'r',
    ...(home === '' ? {} : { 'kaniko-hooks/runner-namespace': home, 'kaniko-hooks/runner-uid': runner })
  }
  const creationTimestamp = new Date(Date.now() - hours * 3_600_000).toISOString()
  return { metadata: { name, uid: `uid of ${name}`, creationTimestamp, labels } }
}

async function sweep(namespace = 'jobs'): Promise<string[]> {
  const { port } = server.address() as AddressInfo
  const config = { server: new URL(`http://127.0.0.1:${port}`), token: () => Promise.resolve('t') }
  const notes: string[] = []
  const runnerKube = new Kube({ ...config, namespace: 'runners' })
  const kube = namespace === 'runners' ? runnerKube : new Kube({ ...config, namespace })
  await sweepRunners({ kube, runnerKube, note: (line: string) => notes.push(line) } as unknown as Call)
  kube.close()
  runnerKube.close()
  return notes
}

describe('sweepRunners', () => {
  test('removes what runners that are gone left, and nothing else', async () => {
    objects.set('/api/v1/namespaces/runners/pods', [made('living', 30, '', '')])
    objects.set('/api/v1/namespaces/jobs/pods', [
      made('left', 2, 'gone'),
      made('young', 0.5, 'gone'),
      made('of-a-living-runner', 50, 'uid of living'),
      made('of-another-namespace', 50, 'gone', 'others'),
      made('of-another-program', 50, 'gone', ''),
      made('without-a-runner', 50, '')
    ])
    objects.set('/api/v1/namespaces/jobs/secrets', [made('its-environment', 2, 'gone')])
    expect(await sweep()).toEqual([])
    expect(deleted.sort()).toEqual(['pods/left uid of left', 'secrets/its-environment uid of its-environment'])
  })

  test('asks for the runners only when somebody may be gone, after what they made', async () => {
    objects.set('/api/v1/namespaces/jobs/pods', [made('young', 0.5, 'gone')])
    await sweep()
    expect(asked).not.toContain('GET /api/v1/namespaces/runners/pods')
    objects.set('/api/v1/namespaces/jobs/pods', [made('left', 2, 'gone')])
    await sweep()
    const list = asked.indexOf('GET /api/v1/namespaces/runners/pods')
    expect(asked.slice(0, list)).toContain('GET /api/v1/namespaces/jobs/secrets')
    expect(deleted).toHaveLength(1)
  })

  test('asks nothing where the ownerReference does it', async () => {
    await sweep('runners')
    expect(asked).toEqual([])
  })
})
