import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import {
  createAuthority,
  CranePod,
  craneRegistry,
  dockerConfigSecret,
  example,
  nodePortRegistry,
  proxiedRegistry,
  pullByKubelet,
  tlsRegistry,
  tokenRegistry,
  trustCertificateAuthority,
  type ProxiedRegistry,
  type Registry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import { basicOf } from '../../stand-ins/registries/catalogue.js'
import { create } from '../../stand-ins/registries/objects.js'
import type { UserName } from '../../stand-ins/registries/registry.js'
import { request } from '../../stand-ins/registries/request.js'
import { until } from '../../harness/cluster/wait.js'
import { getJson } from '../../harness/kubectl.js'
import { Suite } from '../../harness/suite.js'

/** Everything runs under the strictest PodSecurity: the examples promise that. */
const suite = new Suite('registries', 'restricted')

/** Seconds for which the token registry takes a token. */
const LIFETIME = 3
const NAMES = ['open', 'closed', 'tls', 'token', 'crane'] as const

type Name = (typeof NAMES)[number]

let registries: Readonly<Record<Name, Registry>> & { readonly token: TokenRegistry }
let three: Registry
let proxy: ProxiedRegistry
let crane: CranePod

/** The image that the tests push: where it lies in crane's pod, and its digest. */
const IMAGE = '/tmp/image.tar'
let digest: string

beforeAll(async () => {
  const { cluster, namespace } = suite
  const authority = await createAuthority()
  const [open, closed, tls, token, itsOwn, behind] = await Promise.all([
    nodePortRegistry(cluster, namespace, { name: 'open', deletes: false }),
    nodePortRegistry(cluster, namespace, { name: 'closed', auth: true }),
    tlsRegistry(cluster, namespace, { name: 'tls', authority, trusted: false }),
    tokenRegistry(cluster, namespace, { name: 'token', authority, lifetime: LIFETIME }),
    craneRegistry(cluster, namespace),
    nodePortRegistry(cluster, namespace, { name: 'three', version: 3 })
  ])
  registries = { open, closed, tls, token, crane: itsOwn }
  three = behind
  proxy = await proxiedRegistry(cluster, namespace, three, { authority })
  const withUsers = [closed, tls, token]
  const identity = (user: UserName) =>
    Object.fromEntries(withUsers.flatMap(({ pushHost, users }) => (users ? [[pushHost, users[user]]] : [])))
  crane = await CranePod.start(cluster, namespace, {
    identities: { push: identity('push'), pull: identity('pull'), delete: identity('delete') },
    authorities: [authority.certificate]
  })
  await Promise.all(
    NAMES.map(async name => {
      const { pullHost, users } = registries[name]
      if (users !== undefined) await dockerConfigSecret(cluster, namespace, `${name}-pull`, { [pullHost]: users.pull })
    })
  )
  const source = `${cluster.mirror}/library/busybox:1.36`
  // An image of its own: the kubelet remembers which image was pulled with a Secret, and from then on refuses the same
  // one, under whatever name, to pods without it (KubeletEnsureSecretPulledImages).
  const label = `unique=${randomBytes(8).toString('hex')}`
  const { code, stderr } = await crane.run('nobody', 'mutate', '--insecure', '--label', label, '-o', IMAGE, source)
  if (code !== 0) throw new Error(stderr)
  digest = (await crane.run('nobody', 'digest', '--tarball', IMAGE)).stdout
}, 400_000)

afterAll(async () => {
  await Promise.all([...NAMES.map(name => registries[name].remove()), three.remove(), proxy.remove()])
})

/** Plain HTTP only where it is meant: the flag would also accept any certificate. */
const flags = ({ ca }: Registry) => (ca === undefined ? ['--insecure'] : [])
const push = (identity: string, registry: Registry, image: string) =>
  crane.run(identity, 'push', ...flags(registry), IMAGE, `${registry.pushHost}/${image}`)

describe('every registry', () => {
  test.each(NAMES)('%s: pushed by a pod, listed, noted', async name => {
    const registry = registries[name]
    const { code, stderr } = await push('push', registry, 'builds/a:1')
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(await registry.images()).toEqual(['builds/a:1'])
    const requests = await registry.requests()
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toContain('PUT /v2/builds/a/manifests/1')
    expect(requests.filter(({ path }) => path === '/' || path.includes('_catalog'))).toEqual([])
  })

  test('those with users refuse a pod that has no password', async () => {
    const results = await Promise.all(
      (['closed', 'tls', 'token'] as const).map(name => push('nobody', registries[name], 'builds/b:1'))
    )
    for (const { code, stderr } of results) {
      expect(code).not.toBe(0)
      expect(stderr).toMatch(/401|UNAUTHORIZED/)
    }
  })
})

describe('the kubelet', () => {
  const pull = (name: Name, secret?: string) =>
    pullByKubelet(suite.cluster, suite.namespace, `${registries[name].pullHost}/builds/a:1`, secret)

  test('pulls with the pull secret from the registry whose authority it trusts, and only then', async () => {
    const { tls } = registries
    expect(await pull('tls', 'tls-pull')).toMatch(/certificate signed by unknown authority/)
    const undo = await trustCertificateAuthority(suite.cluster, tls.pullHost, tls.ca ?? '')
    try {
      const [withSecret, without] = await Promise.all([pull('tls', 'tls-pull'), pull('tls')])
      expect(withSecret).toBe('pulled')
      expect(without).toMatch(/401|no basic auth credentials/)
    } finally {
      await undo()
    }
  })

  test('pulls from the others, with a secret where there are users', async () => {
    const results = await Promise.all([
      pull('open'),
      pull('crane'),
      pull('closed', 'closed-pull'),
      pull('token', 'token-pull')
    ])
    expect(results).toEqual(['pulled', 'pulled', 'pulled', 'pulled'])
    const refused = await Promise.all([pull('closed'), pull('token')])
    for (const message of refused) expect(message).toMatch(/401|no basic auth credentials|authorization failed/)
  })
})

describe('tokens', () => {
  test('give each user his own rights', async () => {
    const { token } = registries
    const results = {
      elsewhere: await push('push', token, 'other/a:1'),
      'by the pull user': await push('pull', token, 'builds/b:1'),
      'deleted by the push user': await crane.run('push', 'delete', `${token.pushHost}/builds/a@${digest}`)
    }
    for (const [what, { code, stderr }] of Object.entries(results)) {
      expect([what, code]).not.toEqual([what, 0])
      expect(stderr).toMatch(/401 Unauthorized|UNAUTHORIZED/)
    }
    expect((await push('push', token, 'builds/c:1')).code).toBe(0)
    expect((await crane.run('pull', 'digest', `${token.pushHost}/builds/c:1`)).stdout).toBe(digest)
    expect(await crane.run('delete', 'delete', `${token.pushHost}/builds/c@${digest}`)).toMatchObject({ code: 0 })
    expect(await token.images()).toEqual(['builds/a:1'])
    const seen = await token.tokenRequests()
    expect(seen).toContainEqual(
      expect.objectContaining({
        authorization: 'Basic',
        user: token.users.push.username,
        asked: expect.arrayContaining([expect.stringMatching(/^repository:other\/a:/)]) as unknown,
        granted: []
      })
    )
  })

  test('end when their lifetime ends, and can be had for an identity token', async () => {
    const { token } = registries
    const ca = { ca: token.ca ?? '' }
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      service: 'token',
      scope: 'repository:builds/a:pull',
      refresh_token: token.identityTokens.pull
    })
    const given = await request(`https://${token.pushHost}/auth/token`, {
      ...ca,
      method: 'POST',
      body: form.toString()
    })
    const { access_token: bearer, expires_in: seconds } = JSON.parse(given.body) as Record<string, unknown>
    expect(seconds).toBe(LIFETIME)
    const manifest = async () =>
      request(`https://${token.pushHost}/v2/builds/a/manifests/1`, {
        ...ca,
        method: 'HEAD',
        headers: {
          Authorization: `Bearer ${String(bearer)}`,
          Accept: 'application/vnd.oci.image.manifest.v1+json'
        }
      })
    expect((await manifest()).status).toBe(200)
    await sleep(LIFETIME * 1000 + 1000)
    expect((await manifest()).status).toBe(401)
  })
})

