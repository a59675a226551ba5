import type { V1Capabilities } from '@kubernetes/client-node'

import { OptionProblem, quote } from './grammar.js'

/** What a container has unless it says otherwise, with Docker and with containerd. */
const USUAL =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' '
  )

/** The others that Linux knows. */
const OTHERS =
  'AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND BPF CHECKPOINT_RESTORE DAC_READ_SEARCH IPC_LOCK IPC_OWNER LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE NET_ADMIN NET_BROADCAST PERFMON SYSLOG SYS_ADMIN SYS_BOOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM'.split(
    ' '
  )

const KNOWN = new Set(['ALL', ...USUAL, ...OTHERS])

/** PodSecurity baseline lets a pod have the usual ones but this one by name; without a word, containers have it. */
const NOT_BASELINE = 'NET_RAW'

/**
 * Docker's capabilities in a pod. Docker first drops and then adds; a container runtime does it the other way round.
 *
 * @param permit told of each one that PodSecurity baseline does not let a pod have
 * @throws OptionProblem for one that Linux does not know
 */
export function capabilities(
  added: readonly string[],
  dropped: readonly string[],
  permit: (name: string) => void
): V1Capabilities | undefined {
  const drop = dropped.map(name => known('CapDrop', name))
  // All are a container's anyway, but where all of them were dropped.
  const add = added.map(name => known('CapAdd', name)).filter(name => drop.includes('ALL') || name !== NOT_BASELINE)
  for (const name of add) if (!USUAL.includes(name) || name === NOT_BASELINE) permit(name)
  const kept = add.includes('ALL')
    ? drop.filter(name => name !== 'ALL')
    : drop.filter(name => !added.some(other => same(other, name)))
  if (add.length === 0 && kept.length === 0) return undefined
  return { ...(add.length === 0 ? {} : { add }), ...(kept.length === 0 ? {} : { drop: kept }) }
}

function bare(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '')
}

function same(one: string, other: string): boolean {
  return bare(one) === other && other !== 'ALL'
}

function known(list: string, name: string): string {
  if (!KNOWN.has(bare(name))) throw new OptionProblem(`invalid ${list}: unknown capability: ${quote(name)}`)
  return bare(name)
}
