import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { followLog, Kube, type V1Pod, waitForPod } from '@kaniko-hooks/kube'
import { ApiServer } from './api-server.js'
import { selfSigned } from './certificate.js'
import { EXEC_CUT } from './pod-exec.js'
import { ended, running } from './pod-status.js'
import { forbidden, quotaExceeded } from './refusals.js'

let server: ApiServer
let kube: Kube
beforeEach(async () => {
  server = await ApiServer.start()
  kube = new Kube(server.config, { retryForMs: 1_000 })
})
afterEach(async () => {
  kube.close()
  await server.stop()
})

const pod = (name: string, labels: Record<string, string> = {}): V1Pod => ({
  metadata: { name, labels },
  spec: { containers: [{ name: 'job', image: 'debian:12' }] }
})

describe('objects', () => {
  test('are created once, and found with what the server adds', async () => {
    await kube.create('pods', pod('a'))
    await expect(kube.create('pods', pod('a'))).rejects.toMatchObject({ code: 'CONFLICT', reason: 'AlreadyExists' })
    const found = await kube.get('pods', 'a')
    expect(found).toMatchObject({ kind: 'Pod', metadata: { namespace: 'arc' }, status: { phase: 'Running' } })
    expect(Date.parse(String(found.metadata?.creationTimestamp))).toBeGreaterThan(0)
    await expect(kube.get('pods', 'b')).rejects.toThrow('pods "b" not found')
    expect(server.asked).toEqual(['POST pods', 'POST pods', 'GET pods/a', 'GET pods/b'])
  })

  test('that are only tried are not there afterwards', async () => {
    await kube.create('pods', pod('a'), { dryRun: true })
    expect(server.names('pods')).toEqual([])
    expect(server.asked).toEqual(['POST pods (dry run)'])
    expect(server.changes).toEqual([])
  })

  test('are listed by labels, in pages, without their kind', async () => {
    for (let index = 0; index < 1_003; index += 1)
      server.put('pods', pod(`p${index}`, { a: index < 1_002 ? '1' : '2' }))
    expect(await kube.list('pods', { labelSelector: 'a=1' })).toHaveLength(1_002)
    expect(server.asked).toHaveLength(3)
    expect(await kube.list('pods', { labelSelector: 'a,a!=1' })).toMatchObject([{ metadata: { name: 'p1002' } }])
    expect(await kube.list('pods', { labelSelector: '!a' })).toEqual([])
  })

  test('are listed by fields', async () => {
    const event = (name: string, uid: string, type: string): void => {
      server.put('events', { metadata: { name }, involvedObject: { uid }, type })
    }
    event('one', 'u', 'Warning')
    event('two', 'u', 'Normal')
    event('three', 'v', 'Warning')
    const found = await kube.list('events', { fieldSelector: 'involvedObject.uid=u,type=Warning' })
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['one'])
  })

  test('are deleted by name, but not in the place of a later one', async () => {
    server.put('secrets', { metadata: { name: 's', uid: 'new' } })
    expect(await kube.delete('secrets', 's', { uid: 'old' })).toBe(false)
    expect(await kube.delete('secrets', 's', { uid: 'new' })).toBe(true)
    expect(await kube.delete('secrets', 's')).toBe(false)
  })

  test('go with their owner; a Job has its pod at once', async () => {
    await kube.create('jobs', { metadata: { name: 'j' }, spec: { template: { spec: { containers: [] } } } })
    expect(server.names('pods')).toEqual(['j-x7k2p'])
    await kube.delete('jobs', 'j', { propagationPolicy: 'Orphan' })
    expect(server.names('pods')).toEqual(['j-x7k2p'])
    server.remove('pods', 'j-x7k2p')
    await kube.create('jobs', { metadata: { name: 'j' }, spec: { template: { spec: { containers: [] } } } })
    await kube.delete('jobs', 'j', { propagationPolicy: 'Background' })
    expect(server.names('pods')).toEqual([])
  })

  test('that are pods may stay for a while, and their name is taken as long', async () => {
    server.put('pods', pod('a'))
    server.lingerMs = 200
    await kube.delete('pods', 'a', { gracePeriodSeconds: 1 })
    expect((await kube.get('pods', 'a')).metadata).toMatchObject({ deletionGracePeriodSeconds: 1 })
    await expect(kube.create('pods', pod('a'))).rejects.toThrow(/object is being deleted/)
    while (server.get('pods', 'a') !== undefined) await new Promise(resolve => setTimeout(resolve, 10))
  })

  test('of other kinds are read as they were put', async () => {
    server.putCustom('connectors.connectors.alauda.io', 'ci', { metadata: { name: 'harbor' }, spec: { address: 'x' } })
    const name = { group: 'connectors.alauda.io', version: 'v1alpha1', plural: 'connectors', namespace: 'ci' }
    expect(await kube.getCustom({ ...name, name: 'harbor' })).toMatchObject({ spec: { address: 'x' } })
    expect(server.asked).toEqual(['GET connectors/harbor in ci'])
  })

  test('have tokens, bound to what is there', async () => {
    await expect(kube.requestToken('bases', 600)).rejects.toThrow('serviceaccounts "bases" not found')
    server.put('serviceaccounts', { metadata: { name: 'bases' } })
    expect(await kube.requestToken('bases', 600)).toBe('token-of-bases')
    const boundTo = { kind: 'Secret', name: 's', uid: 'u' } as const
    await expect(kube.requestToken('bases', 600, { boundTo })).rejects.toThrow('secrets "s" not found')
  })
})