describe('deletion', () => {
  /** Statuses of DELETE by tag and then by digest, as an administrator. */
  async function statuses({ pushHost, pullHost, ca, users }: Registry, repository = 'builds/a') {
    const host = ca === undefined ? pullHost.replace('localhost', '127.0.0.1') : pushHost
    const base = `${ca === undefined ? 'http' : 'https'}://${host}/v2/${repository}/manifests`
    const options = {
      method: 'DELETE',
      ...(ca === undefined ? {} : { ca }),
      headers: users === undefined ? {} : { Authorization: basicOf(users.admin) }
    }
    const byTag = await request(`${base}/1`, options)
    const byDigest = await request(`${base}/${digest}`, options)
    return [byTag, byDigest].map(({ status, body }) => `${status} ${/"code":"(\w+)"/.exec(body)?.[1] ?? ''}`.trim())
  }

  test.each([
    ['open', ['405 UNSUPPORTED', '405 UNSUPPORTED'], ['builds/a:1']],
    ['closed', ['400 DIGEST_INVALID', '202'], []],
    ['tls', ['400 DIGEST_INVALID', '202'], []],
    ['crane', ['202', '202'], []]
  ] as const)('%s answers %j', async (name, expected, left) => {
    expect(await statuses(registries[name])).toEqual(expected)
    expect(await registries[name].images()).toEqual(left)
  })

  test.each([
    [null, ['202', '202'], false],
    ['harbor', ['400 UNSUPPORTED', '202'], false],
    ['docker-hub', ['405 UNSUPPORTED', '403 DENIED'], true],
    ['ghcr', ['405 UNSUPPORTED', '405 UNSUPPORTED'], true],
    ['ecr', ['405 UNSUPPORTED', '202'], false],
    ['ecr-before-2023', ['404', '404'], true]
  ] as const)('the proxy as %s answers %j', async (rules, expected, isLeft) => {
    const repository = `rules/${rules ?? 'none'}`
    await proxy.setDeleteRules(rules)
    await push('nobody', proxy, `${repository}:1`)
    expect(await statuses(proxy, repository)).toEqual(expected)
    expect((await proxy.images()).includes(`${repository}:1`)).toBe(isLeft)
    if (rules !== 'docker-hub') return
    // Untagged behind the proxy's back, the digest may go.
    expect((await statuses(three, repository))[0]).toBe('202')
    await push('nobody', proxy, `${repository}@${digest}`)
    expect((await statuses(proxy, repository))[1]).toBe('202')
  })
})

