import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Pod, V1Secret } from '@kaniko-hooks/kube'
import { forbidden, refused } from '@kaniko-hooks/testing'

import { crane, Kbuild } from '../kbuild.fixture.js'

const HOUR = 3_600_000
const LABELS = { 'app.kubernetes.io/managed-by': 'kbuild' }

let kbuild: Kbuild
beforeEach(async () => {
  kbuild = await Kbuild.start()
})
afterEach(async () => kbuild.stop())

const ago = (hours: number): Date => new Date(Date.now() - hours * HOUR).toISOString() as unknown as Date

interface Made {
  readonly hours?: number
  readonly phase?: string
  readonly deadline?: number
  readonly labels?: Readonly<Record<string, string>>
}

function pod(name: string, { hours = 48, phase = 'Failed', deadline = 3600, labels = LABELS }: Made = {}): V1Pod {
  const stored = kbuild.server.put('pods', {
    metadata: { name, labels: { ...labels }, creationTimestamp: ago(hours) },
    spec: { containers: [], activeDeadlineSeconds: deadline },
    status: { phase, startTime: ago(hours) }
  })
  return stored
}

function secret(name: string, owner: V1Pod | undefined, labels: Readonly<Record<string, string>> = LABELS): V1Secret {
  const { name: by = '', uid = '' } = owner?.metadata ?? {}
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'v1', kind: 'Pod', name: by, uid }]
  return kbuild.server.put('secrets', {
    metadata: { name, labels: { ...labels }, creationTimestamp: ago(48), ownerReferences }
  })
}

const left = (): readonly string[] => [
  ...kbuild.server.names('pods'),
  ...kbuild.server.names('jobs'),
  ...kbuild.server.names('secrets')
]

describe('what is removed', () => {
  test('ended pods and what they own, and pods that nobody ended in time', async () => {
    secret('dead-push', pod('dead'))
    pod('lost', { phase: 'Running', deadline: 3600 })
    secret('alone', undefined)
    const { code, stdout } = await kbuild.run(['gc'])
    expect(code).toBe(0)
    expect(stdout.split('\n').sort()).toEqual([
      '',
      'pod dead (48 h old)',
      'pod lost (48 h old)',
      'secret alone (48 h old)',
      'secret dead-push (48 h old)'
    ])
    expect(left()).toEqual([])
  })

  test('a Job that has ended, with its pod', async () => {
    kbuild.server.onCreate('jobs', () => undefined)
    const job = kbuild.server.put('jobs', {
      metadata: { name: 'doctor', labels: LABELS, creationTimestamp: ago(30) },
      status: { conditions: [{ type: 'Complete', status: 'True' }] }
    })
    const { name = '', uid = '' } = job.metadata ?? {}
    kbuild.server.put('pods', {
      metadata: {
        name: 'doctor-x',
        labels: LABELS,
        creationTimestamp: ago(30),
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }]
      },
      status: { phase: 'Succeeded' }
    })
    const { stdout } = await kbuild.run(['gc'])
    expect(stdout).toBe('job doctor (30 h old)\npod doctor-x (30 h old)\n')
    expect(left()).toEqual([])
  })

  test('--dry-run only prints, --older-than reaches farther', async () => {
    pod('young', { hours: 2 })
    expect(await kbuild.run(['gc', '--dry-run'])).toMatchObject({ stdout: '' })
    expect(await kbuild.run(['gc', '--dry-run', '--older-than', '1h'])).toMatchObject({
      stdout: 'pod young (2 h old)\n'
    })
    expect(left()).toEqual(['young'])
    await kbuild.run(['gc', '--older-than', '1h'])
    expect(left()).toEqual([])
  })
})

