import { randomBytes } from 'node:crypto'

import type { Cluster } from '../../harness/cluster/index.js'
import { createAuthority } from './authority.js'
import { imagesIn } from './catalogue.js'
import type { DistributionOptions } from './nodeport-registry.js'
import { create, nodeAddress, nodePortsOf, undoAll, waitUntilReady } from './objects.js'
import { FILES, podOf, serviceOf } from './program.js'
import type { Registry, UserName, Users } from './registry.js'
import { request } from './request.js'
import { startWithTls, type TlsOptions } from './tls-registry.js'
import type { Grant, TokenRequestLine, TokenServiceConfig } from './token-rules.js'
import { trustCertificateAuthority } from './trust.js'
import { newUsers } from './users.js'

/** A registry whose clients fetch a token first, and what their token service has seen. */
export interface TokenRegistry extends Registry {
  readonly users: Users
  /** What a user may show in the place of a password. */
  readonly identityTokens: Readonly<Record<UserName, string>>
  /** Requests to the token service, with the scopes that were asked for and granted. */
  tokenRequests(): Promise<TokenRequestLine[]>
}

export interface TokenOptions {
  /** The path below which `push` and `delete` have their rights, and their project; default: `builds`. */
  readonly path?: string
  /** Seconds for which the registry takes a token; default: 300. */
  readonly lifetime?: number
}

const PORTS = { registry: 5000 }

/**
 * distribution 3 (or 2) over TLS with token authorisation, as of Docker Hub, GHCR, GitLab or Harbor: the registry knows
 * nobody, and a service gives each user a token for the rights that are his. As with Harbor both have one host and port.
 */
export async function tokenRegistry(
  cluster: Cluster,
  namespace: string,
  options: DistributionOptions & TlsOptions & TokenOptions = {}
): Promise<TokenRegistry> {
  const { name = 'registry', authority = await createAuthority(), path = 'builds', lifetime = 300 } = options
  const ca = authority.certificate
  const users = newUsers(path)
  const identityTokens = { push: newToken(), pull: newToken(), delete: newToken(), admin: newToken() }
  const front = { namespace, name: `${name}-front`, ports: PORTS }
  const frontService = await create(cluster, [serviceOf(front)])
  const { registry: port = 0 } = await nodePortsOf(cluster, namespace, front.name)
  const host = `${await nodeAddress(cluster)}:${port}`
  const registry = await startWithTls(cluster, namespace, {
    version: 3,
    ...options,
    authority,
    trusted: false,
    users,
    env: {
      REGISTRY_AUTH_HTPASSWD_REALM: null,
      REGISTRY_AUTH_HTPASSWD_PATH: null,
      REGISTRY_AUTH_TOKEN_REALM: `https://${host}/auth/token`,
      // Clients that came through a proxy are sent to the token service through it too.
      REGISTRY_AUTH_TOKEN_AUTOREDIRECT: 'true',
      REGISTRY_AUTH_TOKEN_ISSUER: front.name,
      REGISTRY_AUTH_TOKEN_SERVICE: name,
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: '/tls/ca.crt'
    },
    without: ['users'],
    needs: []
  })
  const config: TokenServiceConfig = {
    port: PORTS.registry,
    tls: { certificate: `${FILES}/tls.crt`, key: `${FILES}/tls.key` },
    upstream: `https://${registry.pushHost}`,
    upstreamAuthority: `${FILES}/ca.crt`,
    issuer: front.name,
    service: name,
    lifetime,
    users: (Object.keys(users) as UserName[]).map(user => ({
      ...users[user],
      identityToken: identityTokens[user],
      grants: grantsOf(user, path)
    }))
  }
  const { certificate, key } = await authority.issue([`IP:${await nodeAddress(cluster)}`])
  const pod = await podOf(cluster, {
    ...front,
    program: 'token-service',
    args: [`${FILES}/config.json`],
    files: { 'config.json': JSON.stringify(config), 'tls.crt': certificate, 'tls.key': key, 'ca.crt': ca }
  })
  const undo = [frontService, () => registry.remove(), await create(cluster, pod)]
  if (options.trusted !== false) undo.push(await trustCertificateAuthority(cluster, host, ca))
  await waitUntilReady(cluster, namespace, front.name)
  const url = `https://${host}`
  return {
    pushHost: host,
    pullHost: host,
    ca,
    users,
    identityTokens,
    images: () => imagesIn({ url, ca, credentials: users.admin }),
    requests: () => registry.requests(),
    tokenRequests: async () => JSON.parse((await request(`${url}/requests`, { ca })).body) as TokenRequestLine[],
    remove: () => undoAll(undo)
  }
}

function newToken(): string {
  return `canary-identity-${randomBytes(24).toString('hex')}`
}

function grantsOf(user: UserName, path: string): Grant[] {
  const own = `repository:${path}/.+`
  switch (user) {
    case 'push':
      return [{ resources: own, actions: ['pull', 'push'] }]
    case 'delete':
      return [{ resources: own, actions: ['pull', 'push', 'delete'] }]
    case 'pull':
      return [{ resources: 'repository:.+', actions: ['pull'] }]
    case 'admin':
      return [
        { resources: 'repository:.+', actions: ['pull', 'push', 'delete'] },
        { resources: 'registry:catalog', actions: ['*'] }
      ]
  }
}
