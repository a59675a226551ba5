/** What a flag takes, in the words of `docker create --help`. A boolean takes nothing, or `=false`. */
export type FlagType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'uint'
  | 'uint16'
  | 'bytes'
  | 'decimal'
  | 'duration'
  | 'list'
  | 'map'
  | 'mount'
  | 'network'
  | 'ulimit'
  | 'gpu-request'

/**
 * What becomes of a flag in a pod:
 *
 * - `mapped`: the pod has the same
 * - `already`: it is so in each pod, or in each container of a runner, without a word
 * - `ignored`: it has no meaning here, which the warning of its container says
 * - `refused`: the job would not do what it was written for
 * - `permitted`: refused, unless the settings allow it
 */
export type Fate = 'mapped' | 'already' | 'ignored' | 'refused' | 'permitted'

export interface Flag {
  readonly type: FlagType
  readonly short?: string
  readonly fate: Fate
  /** How it is mapped, or why it is not; what to use in the place of a refused one. */
  readonly words: string
}

type Row = readonly [fate: Fate, type: FlagType, words: string, short?: string]

const NOT_CHOSEN = 'a pod cannot choose that'
const PER_NODE = 'belongs to the node'
const DISK = "limits of a node's disks belong to the node"
const WINDOWS = 'is for Windows'
const NO_DAEMON = 'there is no Docker daemon on these runners'
const ONE_NETWORK = "the job's containers share the network of one pod"

