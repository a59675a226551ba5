import { existsSync } from 'node:fs'

import { attempt, run } from '../../harness/cluster/run.js'
import { SERVICE_CIDR } from '../../harness/cluster/layout.js'

const NAME = 'kaniko-hooks-docker'
/** The machine's end of the link. */
const LINK = 'kaniko-docker0'
const MACHINE = '10.243.0.1'
const DOCKER = '10.243.0.2'

/** Where the network namespace lies, for `nsenter --net=…`. */
export const NETWORK_NAMESPACE = `/run/netns/${NAME}`

/**
 * Makes the network that Docker lives in: its rules and its ports meet nothing of the machine's. From there the cluster's
 * services can be reached and nothing else, so that a name outside fails at once.
 *
 * @param registry the address that `localhost:<port>` stands for there, as it does on the cluster's nodes
 */
export async function makeNetwork(registry: {
  readonly port: number
  readonly address: string
  readonly addressPort: number
}): Promise<void> {
  const inside = (...args: string[]): Promise<string> => run('nsenter', [`--net=${NETWORK_NAMESPACE}`, ...args])
  await run('ip', ['netns', 'add', NAME])
  await run('ip', ['link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NAME])
  await run('ip', ['address', 'add', `${MACHINE}/30`, 'dev', LINK])
  await run('ip', ['link', 'set', LINK, 'up'])
  await inside('ip', 'address', 'add', `${DOCKER}/30`, 'dev', 'eth0')
  await inside('ip', 'link', 'set', 'lo', 'up')
  await inside('ip', 'link', 'set', 'eth0', 'up')
  await inside('ip', 'route', 'add', SERVICE_CIDR, 'via', MACHINE)
  await inside('sh', '-ec', 'echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet')
  const { port, address, addressPort } = registry
  const nat = (...args: string[]): Promise<string> => inside('iptables', '--wait', '--table', 'nat', ...args)
  const target = `${address}:${addressPort}`
  await nat('-A', 'OUTPUT', '-d', '127.0.0.1', '-p', 'tcp', '--dport', String(port), '-j', 'DNAT', '--to', target)
  await nat('-A', 'POSTROUTING', '-s', '127.0.0.0/8', '-d', address, '-j', 'MASQUERADE')
}

/** Removes the network, with all rules and links in it. */
export async function removeNetwork(): Promise<void> {
  await attempt('ip', ['link', 'delete', LINK])
  if (existsSync(NETWORK_NAMESPACE)) await run('ip', ['netns', 'delete', NAME])
}
