import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as send } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { connect } from 'node:tls'

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { RegistryClient, removeImage } from '@kaniko-hooks/registry'

import { mountRefusal, runClient, type ClientPod } from '../../stand-ins/connector/client-pod.js'
import {
  connectorUser,
  createConnector,
  driverNodes,
  installConnectors,
  serviceAccountToken,
  trustPlainHttp,
  type Connector,
  type Knobs
} from '../../stand-ins/connector/index.js'
import {
  CranePod,
  dockerConfigSecret,
  pullByKubelet,
  tokenRegistry,
  type TokenRegistry
} from '../../stand-ins/registries/index.js'
import { dockerConfig } from '../../stand-ins/registries/docker-config.js'
import { request } from '../../stand-ins/registries/request.js'
import { Suite } from '../../harness/suite.js'

const suite = new Suite('connector')

const IMAGE = '/tmp/image.tar'
const REASONS = [
  'ConnectorClassNotFound',
  'SecretNotFound',
  'ConnectionFailed',
  'AuthenticationFailed',
  'ProxyServiceNotFound'
] as const
const USER = { exposed: 'builder', stranger: 'stranger' } as const

let installation: Awaited<ReturnType<typeof installConnectors>>
let registry: TokenRegistry
let connector: Connector
/** As of 1.0, where the host alone selects it, and of the other class. */
let old: Connector
let crane: CranePod
let token: string
let stranger: string
let digest: string
let authority: string

const basic = (password: string) => `Basic ${Buffer.from(`u:${password}`).toString('base64')}`
const serviceHost = ({ urls }: Connector) => new URL(urls.unexposed).host
const login = (password: string) => ({ username: 'u', password })

beforeAll(async () => {
  const { cluster, namespace } = suite
  installation = await installConnectors(cluster)
  registry = await tokenRegistry(cluster, namespace)
  const upstream = {
    address: `https://${registry.pushHost}`,
    ca: registry.ca ?? '',
    credentials: registry.users.delete
  }
  ;[connector, old] = await Promise.all([
    createConnector(cluster, namespace, { name: 'oci', upstream }),
    createConnector(cluster, namespace, { name: 'old', upstream, form: 'host', connectorClass: 'harbor' })
  ])
  await connectorUser(cluster, namespace, USER.exposed, connector)
  await connectorUser(cluster, namespace, USER.exposed, old)
  await connectorUser(cluster, namespace, USER.stranger, null)
  token = await serviceAccountToken(cluster, namespace, USER.exposed)
  stranger = await serviceAccountToken(cluster, namespace, USER.stranger)
  const hosts = [serviceHost(connector), connector.nodeHost, serviceHost(old)]
  const identity = (password: string) => Object.fromEntries(hosts.map(host => [host, login(password)]))
  crane = await CranePod.start(cluster, namespace, {
    identities: { builder: identity(token), stranger: identity(stranger) },
    authorities: [registry.ca ?? '']
  })
  // One of its own: the kubelet would refuse a common image to pods without the Secret that it was pulled with.
  const label = `unique=${randomBytes(8).toString('hex')}`
  const source = `${cluster.mirror}/library/busybox:1.36`
  const { code, stderr } = await crane.run('nobody', 'mutate', '--insecure', '--label', label, '-o', IMAGE, source)
  if (code !== 0) throw new Error(stderr)
  digest = (await crane.run('nobody', 'digest', '--tarball', IMAGE)).stdout
}, 400_000)

afterEach(async () => {
  await Promise.all([connector.resetKnobs(), old.resetKnobs()])
})

afterAll(async () => {
  await Promise.all([connector.remove(), old.remove(), registry.remove()])
}, 400_000)

const push = (who: string, image: string) => crane.run(who, 'push', '--insecure', IMAGE, image)

/** A request of this machine to the node port. */
function ask(
  method: string,
  path: string,
  authorization?: string,
  to: Connector = connector,
  headers: Readonly<Record<string, string>> = {}
) {
  return request(`http://${to.nodeHost}${path}`, {
    method,
    headers: { ...headers, ...(authorization === undefined ? {} : { Authorization: authorization }) }
  })
}

const codeOf = (body: string) => /"code":"(\w+)"/.exec(body)?.[1]