test('a refusal is one of the real server, for so many requests', async () => {
  server.refuse('POST pods', quotaExceeded('pods', 'a'))
  await expect(kube.create('pods', pod('a'))).rejects.toMatchObject({ code: 'QUOTA' })
  await kube.create('pods', pod('a'))
  server.refuse(/^GET jobs/, forbidden('list', 'jobs.batch', 'arc'), Infinity)
  for (let time = 0; time < 2; time += 1) {
    await expect(kube.list('jobs')).rejects.toThrow('- {apiGroups: ["batch"], resources: ["jobs"], verbs: ["list"]}')
  }
})

test('a connection that is cut is tried again, as at the real server', async () => {
  server.intercept('POST pods', () => 'cut', 1)
  await kube.create('pods', pod('a'))
  expect(server.asked).toEqual(['POST pods', 'POST pods'])
})

test('over TLS it is trusted by its own certificate alone', async () => {
  const secure = await ApiServer.start({ tls: selfSigned() })
  const { ca: _, ...config } = secure.config
  const trusting = new Kube(secure.config)
  try {
    expect(await trusting.list('pods')).toEqual([])
    await expect(new Kube(config).list('pods')).rejects.toMatchObject({ code: 'UNREACHABLE', fault: 'configuration' })
  } finally {
    trusting.close()
    await secure.stop()
  }
})

describe('a log', () => {
  const target = { pod: 'a', container: 'job' }

  test('is followed to the end of its container, each line once', async () => {
    server.put('pods', pod('a'))
    server.logs.print('a', 'job', 'one')
    const lines: string[] = []
    const { complete } = await followLog(kube, target, line => {
      lines.push(line)
      const found = server.get('pods', 'a')
      if (lines.length > 1 || found === undefined) return
      server.logs.print('a', 'job', 'two', 'three')
      found.status = ended(found, { job: 0 })
    })
    expect(lines).toEqual(['one', 'two', 'three'])
    expect(complete).toBe(true)
  })

  test('is refused as long as its container waits', async () => {
    server.onCreate('pods', made => (made.status = { phase: 'Pending' }))
    server.put('pods', pod('a'))
    const reading = kube.logs(target).next()
    await expect(reading).rejects.toThrow('container "job" in pod "a" is waiting to start: PodInitializing')
  })
})

describe('an exec', () => {
  const target = { pod: 'a', container: 'job', command: ['sh', '-c', 'x'], stdin: true }

  test('gives its script both streams and the end of standard input, and the client its outputs and code', async () => {
    server.put('pods', pod('a'))
    server.exec = async ({ pod: name, container, command, stdin, print, complain }) => {
      await print(`${name} ${container} ${command.join()} ${await text(stdin)}`)
      await complain('oops')
      return 7
    }
    const stream = await kube.exec(target)
    await stream.write('in')
    stream.end()
    const [stdout, stderr, code] = await Promise.all([text(stream.stdout), text(stream.stderr), stream.exit])
    expect([stdout, stderr, code]).toEqual(['a job sh,-c,x in', 'oops', 7])
  })

  test('of many megabytes takes as long as its reader', async () => {
    server.put('pods', pod('a'))
    const chunk = Buffer.alloc(100_000)
    server.exec = async ({ print }) => {
      for (let count = 0; count < 20; count += 1) await print(chunk)
      return 0
    }
    const stream = await kube.exec(target)
    let bytes = 0
    for await (const piece of stream.stdout as AsyncIterable<Buffer>) bytes += piece.length
    expect(bytes).toBe(2_000_000)
    expect(await stream.exit).toBe(0)
  })

  test('that is cut is lost, and one that the node refuses is a failure of the node', async () => {
    server.put('pods', pod('a'))
    server.exec = () => EXEC_CUT
    await expect((await kube.exec(target)).exit).rejects.toMatchObject({ code: 'STREAM_LOST' })
    server.exec = () => {
      throw new Error('not planned')
    }
    await expect((await kube.exec(target)).exit).rejects.toThrow(/the script of the test failed: Error: not planned/)
  })

  test('into a pod that is not there is refused', async () => {
    await expect(kube.exec(target)).rejects.toMatchObject({ code: 'POD_FAILED' })
  })
})

test('a pod becomes what a test says', async () => {
  server.onCreate('pods', made => {
    made.status = { phase: 'Pending' }
    setTimeout(() => (made.status = running(made)), 20)
  })
  await kube.create('pods', pod('a'))
  expect((await waitForPod(kube, 'a', 'running', { timeoutMs: 2_000 })).status?.podIP).toBe('10.0.0.7')
})