describe('what stays', () => {
  test('builds that run, and their Secrets', async () => {
    secret('long-push', pod('long', { phase: 'Running', deadline: 72 * 3600 }))
    secret('pending-push', pod('pending', { phase: 'Pending', deadline: 72 * 3600 }))
    secret('pending', undefined)
    const { code, stdout, stderr } = await kbuild.run(['gc'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/pod long \(48 h old\) stays: it is Running, and its time is not over/)
    expect(stderr).toMatch(/secret long-push \(48 h old\) stays: its owner is alive/)
    expect(stderr).toMatch(/secret pending \(48 h old\) stays: its pod is alive/)
    expect(left()).toHaveLength(5)
  })

  test('what the hook or others made, also under our label', async () => {
    pod('job-workflow', { labels: { ...LABELS, 'runner-pod': 'runner-1' } })
    pod('build', { labels: { 'kaniko-hooks/build': 'true', 'runner-pod': 'runner-1' } })
    pod('app', { labels: { app: 'x' } })
    secret('record', undefined, { 'kaniko-hooks/image': 'true' })
    secret('of-app', kbuild.server.put('pods', { metadata: { name: 'web' } }))
    await kbuild.run(['gc'])
    expect([...left()].sort()).toEqual(['app', 'build', 'job-workflow', 'of-app', 'record', 'web'])
  })

  test('a pod that took the place of the one that was seen', async () => {
    pod('dead')
    kbuild.server.intercept('DELETE pods/dead', () => {
      kbuild.server.remove('pods', 'dead')
      pod('dead', { phase: 'Running', deadline: 999_999 })
    })
    await kbuild.run(['gc'])
    expect(left()).toEqual(['dead'])
  })
})

describe('a right that is missing', () => {
  const ROLE = 'kubectl -n arc create role kbuild-gc --verb=list,delete --resource=pods,jobs.batch,secrets'

  test('hides no other kind, and is told with the role that mends it', async () => {
    pod('dead')
    kbuild.server.refuse('GET jobs', forbidden('list', 'jobs.batch', 'arc'))
    kbuild.server.refuse('GET secrets', forbidden('list', 'secrets', 'arc'))
    const { code, stdout, stderr } = await kbuild.run(['gc'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'pod dead (48 h old)\n' })
    expect(stderr).toMatch(/^Note: no jobs were looked for, since the account may not list them\. /)
    expect(stderr).toMatch(/\nNote: no secrets were looked for/)
    expect(stderr).toContain(ROLE)
  })

  test.each([
    ['pods are needed', 'GET pods', 'list', 3],
    ['what may not be removed stays', 'DELETE pods/dead', 'delete', 4]
  ])('%s', async (_, request, verb, expected) => {
    pod('dead')
    kbuild.server.refuse(request, forbidden(verb, 'pods', 'arc'))
    const { code, stderr } = await kbuild.run(['gc'])
    expect({ code, left: left() }).toEqual({ code: expected, left: ['dead'] })
    expect(stderr).toContain(`cannot ${verb} resource "pods"`)
    expect(stderr).toContain(ROLE)
    expect(stderr).not.toContain("runner's role")
  })

  test('to ask a registry, too', async () => {
    kbuild.server.refuse('POST pods', forbidden('create', 'pods', 'arc'))
    const { code, stderr } = await kbuild.run(['gc', '-t', 'r.example/a'])
    expect(code).toBe(3)
    expect(stderr).toContain(
      'create role kbuild-gc --verb=list,delete,get,create --resource=pods,jobs.batch,secrets,pods/exec'
    )
  })
})

test('what cannot be removed is told, and the rest goes', async () => {
  pod('one')
  pod('two')
  kbuild.server.refuse('DELETE pods/one', refused(403, 'Forbidden', 'a policy keeps it'))
  const { code, stderr } = await kbuild.run(['gc'])
  expect({ code, left: left() }).toEqual({ code: 4, left: ['one'] })
  expect(stderr).toMatch(/The pod one \(48 h old\) stays: .*a policy keeps it/)
})

describe('images', () => {
  const tags = ['kbuild-doctor-0a0a0a0a', 'kbuild-doctor-0b0b0b0b', 'kbuild-doctor-0c0c0c0c', 'kbuild-doctor-x', '1.0']

  test('only those that are a doctor’s by tag and label, and old', async () => {
    const asked: string[] = []
    const answer = crane({}, asked)
    kbuild.server.exec = async call => {
      const [, verb, reference = ''] = call.command
      if (verb === 'ls') await call.print(`${tags.join('\n')}\n`)
      if (verb === 'config') {
        const label = reference.endsWith('0b0b0b0b') ? 'somebody else' : reference.slice(-8)
        const created = ago(reference.endsWith('0c0c0c0c') ? 1 : 48)
        await call.print(JSON.stringify({ created, config: { Labels: { 'kaniko-hooks.doctor': label } } }))
      }
      return answer(call)
    }
    const { code, stdout } = await kbuild.run(['gc', '-t', 'r.example/a:latest'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'image r.example/a:kbuild-doctor-0a0a0a0a\n' })
    expect(asked.filter(line => /^(config|delete)/.test(line))).toEqual([
      'config r.example/a:kbuild-doctor-0a0a0a0a',
      expect.stringMatching(/^delete r\.example\/a@sha256:/),
      'config r.example/a:kbuild-doctor-0b0b0b0b',
      'config r.example/a:kbuild-doctor-0c0c0c0c'
    ])
    expect(left()).toEqual([])
  })

  test('a registry that does not answer is told, and the pod goes', async () => {
    kbuild.server.exec = crane({ ls: 'dial tcp: connection refused' })
    const { code, stderr } = await kbuild.run(['gc', '-t', 'r.example/a'])
    expect({ code, left: left() }).toEqual({ code: 4, left: [] })
    expect(stderr).toMatch(/r\.example\/a does not tell its tags: dial tcp: connection refused/)
  })
})