async function bearerFor(scope: string, password = token): Promise<string> {
  const { status, body } = await ask('GET', `/token?scope=${encodeURIComponent(scope)}`, basic(password))
  expect({ status, body: status === 200 ? '' : body }).toEqual({ status: 200, body: '' })
  return `Bearer ${(JSON.parse(body) as { token: string }).token}`
}

const repository = (name: string, actions = 'pull,push,delete') =>
  `repository:${connector.prefix}builds/${name}:${actions}`

describe('clients', () => {
  test('crane pushes by the service and by the node; the upstream sees nobody but the proxy', async () => {
    const before = (await registry.tokenRequests()).length
    await connector.forgetRequests()
    for (const host of [serviceHost(connector), connector.nodeHost]) {
      const { code, stderr } = await push('builder', `${host}/${connector.prefix}builds/crane:1`)
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    }
    const uses = (await registry.tokenRequests()).slice(before).filter(({ user }) => user !== null)
    expect(await registry.images()).toContain('builds/crane:1')
    const lines = await connector.requests()
    const builder = `${suite.namespace}/${USER.exposed}`
    const injected = lines.filter(line => line.injected)
    expect(new Set(injected.map(({ who }) => who))).toEqual(new Set([builder]))
    expect(lines).toContainEqual(
      expect.objectContaining({ method: 'PUT', status: 201, who: builder, authorization: 'Bearer', injected: true })
    )
    // Each use of the upstream's password is for what somebody with the right had asked the proxy for.
    expect(uses.length).toBeGreaterThan(0)
    for (const { user, asked } of uses) {
      expect(user).toBe(registry.users.delete.username)
      expect(asked).toEqual([expect.stringMatching(/^repository:builds\/crane:/)])
    }
    expect(uses.length).toBeLessThanOrEqual(injected.length)
    // Their own token is worth nothing at the upstream.
    const refused = await request(`https://${registry.pushHost}/auth/token`, {
      ca: registry.ca ?? '',
      headers: { Authorization: basic(token) }
    })
    expect(refused.status).toBe(401)
  })

  test('the kubelet pulls with a short token, by localhost and by a node address that it is told to trust', async () => {
    const { cluster, namespace } = suite
    await push('builder', `${connector.nodeHost}/${connector.prefix}builds/pull:1`)
    const { pullHost, nodeHost, prefix } = connector
    await dockerConfigSecret(cluster, namespace, 'pull', { [pullHost]: login(token), [nodeHost]: login(token) })
    await dockerConfigSecret(cluster, namespace, 'stranger', { [pullHost]: login(stranger) })
    const pull = (host: string, secret?: string) =>
      pullByKubelet(cluster, namespace, `${host}/${prefix}builds/pull:1`, secret)
    expect(await pull(nodeHost, 'pull')).toMatch(/server gave HTTP response to HTTPS client/)
    const undo = await trustPlainHttp(cluster, nodeHost)
    try {
      expect(await Promise.all([pull(pullHost, 'pull'), pull(nodeHost, 'pull')])).toEqual(['pulled', 'pulled'])
    } finally {
      await undo()
    }
    expect(await pull(pullHost)).toMatch(/401 Unauthorized/)
    expect(await pull(pullHost, 'stranger')).toMatch(/403 Forbidden/)
    const seen = (await connector.requests()).map(({ method, path }) => `${method} ${path.split('?')[0] ?? ''}`)
    expect(seen).toContain('POST /token')
  })

  test.each([
    ['exposed', 'registry-config'],
    ['unexposed', 'docker-config']
  ] as const)('Kaniko pushes to an %s connector with %s from the volume', async (form, configuration) => {
    const { cluster, namespace } = suite
    await connector.setStatus(form)
    const host = new URL(connector.urls[form]).host
    const { code, log } = await runClient(cluster, namespace, {
      image: cluster.images.kaniko,
      args: [
        '--dockerfile=/workspace-in/Dockerfile',
        '--context=dir:///workspace-in',
        `--insecure-registry=${host}`,
        `--destination=${host}/${connector.prefix}builds/kaniko-${form}:1`
      ],
      serviceAccount: USER.exposed,
      volumes: { '/kaniko/.docker': { 'connector.name': 'oci', 'configuration.names': configuration } },
      files: { '/workspace-in': { Dockerfile: `FROM scratch\nLABEL unique=${randomBytes(8).toString('hex')}\n` } }
    })
    await connector.setStatus('exposed')
    expect({ code, log: code === 0 ? '' : log }).toEqual({ code: 0, log: '' })
    expect(await registry.images()).toContain(`builds/kaniko-${form}:1`)
  })

  test('skopeo copies, lists and deletes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'skopeo-'))
    try {
      const auth = join(directory, 'auth.json')
      await writeFile(auth, dockerConfig({ [connector.nodeHost]: login(token) }), { mode: 0o600 })
      const image = (tag: string) => `docker://${connector.nodeHost}/${connector.prefix}builds/skopeo:${tag}`
      await push('builder', `${connector.nodeHost}/${connector.prefix}builds/skopeo:1`)
      const tls = ['--authfile', auth, '--tls-verify=false']
      await skopeo('inspect', ...tls, image('1'))
      await skopeo(
        'copy',
        '--authfile',
        auth,
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        image('1'),
        image('2')
      )
      const listed = await skopeo('list-tags', ...tls, image('1').replace(/:1$/, ''))
      expect((JSON.parse(listed) as { Tags: string[] }).Tags).toEqual(['1', '2'])
      await skopeo('delete', ...tls, image('2'))
      expect((await registry.images()).filter(name => name.startsWith('builds/skopeo'))).toEqual([])
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test("the product's client looks up, checks and deletes", async () => {
    const { nodeHost, prefix } = connector
    await push('builder', `${nodeHost}/${prefix}builds/client:1`)
    const client = new RegistryClient(nodeHost, { plainHttp: true, credential: login(token) })
    await client.checkPush(`${prefix}builds/client`)
    expect(await client.headManifest(`${prefix}builds/client`, '1')).toMatchObject({ digest })
    expect(await removeImage(client, { repository: `${prefix}builds/client`, tag: '1', digest })).toEqual({
      result: 'removed'
    })
    expect(await registry.images()).not.toContain('builds/client:1')
  })

  test('1.0: the host selects the connector, and names have no prefix', async () => {
    const host = serviceHost(old)
    const { code, stderr } = await push('builder', `${host}/builds/old:1`)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(await registry.images()).toContain('builds/old:1')
    const byNode = await ask('GET', '/v2/builds/old/manifests/1', basic(token), old)
    expect([byNode.status, codeOf(byNode.body)]).toEqual([404, 'NAME_UNKNOWN'])
  })
})

describe('the reverse proxy', () => {
  test('challenges at its own host', async () => {
    const ping = await ask('GET', '/v2/')
    expect([ping.status, ping.headers['docker-distribution-api-version']]).toEqual([401, 'registry/2.0'])
    expect(ping.headers['www-authenticate']).toBe(
      `Bearer realm="http://${connector.nodeHost}/token",service="connectors-oci-plugin"`
    )
    const path = `/v2/${connector.prefix}builds/a/manifests/1`
    const head = await ask('HEAD', path)
    expect(head.headers['www-authenticate']).toContain(`scope="${repository('a', 'pull')}"`)
    await connector.setKnobs({ challengeScope: 'upstream' })
    expect((await ask('HEAD', path)).headers['www-authenticate']).toContain('scope="repository:builds/a:pull"')
    const byName = await request(`http://${connector.nodeHost}/v2/`, { headers: { Host: 'registry.example.com' } })
    expect(byName.headers['www-authenticate']).toContain('realm="http://registry.example.com/token"')
  })

  test.each<[string, Partial<Knobs>, () => Promise<{ status: number; body: string }>, number, string | undefined]>([
    ['no password', {}, () => ask('GET', '/token'), 401, 'UNAUTHORIZED'],
    ['a wrong password', {}, () => ask('GET', '/token', basic('wrong')), 401, 'UNAUTHORIZED'],
    ['no right', {}, () => scoped(stranger), 403, 'DENIED'],
    ['no right, as 401', { forbidden: 401 }, () => scoped(stranger), 401, 'UNAUTHORIZED'],
    ['no right on the proxy', { proxyPermission: true }, () => scoped(token), 403, 'DENIED'],
    ['an expired token', { tokenLifeSeconds: 1 }, () => scoped(token), 401, 'UNAUTHORIZED'],
    ['an unknown connector', {}, () => scoped(token, 'namespaces/none/connectors/no/a'), 404, 'NAME_UNKNOWN'],
    ['no prefix', {}, () => scoped(token, 'builds/a'), 404, 'NAME_UNKNOWN'],
    ['POST', {}, () => ask('POST', '/token'), 405, 'UNSUPPORTED'],
    ['POST, as 404', { tokenPost: 404 }, () => ask('POST', '/token'), 404, 'UNSUPPORTED']
  ])('token endpoint: %s', async (_, knobs, act, status, code) => {
    await connector.setKnobs(knobs)
    const answer = await act()
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code])
  })

  const scoped = (password: string, name = `${connector.prefix}builds/a`) =>
    ask('GET', `/token?scope=${encodeURIComponent(`repository:${name}:pull`)}`, basic(password))

  test('a password grant, where it is taken', async () => {
    await connector.setKnobs({ tokenPost: 200 })
    const form = {
      grant_type: 'password',
      service: 'x',
      username: 'u',
      password: token,
      scope: repository('a', 'pull')
    }
    const given = await request(`http://${connector.nodeHost}/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString()
    })
    expect([given.status, Object.keys(JSON.parse(given.body) as object)]).toEqual([
      200,
      ['token', 'access_token', 'expires_in', 'issued_at']
    ])
  })

  test.each<[string, Partial<Knobs>, string, string, number, string | undefined]>([
    ['Basic', {}, 'GET', 'tags/list', 200, undefined],
    ['Basic, refused', { basic: false }, 'GET', 'tags/list', 401, 'UNAUTHORIZED'],
    ['Basic, expired', { tokenLifeSeconds: 1 }, 'GET', 'tags/list', 401, 'UNAUTHORIZED'],
    ['a manifest that is not there', {}, 'GET', 'manifests/none', 404, 'MANIFEST_UNKNOWN'],
    ['deletion, 401', { deleteDigest: 401 }, 'DELETE', 'manifests/DIGEST', 401, 'UNAUTHORIZED'],
    ['deletion, 403', { deleteDigest: 403 }, 'DELETE', 'manifests/DIGEST', 403, 'DENIED'],
    ['deletion, 404', { deleteDigest: 404 }, 'DELETE', 'manifests/DIGEST', 404, 'MANIFEST_UNKNOWN'],
    ['deletion, 405', { deleteDigest: 405 }, 'DELETE', 'manifests/DIGEST', 405, 'UNSUPPORTED'],
    ['deletion of a tag, 400', { deleteTag: 400 }, 'DELETE', 'manifests/1', 400, 'DIGEST_INVALID'],
    ['deletion of a tag, 405', { deleteTag: 405 }, 'DELETE', 'manifests/1', 405, 'UNSUPPORTED'],
    ['deletion of a tag, as of version 3', {}, 'DELETE', 'manifests/1', 202, undefined]
  ])('data: %s', async (_, knobs, method, path, status, code) => {
    await push('builder', `${connector.nodeHost}/${connector.prefix}builds/data:1`)
    await connector.setKnobs(knobs)
    const url = `/v2/${connector.prefix}builds/data/${path.replace('DIGEST', digest)}`
    const answer = await ask(method, url, basic(token))
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code])
  })

  test('knows no catalogue, no other paths and no other connectors', async () => {
    const answers = await Promise.all(
      ['/v2/_catalog', '/v2/builds/a/manifests/1', '/v2/namespaces/none/connectors/no/a/tags/list', '/'].map(path =>
        ask('GET', path, basic(token))
      )
    )
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404])
    for (const unknownConnector of [400, 401, 403] as const) {
      await connector.setKnobs({ unknownConnector })
      expect((await ask('GET', '/v2/namespaces/none/connectors/no/a/tags/list', basic(token))).status).toBe(
        unknownConnector
      )
    }
    await expect(connector.setKnobs({ catalog: 500 as 404 })).rejects.toThrow(/catalog is one of \[401 404\], not 500/)
  })

  test('a bearer is for its scopes and its time', async () => {
    const bearer = await bearerFor(repository('data', 'pull'))
    const list = `/v2/${connector.prefix}builds/data/tags/list`
    expect((await ask('GET', list, bearer)).status).toBe(200)
    const upload = `/v2/${connector.prefix}builds/data/blobs/uploads/`
    const beyond = await ask('POST', upload, bearer)
    expect(beyond.status).toBe(401)
    expect(beyond.headers['www-authenticate']).toContain('error="insufficient_scope"')
    // The service account's token ends: seen at once, or when the bearer has ended.
    await connector.setKnobs({ tokenLifeSeconds: 1 })
    expect((await ask('GET', list, bearer)).status).toBe(200)
    await connector.setKnobs({ checkEachRequest: true })
    const ended = await ask('GET', list, bearer)
    expect(ended.status).toBe(401)
    expect(ended.headers['www-authenticate']).toContain('error="invalid_token"')
    await connector.setKnobs({ tokenLifeSeconds: 0, checkEachRequest: false, bearerSeconds: 1 })
    const short = await bearerFor(repository('data', 'pull'))
    await new Promise(resolve => setTimeout(resolve, 1_100))
    expect((await ask('GET', list, short)).status).toBe(401)
    const direct = `Bearer ${token}`
    expect((await ask('GET', list, direct)).status).toBe(401)
    await connector.setKnobs({ serviceAccountBearer: true })
    expect((await ask('GET', list, direct)).status).toBe(200)
  })

  test("the upstream's own bearer, as the vendor's first design has it", async () => {
    await connector.setKnobs({ bearer: 'upstream', basic: false })
    const { code, stderr } = await push('builder', `${connector.nodeHost}/${connector.prefix}builds/passed:1`)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const bearer = await bearerFor(repository('passed', 'pull'))
    const atUpstream = await request(`https://${registry.pushHost}/v2/builds/passed/tags/list`, {
      ca: registry.ca ?? '',
      headers: { Authorization: bearer }
    })
    expect(atUpstream.status).toBe(200)
  })

  test('Location, Link and the source of a mount are renamed', async () => {
    await push('builder', `${connector.nodeHost}/${connector.prefix}builds/names:1`)
    await push('builder', `${connector.nodeHost}/${connector.prefix}builds/names:2`)
    const path = `/v2/${connector.prefix}builds/names`
    const location = async (knob: Knobs['location']) => {
      await connector.setKnobs({ location: knob })
      return (await ask('POST', `${path}/blobs/uploads/`, basic(token))).headers.location ?? ''
    }
    expect(await location('relative')).toMatch(new RegExp(`^${path}/blobs/uploads/`))
    expect(await location('absolute')).toMatch(new RegExp(`^http://${connector.nodeHost}${path}/blobs/uploads/`))
    expect(await location('unrewritten')).not.toContain('connectors')
    const page = await ask('GET', `${path}/tags/list?n=1`, basic(token))
    expect(page.headers['link']).toMatch(new RegExp(`^<${path}/tags/list\\?.*last=1.*>; rel="next"$`))

    const manifest = JSON.parse((await ask('GET', `${path}/manifests/1`, basic(token), connector, MANIFEST)).body) as {
      layers: { digest: string }[]
    }
    const layer = encodeURIComponent(manifest.layers[0]?.digest ?? '')
    const mount = (from: string) =>
      ask(
        'POST',
        `/v2/${connector.prefix}builds/mounted/blobs/uploads/?mount=${layer}&from=${encodeURIComponent(from)}`,
        basic(token)
      )
    expect((await mount(`${connector.prefix}builds/names`)).status).toBe(201)
    expect((await mount('namespaces/other/connectors/other/builds/names')).status).toBe(202)
  })

  test('an upload whose Location is not renamed leads to the upstream, where the bearer is worth nothing', async () => {
    await connector.setKnobs({ location: 'unrewritten' })
    const bearer = await bearerFor(repository('lost'))
    const begun = await ask('POST', `/v2/${connector.prefix}builds/lost/blobs/uploads/`, bearer)
    const location = begun.headers.location ?? ''
    expect([begun.status, location]).toEqual([
      202,
      expect.stringMatching(`^https://${registry.pushHost}/v2/builds/lost/`)
    ])
    const lost = await request(location, {
      method: 'PATCH',
      ca: registry.ca ?? '',
      headers: { Authorization: bearer },
      body: 'x'
    })
    expect([lost.status, codeOf(lost.body)]).toEqual([401, 'UNAUTHORIZED'])
  })

  test('502 while the connector is not ready or its upstream is down', async () => {
    const list = () => ask('GET', `/v2/${connector.prefix}builds/crane/tags/list`, basic(token))
    const notReady: Awaited<ReturnType<typeof list>>[] = []
    for (const reason of REASONS) {
      await connector.setStatus('exposed', reason)
      notReady.push(await list())
    }
    await connector.setStatus('exposed')
    await connector.setAddress(`https://${suite.cluster.gateway}:1`)
    const down = await list()
    await connector.setAddress(`https://${registry.pushHost}`)
    expect([down.status, (await list()).status]).toEqual([502, 200])
    expect(notReady.map(({ status, body }) => `${status} ${/is not ready: (\w+)/.exec(body)?.[1] ?? body}`)).toEqual(
      REASONS.map(reason => `502 ${reason}`)
    )
    expect(down.body).toMatch(/does not answer: .*connection refused/)
    expect(JSON.stringify([notReady, down])).not.toContain('canary')
  })

  test("502 while the connector does not trust its upstream's certificate", async () => {
    const { cluster, namespace } = suite
    const upstream = { address: `https://${registry.pushHost}`, credentials: registry.users.delete }
    const distrustful = await createConnector(cluster, namespace, { name: 'distrustful', upstream })
    await connectorUser(cluster, namespace, USER.exposed, distrustful)
    await distrustful.forgetRequests()
    const path = `/v2/${distrustful.prefix}builds/crane/tags/list`
    const { status, body } = await ask('GET', path, basic(token), distrustful)
    await distrustful.remove()
    expect([status, codeOf(body)]).toEqual([502, 'UNAVAILABLE'])
    expect(body).toMatch(/does not answer: .*certificate signed by unknown authority/)
  })
})

