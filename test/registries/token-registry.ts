import { randomBytes } from 'node:crypto'

import type { Cluster } from '../cluster/index.js'
import { createAuthority } from './authority.js'
import type { DistributionOptions } from './nodeport-registry.js'
import { create, nodeAddress, nodePortsOf, waitUntilReady } from './objects.js'
import { FILES, podOf, serviceOf } from './program.js'
import type { Registry, UserName, Users } from './registry.js'
import { request } from './request.js'
import { startWithTls, type TlsOptions } from './tls-registry.js'
import type { Grant, TokenRequestLine, TokenServiceConfig } from './token-rules.js'
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
  /** The path below which `push` and `delete` have their rights; default: `builds`. */
  readonly path?: string
  /** Seconds for which the registry takes a token; default: 300. */
  readonly lifetime?: number
}

const PORTS = { token: 5001 }

/**
 * distribution 3 (or 2) over TLS with token authorisation, as of Docker Hub, GHCR, GitLab or Harbor: the registry knows
 * nobody, and the service on another port gives each user the rights that are his.
 */
export async function tokenRegistry(
  cluster: Cluster,
  namespace: string,
  options: DistributionOptions & TlsOptions & TokenOptions = {}
): Promise<TokenRegistry> {
  const { name = 'registry', authority = await createAuthority(), path = 'builds', lifetime = 300 } = options
  const service = `${name}-token`
  const users = newUsers()
  const identityTokens = {
    push: newToken(),
    pull: newToken(),
    delete: newToken(),
    admin: newToken()
  }
  const config: TokenServiceConfig = {
    port: PORTS.token,
    tls: { certificate: `${FILES}/tls.crt`, key: `${FILES}/tls.key` },
    issuer: service,
    service: name,
    lifetime,
    users: (Object.keys(users) as UserName[]).map(user => ({
      ...users[user],
      identityToken: identityTokens[user],
      grants: grantsOf(user, path)
    }))
  }
  const address = await nodeAddress(cluster)
  const { certificate, key } = await authority.issue([`IP:${address}`])
  const program = {
    namespace,
    name: service,
    program: 'token-service',
    args: [`${FILES}/config.json`],
    files: { 'config.json': JSON.stringify(config), 'tls.crt': certificate, 'tls.key': key },
    ports: PORTS
  } as const
  const undo = await create(cluster, [serviceOf(program), ...(await podOf(cluster, program))])
  const { token: port = 0 } = await nodePortsOf(cluster, namespace, service)
  const url = `https://${address}:${port}`
  const [registry] = await Promise.all([
    startWithTls(cluster, namespace, {
      version: 3,
      ...options,
      authority,
      users,
      env: {
        REGISTRY_AUTH_HTPASSWD_REALM: null,
        REGISTRY_AUTH_HTPASSWD_PATH: null,
        REGISTRY_AUTH_TOKEN_REALM: `${url}/token`,
        REGISTRY_AUTH_TOKEN_ISSUER: config.issuer,
        REGISTRY_AUTH_TOKEN_SERVICE: config.service,
        REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: '/tls/ca.crt'
      },
      without: ['users'],
      needs: [],
      undo: [undo]
    }),
    waitUntilReady(cluster, namespace, service)
  ])
  return {
    ...registry,
    users,
    identityTokens,
    tokenRequests: async () => {
      const { body } = await request(`${url}/requests`, { ca: authority.certificate })
      return JSON.parse(body) as TokenRequestLine[]
    }
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
