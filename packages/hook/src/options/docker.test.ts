import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from '@jest/globals'

import { portsOf } from '../services/ports.js'
import type { ContainerOptions } from './container-options.js'
import { read } from './options.fixture.js'

/** What docker 28 makes of each: `npx tsx scripts/record-docker-options.ts` asks it. */
const CASES = JSON.parse(readFileSync(join(import.meta.dirname, 'docker-cases.json'), 'utf8')) as readonly {
  readonly text: string
  readonly error?: string
  readonly made?: Readonly<Record<string, unknown>>
}[]

/** What docker passes on, and is refused here: by its daemon, because the runner says more, or because a pod has no such thing. */
const REFUSED = new Map([
  ['--cpus -1', 'rational number'],
  ['--memory 100 ', 'Minimum memory'],
  ['--memory 10kib', 'Minimum memory'],
  ['-w rel', 'absolute path'],
  ['--mount "type=volume,source=a,\\"target=/x,y\\""', 'invalid characters'],
  ['-v a:b:c:d', 'invalid volume specification'],
  ['--mount type=bind,target=/b', 'must be absolute'],
  ['--health-interval 1us', 'less than 1ms'],
  ['--', 'ends them'],
  ['--cpus 1 -- ', 'ends them'],
  ['--env "A=1', 'has no end'],
  ['--name -x', 'Invalid container name'],
  ['--tmpfs rel', 'must be absolute'],
  ['--tmpfs /', 'cannot be'],
  ['--user ":1"', 'numbers'],
  ['-uu', 'numbers'],
  ['--group-add 12 --group-add audio', 'number of the group'],
  ['--add-host h:host-gateway', 'address'],
  ['--platform linux/arm64', 'platform'],
  ['--device /dev/fuse', 'device plugin'],
  ['--ipc bad', 'IPC'],
  ['--link db:db --mac-address 02:42:ac:11:00:02', 'network-alias'],
  ['--volumes-from x', 'volumes'],
  ['-e A -e B=1', '']
])

/** What docker refuses: values of flags that are ignored here, and files, which are read later. */
const LATER = new Set(['--mac-address zz', '--memory-swappiness 101', '--env-file /nonexistent', '--env-file='])

/** Nothing is refused by a policy here. */
const ALLOW = [
  'privileged',
  'cap-add=*',
  'sysctl=*',
  'runtime=*',
  'ipc=host',
  'security-opt=seccomp=unconfined',
  'security-opt=apparmor=unconfined'
]

const seconds = (nanoseconds: unknown): number | undefined =>
  typeof nanoseconds === 'number' ? nanoseconds / 1e6 : undefined