describe('faults', () => {
  const ask = async (path: string) =>
    request(`https://${proxy.pushHost}${path}`, { ca: proxy.ca ?? '', headers: { Authorization: 'Basic eDp5' } })

  test('answers, so many times and then well, counted and noted', async () => {
    await proxy.setFaults([
      { path: '^/v2/$', times: 1, with: { answer: 401 } },
      { path: '^/v2/$', times: 1, with: { answer: 403 } },
      { path: '^/v2/$', times: 1, with: { answer: 429, retryAfter: 7 } },
      { path: '^/v2/$', times: 3, with: { answer: 500 } }
    ])
    await proxy.forgetRequests()
    const answers = []
    for (let index = 0; index < 7; index += 1) answers.push(await ask('/v2/'))
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 429, 500, 500, 500, 200])
    expect(answers[0]?.headers['www-authenticate']).toMatch(/^Basic /)
    expect(answers[2]?.headers['retry-after']).toBe('7')
    expect(answers[1]?.body).toMatch(/"code":"DENIED"/)
    expect((await proxy.faults()).map(({ met }) => met)).toEqual([1, 1, 1, 3])
    const [first, , , , , , last] = await proxy.requests()
    expect(first).toEqual({ method: 'GET', path: '/v2/', authorization: 'Basic', status: 401, fault: 'answer' })
    expect(last).toEqual({ method: 'GET', path: '/v2/', authorization: 'Basic', status: 200 })
  })

  test('a connection that is cut in the middle of an upload: once, and always', async () => {
    await proxy.setFaults([{ method: 'PATCH', times: 1, with: { cut: 100_000 } }])
    expect((await push('nobody', proxy, 'faults/once:1')).code).toBe(0)
    await proxy.setFaults([{ method: 'PATCH', times: 'always', with: { cut: 100_000 } }])
    const { code, stderr } = await push('nobody', proxy, 'faults/always:1')
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/EOF|reset|broken pipe/)
    expect((await proxy.faults())[0]?.met).toBeGreaterThan(1)
    const images = await proxy.images()
    expect(images).toContain('faults/once:1')
    expect(images).not.toContain('faults/always:1')
  })

  test('an upload that hangs', async () => {
    await proxy.setFaults([{ method: 'PUT', path: '/manifests/', times: 1, with: { hang: true } }])
    await proxy.forgetRequests()
    const hanging = push('nobody', proxy, 'faults/hang:1')
    const put = async () =>
      (await proxy.requests()).find(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))
    await until('the manifest to be pushed', 60, async () => (await put()) !== undefined)
    const ended = await Promise.race([hanging, sleep(1_500).then(() => 'hangs')])
    expect(ended).toBe('hangs')
    expect(await put()).toMatchObject({ fault: 'hang' })
    expect(await put()).not.toHaveProperty('status')
    // The proxy's end is the end of what hangs on it.
    await proxy.remove()
    expect((await hanging).code).not.toBe(0)
  })
})

test('the network policies of the examples are accepted, and removal leaves nothing', async () => {
  const { cluster, namespace } = suite
  const undo = await create(cluster, await example('registry-networkpolicy.yaml', { namespace, name: 'closed' }))
  const applied = await getJson<{ spec: { podSelector: unknown } }>(cluster, ['-n', namespace, 'networkpolicy/closed'])
  expect(applied.spec.podSelector).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'closed' } })
  await undo()
  const ways = await example('job-networkpolicy.yaml', { namespace, name: 'files' })
  expect(ways).toHaveLength(2)
  for (const way of ways) await (await create(cluster, [way]))()
  await Promise.all([...NAMES.map(name => registries[name].remove()), three.remove(), crane.remove()])
  const { items } = await getJson<{ items: { kind: string; metadata: { name: string } }[] }>(cluster, [
    ...['-n', namespace, 'deployments,services,secrets,configmaps,networkpolicies']
  ])
  const left = items.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
  expect(left.filter(name => !/^ConfigMap\/kube-root-ca|-pull$/.test(name))).toEqual([])
})
