import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../credentials/sources.js'

/** How a Docker daemon is reached. */
export type DaemonAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: ClientTls }
  /** `docker system dial-stdio` of that machine carries each connection. */
  | { readonly kind: 'ssh'; readonly destination: string; readonly port?: string; readonly socket?: string }

/** What the daemon is known by, and what this client is known by; PEM. */
export interface ClientTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** An address that cannot be used; the message is the end of a sentence. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
}

const DEFAULT_SOCKET = '/var/run/docker.sock'

/** Docker's own ports (docker/cli, `opts/hosts.go`). */
const PORTS = { plain: 2375, tls: 2376 }

/**
 * Where the daemon is, as docker's own client finds it: DOCKER_HOST with `unix://`, `tcp://` or `ssh://`, the latter's
 * certificates in DOCKER_CERT_PATH or `~/.docker` if DOCKER_TLS_VERIFY is set; else the usual socket if there is one. Docker's
 * contexts are not read.
 *
 * @throws AddressError
 */
export function daemonAddress(env: Environment): DaemonAddress {
  const text = env['DOCKER_HOST'] ?? ''
  if (text === '') {
    if (statSync(DEFAULT_SOCKET, { throwIfNoEntry: false })?.isSocket() === true) {
      return { kind: 'unix', path: DEFAULT_SOCKET }
    }
    const named = env['DOCKER_CONTEXT'] ?? ''
    const context = named === '' ? '' : ', and DOCKER_CONTEXT is not read'
    throw new AddressError(`DOCKER_HOST is not set and there is no ${DEFAULT_SOCKET}${context}`)
  }
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length)
    if (path.startsWith('/')) return { kind: 'unix', path }
    throw new AddressError(`DOCKER_HOST is ${JSON.stringify(text)}, and the path behind unix:// is not absolute`)
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'tcp:' && url.hostname !== '') return tcpAddress(url, env)
  if (url?.protocol === 'ssh:' && url.hostname !== '') return sshAddress(url)
  // An address may have a password in it.
  throw new AddressError('DOCKER_HOST is no address of a daemon: unix:///path, tcp://host:port or ssh://user@host')
}

/** The address as a person may read it. */
export function spelledAddress(address: DaemonAddress): string {
  if (address.kind === 'unix') return address.path
  return address.kind === 'tcp' ? `${address.host}:${address.port}` : `ssh ${address.destination}`
}

function tcpAddress({ hostname, port }: URL, env: Environment): DaemonAddress {
  // Of an address by IPv6, sockets take what is within the brackets.
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if ((env['DOCKER_TLS_VERIFY'] ?? '') !== '') {
    return { kind: 'tcp', host, port: port === '' ? PORTS.tls : Number(port), tls: readTls(env) }
  }
  if ((env['DOCKER_TLS'] ?? '') !== '' || (env['DOCKER_CERT_PATH'] ?? '') !== '') {
    throw new AddressError('TLS without a check of the daemon is not spoken; set DOCKER_TLS_VERIFY=1')
  }
  return { kind: 'tcp', host, port: port === '' ? PORTS.plain : Number(port) }
}

function readTls({ DOCKER_CERT_PATH = '', HOME = homedir() }: Environment): ClientTls {
  const directory = DOCKER_CERT_PATH === '' ? join(HOME, '.docker') : DOCKER_CERT_PATH
  const read = (name: string): string => {
    try {
      return readFileSync(join(directory, name), 'utf8')
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? 'unknown'
      throw new AddressError(`DOCKER_TLS_VERIFY is set and ${join(directory, name)} cannot be read: ${why}`)
    }
  }
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }
}

function sshAddress({ hostname, username, password, port, pathname }: URL): DaemonAddress {
  if (password !== '') throw new AddressError('DOCKER_HOST has a password in it, which ssh does not take')
  const destination = username === '' ? hostname : `${decodeURIComponent(username)}@${hostname}`
  // It becomes a word of ssh, which would take it for an option.
  if (destination.startsWith('-')) throw new AddressError('DOCKER_HOST names no host of ssh')
  return {
    kind: 'ssh',
    destination,
    ...(port === '' ? {} : { port }),
    ...(pathname === '' || pathname === '/' ? {} : { socket: pathname })
  }
}