/** Where docker's fields are in ours: what docker says, and what we say, in one form. */
const SAME: Readonly<Record<string, (theirs: never, ours: ContainerOptions) => readonly [unknown, unknown]>> = {
  Memory: (bytes: number, { container }) => [String(bytes), container.resources?.limits?.['memory']],
  MemoryReservation: (bytes: number, { container }) => [String(bytes), container.resources?.requests?.['memory']],
  NanoCpus: (count: number, { container }) => [`${count / 1e6}m`, container.resources?.limits?.['cpu']],
  CpuShares: (count: number, { container }) => [`${(count / 1024) * 1000}m`, container.resources?.requests?.['cpu']],
  CpuQuota: (quota: number, { container }) => [quota > 0, container.resources?.limits?.['cpu'] === '500m'],
  CpuPeriod: (period: number, { container }) => [period > 0, container.resources?.limits?.['cpu'] === '500m'],
  ShmSize: (bytes: number, { memoryMounts }) => [[{ path: '/dev/shm', bytes, readOnly: false }], memoryMounts],
  Env: (list: string[], { environment }) => [
    list,
    Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  ],
  Tty: (on: boolean, { container }) => [on, container.tty],
  OpenStdin: (on: boolean, { container }) => [on, container.stdin],
  ReadonlyRootfs: (on: boolean, { container }) => [on, container.securityContext?.readOnlyRootFilesystem],
  User: (text: string, { container }) => [
    text.replaceAll('root', '0'),
    [container.securityContext?.runAsUser, container.securityContext?.runAsGroup]
      .filter(id => id !== undefined)
      .join(':')
  ],
  WorkingDir: (path: string, { workdir }) => [path, workdir],
  Hostname: (name: string, { names }) => [true, names.includes(name)],
  Aliases: (aliases: string[], { names }) => [aliases, names.slice(-aliases.length)],
  ExtraHosts: (lines: string[], { pod }) => [
    lines.map(line => line.toLowerCase()),
    pod.hostAliases?.map(({ ip, hostnames }) => `${hostnames?.[0] ?? ''}:${ip}`)
  ],
  Dns: (list: string[], { pod }) => [list, pod.dnsConfig?.nameservers],
  DnsSearch: (list: string[], { pod, ignored }) => [
    list,
    pod.dnsConfig?.searches ?? ignored.map(text => text.slice(-1))
  ],
  DnsOptions: (list: string[], { pod }) => [
    list,
    pod.dnsConfig?.options?.map(({ name, value }) => `${name ?? ''}:${value ?? ''}`)
  ],
  CapAdd: (list: string[], { container }) => [
    list.map(name => name.slice('CAP_'.length)),
    container.securityContext?.capabilities?.add
  ],
  CapDrop: (list: string[], { container }) => [list, container.securityContext?.capabilities?.drop],
  Tmpfs: (paths: Record<string, string>, { memoryMounts }) => [
    Object.keys(paths),
    memoryMounts.map(({ path }) => path)
  ],
  DeviceRequests: ([request]: [{ Count: number; DeviceIDs: string[] | null }], { container }) => [
    String(request.DeviceIDs?.length ?? Math.abs(request.Count)),
    container.resources?.limits?.['nvidia.com/gpu']
  ],
  Labels: (labels: Record<string, string>, ours) => [labels, ours.labels],
  Binds: (binds: string[], { volumes }) => [
    binds,
    volumes.flatMap(({ sourceVolumePath: source, targetVolumePath, readOnly }) =>
      source === null ? [] : [`${source}:${targetVolumePath}${readOnly ? ':ro' : ''}`]
    )
  ],
  Volumes: (paths: object, { volumes }) => [
    Object.keys(paths),
    volumes.flatMap(({ sourceVolumePath, targetVolumePath }) => (sourceVolumePath === null ? [targetVolumePath] : []))
  ],
  Mounts: ([mount]: [Record<string, unknown>], { volumes, memoryMounts }) => [
    [
      mount['Target'],
      mount['ReadOnly'] ?? false,
      mount['Source'] ?? null,
      (mount['TmpfsOptions'] as { SizeBytes: number } | undefined)?.SizeBytes
    ],
    [
      volumes[0]?.targetVolumePath ?? memoryMounts[0]?.path,
      volumes[0]?.readOnly ?? memoryMounts[0]?.readOnly,
      volumes[0]?.sourceVolumePath ?? null,
      memoryMounts[0]?.bytes
    ]
  ],
  PortBindings: (ports: object, ours) => [
    Object.keys(ports).sort(),
    portsOf(ours.ports)
      .map(({ port, protocol }) => `${port}/${protocol}`)
      .sort()
  ],
  Healthcheck: (check: Record<string, unknown>, { health }) => [
    {
      disabled: (check['Test'] as string[] | undefined)?.[0] === 'NONE',
      command: (check['Test'] as string[] | undefined)?.[1],
      intervalMs: seconds(check['Interval']),
      timeoutMs: seconds(check['Timeout']),
      startPeriodMs: seconds(check['StartPeriod']),
      retries: check['Retries']
    },
    {
      command: undefined,
      intervalMs: undefined,
      timeoutMs: undefined,
      startPeriodMs: undefined,
      retries: undefined,
      ...health
    }
  ],
  Entrypoint: ([word]: string[], { entrypoint }) => [word, entrypoint],
  Sysctls: (values: Record<string, string>, { pod }) => [
    Object.entries(values).map(([name, value]) => ({ name, value })),
    pod.securityContext?.sysctls
  ],
  SecurityOpt: (list: string[], { container }) => [
    list.length > 0,
    Object.keys(container.securityContext ?? {}).some(key =>
      /^(allowPrivilegeEscalation|seccompProfile|appArmorProfile)$/.test(key)
    )
  ],
  Runtime: (name: string, { pod }) => [name, pod.runtimeClassName],
  IpcMode: (mode: string, { pod }) => [mode === 'host', pod.hostIPC]
}

/** What is so without a word, and what is ignored. */
const UNSAID = /^(ExposedPorts|AutoRemove|UsernsMode)$/

test.each(CASES.map(({ text, ...other }) => [text, other] as const))('%s', (text, { error, made = {} }) => {
  const refused = REFUSED.get(text)
  if (refused !== undefined && refused !== '') {
    expect(() => read(text, { allow: ALLOW })).toThrow(refused)
    return
  }
  if (error !== undefined && !LATER.has(text)) {
    expect(() => read(text, { allow: ALLOW })).toThrow(/^The options of the job container cannot be used: /)
    return
  }
  const ours = read(text, { allow: ALLOW })
  for (const [key, theirs] of Object.entries(made)) {
    if (UNSAID.test(key)) continue
    const compare = SAME[key]
    if (compare === undefined) {
      expect(ours.ignored).not.toEqual([])
      continue
    }
    const [expected, found] = compare(theirs as never, ours)
    const wanted = refused === '' ? (expected as string[]).filter(line => line.includes('=')) : expected
    expect(found).toEqual(wanted)
  }
})
