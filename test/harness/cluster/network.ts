import { existsSync, readFileSync, writeFileSync } from 'node:fs'

import { BRIDGE, GATEWAY, NETWORK_NAME, POD_CIDR, type Layout } from './layout.js'
import { run } from './run.js'

/**
 * Pods on one bridge. The plugins' own masquerading and port mappings would start iptables some twenty times for each pod,
 * a third of what a pod costs here: the first is one rule for all (`masquerade`), and no test maps a port of the node.
 */
export function networkConfig({ at }: Layout): object {
  return {
    cniVersion: '1.0.0',
    name: NETWORK_NAME,
    plugins: [
      {
        type: 'bridge',
        bridge: BRIDGE,
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: at('run', 'ipam'),
          ranges: [[{ subnet: POD_CIDR, gateway: GATEWAY }]],
          routes: [{ dst: '0.0.0.0/0' }]
        }
      }
    ]
  }
}

/** Kernel settings that the cluster needs, and those that the kubelet and kube-proxy change by themselves. */
const NEEDED: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '1',
  // A pod that reaches another through a service address: the answer crosses the bridge, and has to be translated back.
  'net/bridge/bridge-nf-call-iptables': '1'
}
const CHANGED_BY_OTHERS = [
  'net/ipv4/conf/all/route_localnet',
  'vm/overcommit_memory',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes'
]

/** Sets the kernel settings and notes what they were. */
export async function setKernel(notes: string): Promise<void> {
  if (!existsSync('/proc/sys/net/bridge')) await run('modprobe', ['br_netfilter'])
  // After a crash the notes are there already, and what the kernel has now is ours.
  if (!existsSync(notes)) {
    const before = [...Object.keys(NEEDED), ...CHANGED_BY_OTHERS].filter(name => existsSync(`/proc/sys/${name}`))
    writeFileSync(notes, JSON.stringify(Object.fromEntries(before.map(name => [name, read(name)]))))
  }
  for (const [name, value] of Object.entries(NEEDED))
    if (read(name) !== value) writeFileSync(`/proc/sys/${name}`, value)
}

/** Puts what pods send out of the cluster behind the machine's own address. The chain goes with those of the CNI plugins. */
export async function masquerade(): Promise<void> {
  const rules = [
    '*nat',
    ':CNI-OUTSIDE -',
    `-A CNI-OUTSIDE -d ${POD_CIDR} -j RETURN`,
    '-A CNI-OUTSIDE ! -d 224.0.0.0/4 -j MASQUERADE',
    `-A POSTROUTING -s ${POD_CIDR} -j CNI-OUTSIDE`,
    'COMMIT',
    ''
  ]
  await run('iptables-restore', ['--noflush', '-w', '5'], { input: rules.join('\n') })
}

/** Sets the kernel settings back to what {@link setKernel} found. */
export function restoreKernel(notes: string): void {
  if (!existsSync(notes)) return
  const before = JSON.parse(readFileSync(notes, 'utf8')) as Record<string, string>
  for (const [name, value] of Object.entries(before))
    if (read(name) !== value) writeFileSync(`/proc/sys/${name}`, value)
}

function read(name: string): string {
  return readFileSync(`/proc/sys/${name}`, 'utf8').trim()
}