const MANIFEST = {
  Accept: 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'
}

describe('the volume', () => {
  const client = (attributes: Readonly<Record<string, string>>, serviceAccount: string = USER.exposed): ClientPod => ({
    image: suite.cluster.images.busybox,
    command: [
      'sh',
      '-c',
      'cd /c && for file in $(ls -A); do echo "$(stat -c %a-%u $file) $file $(base64 -w0 < $file)"; done'
    ],
    serviceAccount,
    volumes: { '/c': attributes },
    securityContext: { runAsUser: 1000 }
  })
  async function filesOf(attributes: Readonly<Record<string, string>>) {
    const { code, log, uid } = await runClient(suite.cluster, suite.namespace, client(attributes))
    expect({ code, log: code === 0 ? '' : log }).toEqual({ code: 0, log: '' })
    const lines = log
      .trim()
      .split('\n')
      .map(line => line.split(' '))
    const files = Object.fromEntries(
      lines.map(([, name = '', content = '']) => [name, Buffer.from(content, 'base64').toString()])
    )
    return { modes: new Set(lines.map(([mode]) => mode)), files, uid }
  }
  const claimsOf = (jwt = '') =>
    JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown> & {
      exp: number
      iat: number
      sub: string
    }

  test('has the files of the configurations and those that all have, and nothing is left of it', async () => {
    const { namespace } = suite
    const { files, modes, uid } = await filesOf({
      connectors: `${namespace}/oci`,
      'configuration.names': 'registry-config,buildkitd'
    })
    expect([...modes]).toEqual(['444-0'])
    expect(Object.keys(files).sort()).toEqual([
      ...['.env', 'buildkitd.toml', 'ca.cert', 'ca.crt', 'config.json', 'connector.status.proxyAddress'],
      ...['context.proxy.caCert', 'context.token', 'http.proxy', 'https.proxy']
    ])
    const own = files['context.token'] ?? ''
    const config = JSON.parse(files['config.json'] ?? '') as { auths: Record<string, { auth: string }> }
    expect(Object.keys(config.auths)).toEqual([connector.nodeHost])
    expect(Buffer.from(config.auths[connector.nodeHost]?.auth ?? '', 'base64').toString()).toBe(`u:${own}`)
    expect(files['connector.status.proxyAddress']).toBe(connector.urls.exposed)
    expect(files['buildkitd.toml']).toContain(`[registry."${connector.nodeHost}"]\n  http = true`)
    const proxy = `http://${namespace}%2Foci:${own}@${connector.nodeHost}`
    expect([files['http.proxy'], files['https.proxy']]).toEqual([proxy, proxy])
    expect(files['.env']).toBe(`http_proxy=${proxy}\nhttps_proxy=${proxy}\nno_proxy=localhost,127.0.0.1\n`)
    const { sub, exp, iat } = claimsOf(own)
    expect([sub, exp - iat]).toEqual([`system:serviceaccount:${namespace}:${USER.exposed}`, 30 * 60])
    expect(JSON.stringify(files)).not.toContain(registry.users.delete.password)
    authority = files['ca.crt'] ?? ''
    // Bound to its pod, the token is worth nothing after it.
    await goneFromKubelet(uid)
    expect((await ask('GET', '/token', basic(own))).status).toBe(401)
  })

  test('in the older style, with the older name, a time of its own and without some files', async () => {
    await connector.setStatus('unexposed')
    const { files } = await filesOf({
      'connector.name': 'oci',
      'configuration.names': 'docker-config,!context.token,!.env',
      'token.expiration': '10m'
    })
    await connector.setStatus('exposed')
    expect(Object.keys(files)).not.toContain('context.token')
    expect(Object.keys(files)).not.toContain('.env')
    const host = serviceHost(connector)
    const { auths } = JSON.parse(files['config.json'] ?? '') as { auths: Record<string, { auth: string }> }
    const [, jwt] = Buffer.from(auths[host]?.auth ?? '', 'base64')
      .toString()
      .split(':')
    const { exp, iat } = claimsOf(jwt)
    expect(exp - iat).toBe(600)
    expect(files['http.proxy']).toMatch(new RegExp(`@${host}:80$`))
  })

  test('of the class harbor', async () => {
    const { files } = await filesOf({ 'connector.name': 'old', 'configuration.names': 'config' })
    const { auths } = JSON.parse(files['config.json'] ?? '') as { auths: object }
    expect(Object.keys(auths)).toEqual([serviceHost(old)])
    expect(files['connector.status.proxyAddress']).toBe(`http://${serviceHost(old)}`)
  })

  test('for two connectors at once', async () => {
    const { files } = await filesOf({ connectors: 'oci,old', 'configuration.names': 'registry-config' })
    const { auths } = JSON.parse(files['config.json'] ?? '') as { auths: object }
    expect(Object.keys(auths)).toEqual([connector.nodeHost, serviceHost(old)])
    expect(files['http.proxy']).toContain(`${suite.namespace}%2Foci,${suite.namespace}%2Fold:`)
  })

  test.each([
    ['no connector', { 'connector.name': 'none' }, /rpc error: code = NotFound desc = connector "none" not found/],
    ['no name', { 'configuration.names': 'x' }, /connectors or connector.name is required/],
    [
      'no such configuration',
      { connectors: 'oci', 'configuration.names': 'x' },
      /failed to generate configuration: No config/
    ],
    [
      'too short a time',
      { connectors: 'oci', 'token.expiration': '5m' },
      /failed to generate configuration: .*10 minutes/
    ]
  ])('is refused: %s', async (_, attributes, expected) => {
    const said = await mountRefusal(suite.cluster, suite.namespace, client(attributes))
    expect(said).toMatch(/^MountVolume.SetUp failed for volume "connector-0" : rpc error: code = /)
    expect(said).toMatch(expected)
  })

  test('is refused without the right or an address, and while an approval is waited for', async () => {
    const { cluster, namespace } = suite
    const attributes = { connectors: 'oci' }
    expect(await mountRefusal(cluster, namespace, client(attributes, USER.stranger))).toMatch(
      /could not get connector: permission denied/
    )
    await connector.setStatus('none')
    const withoutAddress = mountRefusal(cluster, namespace, client(attributes))
    await expect(withoutAddress.finally(() => connector.setStatus('exposed'))).resolves.toMatch(
      /failed to generate configuration: connector "oci" has no proxy address in its status/
    )
    await connector.setApproval('pending')
    expect(await mountRefusal(cluster, namespace, client(attributes))).toMatch(/waits for approval/)
    await connector.setApproval('rejected')
    const { files } = await filesOf(attributes)
    await connector.setApproval(null)
    expect(Object.keys(files)).toEqual(['.error.json'])
    expect(JSON.parse(files['.error.json'] ?? '')).toMatchObject({ code: 7 })
  })

  async function goneFromKubelet(uid: string) {
    const pods = join(dirname(dirname(suite.cluster.kubeconfig)), 'kubelet', 'pods')
    expect(uid).not.toBe('')
    const until = Date.now() + 20_000
    while (existsSync(join(pods, uid)) && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 200))
    expect(existsSync(join(pods, uid))).toBe(false)
  }
})