/** Each flag of `docker create`, from Docker 20.10 to 28. */
const ROWS: Readonly<Record<string, Row>> = {
  'add-host': ['mapped', 'list', 'lines of the hosts file, which all containers of the pod share'],
  annotation: ['ignored', 'map', 'annotations for the runtime belong to the hook template'],
  attach: ['already', 'list', 'the runner attaches to no container', 'a'],
  'blkio-weight': ['ignored', 'uint16', DISK],
  'blkio-weight-device': ['ignored', 'list', DISK],
  'cap-add': ['mapped', 'list', 'capabilities; beyond PodSecurity baseline only where the settings allow them'],
  'cap-drop': ['mapped', 'list', 'capabilities'],
  'cgroup-parent': ['ignored', 'string', NOT_CHOSEN],
  cgroupns: ['ignored', 'string', 'each container has a cgroup namespace of its own'],
  cidfile: ['ignored', 'string', 'there is no Docker container whose id could be written'],
  'cpu-count': ['refused', 'int', WINDOWS],
  'cpu-percent': ['refused', 'int', WINDOWS],
  'cpu-period': ['mapped', 'int', 'with `--cpu-quota`, as `--cpus`'],
  'cpu-quota': ['mapped', 'int', 'divided by the period, as `--cpus`'],
  'cpu-rt-period': ['ignored', 'int', NOT_CHOSEN],
  'cpu-rt-runtime': ['ignored', 'int', NOT_CHOSEN],
  'cpu-shares': ['mapped', 'int', 'the CPU that is reserved: 1024 shares are one CPU', 'c'],
  cpus: ['mapped', 'decimal', 'limit of CPU; nothing is reserved by it'],
  'cpuset-cpus': ['ignored', 'string', PER_NODE],
  'cpuset-mems': ['ignored', 'string', PER_NODE],
  device: ['refused', 'list', 'devices come from a device plugin, as resources in the hook template'],
  'device-cgroup-rule': ['refused', 'list', 'devices come from a device plugin, as resources in the hook template'],
  'device-read-bps': ['ignored', 'list', DISK],
  'device-read-iops': ['ignored', 'list', DISK],
  'device-write-bps': ['ignored', 'list', DISK],
  'device-write-iops': ['ignored', 'list', DISK],
  'disable-content-trust': ['already', 'boolean', 'nodes do not look for signatures of images'],
  dns: ['mapped', 'list', "DNS servers of the pod, in the place of the cluster's"],
  'dns-option': ['mapped', 'list', 'DNS options of the pod'],
  'dns-search': ['mapped', 'list', 'DNS search domains of the pod'],
  domainname: ['ignored', 'string', NOT_CHOSEN],
  entrypoint: ['mapped', 'string', 'command of a service; a job container runs what keeps it alive, with Docker too'],
  env: [
    'mapped',
    'list',
    "variables; those of `env:` win. A name without a value would be the runner's own: not set",
    'e'
  ],
  'env-file': ['mapped', 'list', "a file below the runner's work directory, no links followed"],
  expose: ['already', 'list', 'each port of a pod can be reached'],
  gpus: ['mapped', 'gpu-request', 'limit of the resource `nvidia.com/gpu`; `all` is one'],
  'group-add': ['mapped', 'list', 'numbers: supplemental groups, which all containers of the pod share'],
  'health-cmd': ['mapped', 'string', 'check of a service that the job waits for'],
  'health-interval': ['mapped', 'duration', 'time between two checks'],
  'health-retries': ['mapped', 'int', 'failures until a service is unhealthy'],
  'health-start-interval': ['ignored', 'duration', 'services are checked at one interval'],
  'health-start-period': ['mapped', 'duration', 'time in which failures do not count'],
  'health-timeout': ['mapped', 'duration', 'time for one check'],
  help: ['refused', 'boolean', 'docker would print its help and create nothing'],
  hostname: [
    'mapped',
    'string',
    'host name of the pod for a job container; a name by which the container is reached',
    'h'
  ],
  init: [
    'ignored',
    'boolean',
    "a job container's first process takes in orphans; one for others would show them each other's processes"
  ],
  interactive: ['mapped', 'boolean', 'standard input of a service stays open', 'i'],
  'io-maxbandwidth': ['refused', 'bytes', WINDOWS],
  'io-maxiops': ['refused', 'uint', WINDOWS],
  ip: ['refused', 'string', `addresses are the cluster's; use a name`],
  ip6: ['refused', 'string', `addresses are the cluster's; use a name`],
  ipc: ['permitted', 'string', '`host`: the IPC namespace of the node'],
  isolation: ['ignored', 'string', WINDOWS],
  'kernel-memory': ['ignored', 'bytes', 'Linux has no such limit any more'],
  label: [
    'mapped',
    'list',
    'the annotation `kaniko-hooks/labels` of the pod: labels would choose its network policies',
    'l'
  ],
  'label-file': ['ignored', 'list', 'labels come from `--label`'],
  link: ['refused', 'list', 'give the service that name by `--network-alias`'],
  'link-local-ip': ['refused', 'list', `addresses are the cluster's; use a name`],
  'log-driver': ['ignored', 'string', 'logs are read from Kubernetes'],
  'log-opt': ['ignored', 'list', 'logs are read from Kubernetes'],
  'mac-address': ['ignored', 'string', NOT_CHOSEN],
  memory: ['mapped', 'bytes', 'limit of memory; nothing is reserved by it', 'm'],
  'memory-reservation': ['mapped', 'bytes', 'the memory that is reserved'],
  'memory-swap': ['ignored', 'bytes', PER_NODE],
  'memory-swappiness': ['ignored', 'int', PER_NODE],
  mount: ['mapped', 'mount', 'as `--volume` and `--tmpfs`'],
  name: ['mapped', 'string', 'a name by which the container is reached'],
  network: ['refused', 'network', `${ONE_NETWORK}, and GitHub does not support the option`],
  'network-alias': ['mapped', 'list', 'a name by which the container is reached'],
  'no-healthcheck': ['mapped', 'boolean', 'nothing is checked'],
  'oom-kill-disable': ['ignored', 'boolean', NOT_CHOSEN],
  'oom-score-adj': ['ignored', 'int', 'the kubelet sets it by what is reserved'],
  pid: ['refused', 'string', "the hook would signal the node's first process for the container's"],
  'pids-limit': ['ignored', 'int', PER_NODE],
  platform: ['mapped', 'string', "nodes of that architecture; the runner's own, since its node builds run in the job"],
  privileged: ['permitted', 'boolean', 'all rights on the node'],
  publish: ['mapped', 'list', 'as `ports:`: reached under the number that it has in the container', 'p'],
  'publish-all': ['ignored', 'boolean', 'each port is reached under its own number', 'P'],
  pull: ['mapped', 'string', '`always` is pulled again; the runner pulls with each of the others, too'],
  quiet: ['already', 'boolean', 'the kubelet pulls without words', 'q'],
  'read-only': ['mapped', 'boolean', 'root filesystem that cannot be written to'],
  restart: ['ignored', 'string', 'a service that ends has ended'],
  rm: ['already', 'boolean', 'everything goes when the job ends'],
  runtime: ['permitted', 'string', 'runtime class of the pod'],
  'security-opt': [
    'mapped',
    'list',
    '`no-new-privileges`; `seccomp=unconfined` and `apparmor=unconfined` only where the settings allow them'
  ],
  'shm-size': ['mapped', 'bytes', 'size of `/dev/shm`'],
  'stop-signal': ['ignored', 'string', 'the runner kills containers, with Docker too'],
  'stop-timeout': ['ignored', 'int', 'the runner kills containers, with Docker too'],
  'storage-opt': ['ignored', 'list', PER_NODE],
  sysctl: ['mapped', 'map', 'sysctls of the pod; unsafe ones only where the settings allow them'],
  tmpfs: ['mapped', 'list', 'emptyDir in memory; of its options `size` and `ro`'],
  tty: ['mapped', 'boolean', 'a terminal for a service', 't'],
  ulimit: ['ignored', 'ulimit', 'containers have the limits of the runtime'],
  'use-api-socket': ['refused', 'boolean', NO_DAEMON],
  user: ['mapped', 'string', 'numbers, and `root`; the names of an image are not known before it runs', 'u'],
  userns: ['already', 'string', 'pods of the hook have no user namespace'],
  uts: ['refused', 'string', ONE_NETWORK],
  volume: ['mapped', 'list', 'as `volumes:`', 'v'],
  'volume-driver': ['refused', 'string', 'volumes of other kinds belong to the hook template'],
  'volumes-from': ['refused', 'list', 'name the volumes in `volumes:` of both containers'],
  workdir: ['mapped', 'string', 'working directory of a service; the steps of a job name theirs', 'w']
}

/** All of them by name. */
export const FLAGS: ReadonlyMap<string, Flag> = new Map(
  Object.entries(ROWS).map(([name, [fate, type, words, short]]) => [
    name,
    { fate, type, words, ...(short === undefined ? {} : { short }) }
  ])
)

/** Names that docker takes and does not list. */
export const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['dns-opt', 'dns-option'],
  ['net', 'network'],
  ['net-alias', 'network-alias']
])
