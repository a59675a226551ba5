import { existsSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'

import type { Binaries } from './binaries.js'
import { ClusterError } from './errors.js'

export const NODE_NAME = 'kaniko-hooks'
export const NETWORK_NAME = 'kaniko-hooks'
export const BRIDGE = 'cni0'
export const POD_CIDR = '10.244.0.0/24'
/** The bridge's own address: what pods reach the machine by. */
export const GATEWAY = '10.244.0.1'
export const SERVICE_CIDR = '10.96.0.0/16'
export const KUBERNETES_SERVICE = '10.96.0.1'
export const DNS_SERVICE = '10.96.0.10'
export const API_PORT = 6443
export const ETCD_PORT = 12379
export const ETCD_PEER_PORT = 12380
/** Every TCP port that the cluster's own processes listen on. */
export const PORTS = [API_PORT, ETCD_PORT, ETCD_PEER_PORT, 10248, 10249, 10250, 10256, 10257, 10259]
/** Parent of every pod's control group: whatever runs in it is ours to end. */
export const CGROUP = '/kaniko-hooks'

/** Where everything is, for the pure functions that write configuration. */
export interface Layout {
  readonly state: string
  readonly nodeIp: string
  readonly resolvConf: string
  readonly program: (name: string) => string
  readonly at: (...path: string[]) => string
}

/** One long-running process of the cluster. */
export interface ProcessSpec {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** The layout below a state directory on this machine as it is now. */
export function layoutOf(state: string, binaries: Binaries): Layout {
  return {
    state,
    nodeIp: nodeIp(),
    resolvConf: resolvConf(),
    program: name => binaries.get(name) ?? name,
    at: (...path) => join(state, ...path)
  }
}

function nodeIp(): string {
  const address = Object.entries(networkInterfaces())
    .filter(([name]) => name !== BRIDGE && !name.startsWith('docker'))
    .flatMap(([, addresses]) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  if (address === undefined)
    throw new ClusterError('The test cluster cannot be built here: no link but loopback has an IPv4 address.')
  return address
}

/** systemd-resolved's stub on 127.0.0.53 is of no use in a pod; it keeps the real servers in another file. */
function resolvConf(): string {
  const real = '/run/systemd/resolve/resolv.conf'
  return existsSync(real) ? real : '/etc/resolv.conf'
}