describe('the forward proxy', () => {
  const user = (password: string, name = 'oci') =>
    `Basic ${Buffer.from(`${suite.namespace}/${name}:${password}`).toString('base64')}`

  test('crane pushes under the original name, with nothing but the files of the volume', async () => {
    const { cluster, namespace } = suite
    await connector.forgetRequests()
    const target = `${registry.pushHost}/builds/forward:1`
    const { code, log } = await runClient(cluster, namespace, {
      image: cluster.images.crane,
      command: [
        'sh',
        '-c',
        `set -a; . /c/.env; crane copy --platform linux/amd64 --insecure ${cluster.mirror}/library/busybox:1.36 ${target}`
      ],
      env: { SSL_CERT_FILE: '/c/ca.crt' },
      serviceAccount: USER.exposed,
      volumes: { '/c': { connectors: 'oci' } }
    })
    expect({ code, log: code === 0 ? '' : log }).toEqual({ code: 0, log: '' })
    expect(await registry.images()).toContain('builds/forward:1')
    const lines = await connector.requests()
    expect(new Set(lines.map(({ via }) => via))).toEqual(new Set(['forward']))
    const injected = lines.filter(line => line.injected)
    expect(new Set(injected.map(({ host }) => host))).toEqual(new Set([registry.pushHost]))
    expect(injected).toContainEqual(expect.objectContaining({ method: 'PUT', status: 201, authorization: null }))
    expect(lines).toContainEqual(expect.objectContaining({ host: cluster.mirror, injected: false, status: 200 }))
  })

  test.each([
    ['nobody', undefined, 407],
    ['a wrong token', () => user('wrong'), 407],
    ['no right', () => user(stranger), 403],
    ['an unknown connector', () => user(token, 'none'), 404],
    ['the builder', () => user(token), 200]
  ] as const)('CONNECT as %s', async (_, authorization, status) => {
    const answer = await connectBy(registry.pushHost, authorization?.())
    answer.socket.destroy()
    expect([answer.status, answer.headers['proxy-authenticate']]).toEqual([
      status,
      status === 407 ? 'Basic realm="connectors"' : undefined
    ])
  })

  test("signs again for the connector's host only; others are passed, signed again or refused", async () => {
    const other = `${suite.cluster.gateway}:${new URL(suite.cluster.server).port}`
    const issuer = async (target: string) => {
      const { status, socket } = await connectBy(target, user(token))
      if (status !== 200) return status
      return new Promise<unknown>((resolve, reject) => {
        const secured = connect({ socket, rejectUnauthorized: false }, () => {
          const { CN } = secured.getPeerCertificate().issuer
          secured.destroy()
          resolve(CN)
        })
        secured.on('error', reject)
      })
    }
    const proxy = 'connectors forward proxy'
    expect(await issuer(registry.pushHost)).toBe(proxy)
    expect(await issuer(other)).not.toBe(proxy)
    await connector.setKnobs({ otherHosts: 'resign' })
    expect(await issuer(other)).toBe(proxy)
    await connector.setKnobs({ otherHosts: 'refuse' })
    expect(await issuer(other)).toBe(403)
    expect(await issuer(registry.pushHost)).toBe(proxy)
    expect(authority).toContain('BEGIN CERTIFICATE')
  })

  function connectBy(target: string, authorization?: string) {
    const [host = '', port = ''] = connector.nodeHost.split(':')
    return new Promise<{ status: number; headers: Record<string, unknown>; socket: Socket }>((resolve, reject) => {
      const headers = authorization === undefined ? {} : { 'Proxy-Authorization': authorization }
      const outgoing = send({ host, port, method: 'CONNECT', path: target, headers })
      outgoing.on('error', reject)
      outgoing.on('connect', (answer, socket) =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, socket })
      )
      outgoing.end()
    })
  }
})

test('what all connectors share is not removed while there are some', async () => {
  await expect(installation.remove()).rejects.toThrow(`${suite.namespace}/oci`)
  expect(await driverNodes(suite.cluster)).toEqual([suite.cluster.nodeName])
})

test('no token and no password is in the logs', async () => {
  const seen = JSON.stringify([await connector.requests(), await old.requests()])
  const secrets = [token, stranger, ...Object.values(registry.users).map(({ password }) => password)]
  expect(secrets.filter(secret => seen.includes(secret) || seen.includes(encodeURIComponent(secret)))).toEqual([])
})

function skopeo(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('/usr/bin/skopeo', args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`skopeo ${args[0] ?? ''}: ${stderr}`))
    })
  })
}
