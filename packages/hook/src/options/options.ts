import { isIP } from 'node:net'

import type { V1Container, V1HostAlias, V1PodSpec } from '@kubernetes/client-node'

import { portsOf } from '../services/ports.js'
import { HookError } from '../report/errors.js'
import { capabilities } from './capabilities.js'
import { MAX_NAMESERVERS, type ContainerOptions } from './container-options.js'
import { FLAGS } from './flags.js'
import { invalid, OptionProblem, quote, readFlags, splitOnce, type Given } from './grammar.js'
import { readHealth } from './health.js'
import type { OptionPolicy } from './policy.js'
import { boolean, cpus, fields, whole } from './quantities.js'
import { bindVolume, mount, sizeOf, tmpfs, type MemoryMount } from './volumes.js'

/** Docker's smallest limit of memory. */
const MIN_MEMORY = 6 * 1024 * 1024

/** Sysctls that have no effect on other pods of a node, so that PodSecurity baseline lets a pod have them. */
const SAFE_SYSCTL =
  /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_local_port_range|ip_unprivileged_port_start|ip_local_reserved_ports|tcp_syncookies|ping_group_range|tcp_keepalive_(time|intvl|probes)|tcp_fin_timeout))$/

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Reads `options:` of a container as `docker create` would, and finds what of it a pod can have.
 *
 * @param text as the runner sends it; null without options
 * @param what the container, for errors: "the job container"
 * @throws HookError INPUT for what docker would not take either, UNSUPPORTED for what a pod cannot have or the settings
 *   do not allow
 */
export function readOptions(text: string | null, what: string, policy: OptionPolicy): ContainerOptions {
  try {
    return new Reading(readFlags(text ?? ''), policy).options()
  } catch (error) {
    if (!(error instanceof OptionProblem)) throw error
    throw new HookError(error.code, `The options of ${what} cannot be used: ${error.message}.`)
  }
}

class Reading {
  readonly #given: Given
  readonly #policy: OptionPolicy
  readonly #ignored = new Set<string>()

  constructor(given: Given, policy: OptionPolicy) {
    this.#given = given
    this.#policy = policy
    for (const name of given.keys()) {
      const flag = FLAGS.get(name)
      if (flag?.fate === 'refused' && !(flag.type === 'boolean' && !this.#isSet(name))) {
        throw new OptionProblem(`--${name} is not possible: ${flag.words}`, 'UNSUPPORTED')
      }
      if (flag?.fate === 'ignored') this.#ignored.add(`--${name}`)
    }
  }

  options(): ContainerOptions {
    const mounts = this.#all('mount').map(text => mount(text, this.#ignore))
    const volumes = [...this.#all('volume').map(bindVolume), ...mounts.filter(found => 'targetVolumePath' in found)]
    const memoryMounts = [
      ...this.#all('tmpfs').map(text => this.#limited('tmpfs', tmpfs(text, this.#ignore))),
      ...mounts.filter(found => 'path' in found).map(found => this.#limited('mount', found)),
      ...this.#shm()
    ]
    refuseTwice([...volumes.map(({ targetVolumePath }) => targetVolumePath), ...memoryMounts.map(({ path }) => path)])
    return {
      names: this.#names(),
      health: readHealth(this.#given, this.#isSet('no-healthcheck')),
      environment: this.#environment(),
      envFiles: this.#all('env-file'),
      volumes,
      ports: this.#all('publish').map(port),
      entrypoint: this.#last('entrypoint'),
      workdir: this.#workdir(),
      memoryMounts,
      labels: this.#labels(),
      container: this.#container(),
      pod: this.#pod(),
      ignored: [...this.#ignored]
    }
  }

  readonly #ignore = (option: string): void => void this.#ignored.add(option)

  #all(name: string): readonly string[] {
    return this.#given.get(name) ?? []
  }

  #last(name: string): string | undefined {
    return this.#all(name).at(-1)
  }

  #isSet(name: string): boolean {
    return boolean(this.#last(name) ?? 'false')
  }

  #permit(item: string, option: string): void {
    const { allow } = this.#policy
    if (allow.includes(item) || allow.includes(item.replace(/=[^=]*$/, '=*'))) return
    throw new OptionProblem(
      `${option} is not allowed on these runners. Whoever configures them can allow it: options.allow: ["${item}"] in the settings file`,
      'UNSUPPORTED'
    )
  }

  #names(): string[] {
    const name = this.#last('name')
    if (name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
      throw new OptionProblem(`Invalid container name (${quote(name)}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
    }
    const hostname = this.#last('hostname')
    const all = [
      ...(name === undefined ? [] : [name]),
      ...(hostname === undefined ? [] : [hostname]),
      ...this.#all('network-alias')
    ]
    return [...new Set(all.filter(word => word !== ''))]
  }

  #environment(): Record<string, string> {
    const environment: Record<string, string> = {}
    for (const variable of this.#all('env')) {
      const [name, value] = splitOnce(variable, '=')
      if (name === '') throw new OptionProblem('invalid environment variable: one of --env has no name')
      // Docker would take the value from the runner's own environment.
      if (value === undefined) this.#ignore(`--env ${name} (without a value)`)
      else environment[name] = value
    }
    return environment
  }

  #labels(): Record<string, string> {
    return Object.fromEntries(
      this.#all('label').map(label => {
        const [name, value = ''] = splitOnce(label, '=')
        if (name === '') throw new OptionProblem('invalid label: one of --label has no name')
        return [name, value]
      })
    )
  }

  #workdir(): string | undefined {
    const path = this.#last('workdir') ?? ''
    if (path !== '' && !path.startsWith('/'))
      throw new OptionProblem(`the working directory ${quote(path)} is invalid, it needs to be an absolute path`)
    return path === '' ? undefined : path
  }

  #shm(): MemoryMount[] {
    const text = this.#last('shm-size')
    const size = text === undefined ? 0 : sizeOf('shm-size', text)
    if (size === 0) return []
    this.#limit('shm-size', size, this.#policy.maximum.shmSize)
    return [{ path: '/dev/shm', bytes: size, readOnly: false }]
  }

  /** What is in memory has one limit, by whichever option it is asked for. */
  #limited(name: string, mount: MemoryMount): MemoryMount {
    const { shmSize } = this.#policy.maximum
    this.#limit(name, mount.bytes ?? 0, shmSize)
    return mount.bytes === undefined && shmSize !== undefined ? { ...mount, bytes: shmSize } : mount
  }

  #limit(name: string, value: number, maximum: number | undefined): void {
    if (maximum === undefined || value <= maximum) return
    throw new OptionProblem(
      `--${name} ${quote(this.#last(name) ?? '')} is more than containers may have on these runners (options.maximum in the settings file)`,
      'UNSUPPORTED'
    )
  }

  #container(): Partial<V1Container> {
    const resources = this.#resources()
    const securityContext = this.#securityContext()
    const pull = this.#last('pull') ?? 'missing'
    if (!/^(always|missing|never)$/.test(pull)) {
      throw new OptionProblem(`invalid pull option: ${quote(pull)}: must be one of "always", "missing" or "never"`)
    }
    return {
      ...(resources === undefined ? {} : { resources }),
      ...(Object.keys(securityContext).length === 0 ? {} : { securityContext }),
      // The others would let a job run an image that it may not pull.
      ...(pull === 'always' ? { imagePullPolicy: 'Always' } : {}),
      ...(this.#isSet('interactive') ? { stdin: true } : {}),
      ...(this.#isSet('tty') ? { tty: true } : {})
    }
  }

  #resources(): V1Container['resources'] {
    const memory = sizeOf('memory', this.#last('memory') ?? '0')
    const reserved = sizeOf('memory-reservation', this.#last('memory-reservation') ?? '0')
    if (memory > 0 && memory < MIN_MEMORY)
      throw invalid('memory', this.#last('memory') ?? '', 'Minimum memory limit allowed is 6MB')
    if (memory > 0 && reserved > memory) {
      throw new OptionProblem('Minimum memory limit can not be less than memory reservation limit, see usage')
    }
    this.#limit('memory', memory, this.#policy.maximum.memory)
    this.#limit('memory-reservation', reserved, this.#policy.maximum.memory)
    const cpu = this.#cpus()
    const shares = whole(this.#last('cpu-shares') ?? '0')
    if (shares < 0) throw invalid('cpu-shares', String(shares), 'cannot be negative')
    this.#limit('cpu-shares', shares / 1024, this.#policy.maximum.cpus)
    const gpus = this.#gpus()
    const limits = {
      ...(cpu === 0 ? {} : { cpu: milli(cpu) }),
      ...(memory === 0 ? {} : { memory: String(memory) }),
      ...(gpus === 0 ? {} : { [this.#policy.gpuResource]: String(gpus) })
    }
    // Docker's limits reserve nothing; Kubernetes would reserve as much as the limit without these.
    const requests = {
      ...(cpu === 0 && shares === 0 ? {} : { cpu: milli(cpu === 0 ? shares / 1024 : Math.min(shares / 1024, cpu)) }),
      ...(memory === 0 && reserved === 0 ? {} : { memory: String(reserved) })
    }
    return Object.keys({ ...limits, ...requests }).length === 0 ? undefined : { limits, requests }
  }

  #cpus(): number {
    const quota = whole(this.#last('cpu-quota') ?? '0')
    const period = whole(this.#last('cpu-period') ?? '0')
    const text = this.#last('cpus')
    const asked = cpus(text ?? '0')
    if (asked > 0 && (quota !== 0 || period !== 0)) {
      throw new OptionProblem('Conflicting options: --cpus and --cpu-quota or --cpu-period cannot both be set')
    }
    if (asked > 0 && asked < 0.01) throw invalid('cpus', text ?? '', 'range of CPUs is from 0.01')
    const count = asked > 0 || quota <= 0 ? asked : quota / (period > 0 ? period : 100_000)
    this.#limit(asked > 0 ? 'cpus' : 'cpu-quota', count, this.#policy.maximum.cpus)
    return count
  }

  #gpus(): number {
    const count = this.#all('gpus').reduce((sum, text) => {
      const given = new Map(
        fields(text).map(field => (field.includes('=') ? splitOnce(field, '=') : ['count', field]) as [string, string])
      )
      const wrong = [...given.keys()].find(key => !/^(count|device|driver|capabilities|options)$/.test(key))
      if (wrong !== undefined) throw invalid('gpus', text, `unexpected key ${quote(wrong)}`)
      const devices = given.get('device')
      if (devices !== undefined) return sum + devices.split(',').length
      const number = given.get('count') ?? '1'
      if (number !== 'all' && number !== '-1' && !/^\d{1,9}$/.test(number))
        throw invalid('gpus', text, 'count must be an integer')
      if (number !== 'all' && number !== '-1') return sum + Number(number)
      this.#ignore('--gpus all (one is asked for: Kubernetes counts them)')
      return sum + 1
    }, 0)
    this.#limit('gpus', count, this.#policy.maximum.gpus)
    return count
  }

  #securityContext(): NonNullable<V1Container['securityContext']> {
    const added = capabilities(this.#all('cap-add'), this.#all('cap-drop'), name =>
      this.#permit(`cap-add=${name}`, `--cap-add ${name}`)
    )
    if (this.#isSet('privileged')) this.#permit('privileged', '--privileged')
    return {
      ...this.#user(),
      ...(added === undefined ? {} : { capabilities: added }),
      ...(this.#isSet('privileged') ? { privileged: true } : {}),
      ...(this.#isSet('read-only') ? { readOnlyRootFilesystem: true } : {}),
      ...this.#all('security-opt').reduce((all, text) => ({ ...all, ...this.#securityOption(text) }), {})
    }
  }

  #securityOption(text: string): NonNullable<V1Container['securityContext']> {
    const [key, value] = splitOnce(text.replace(/^(\w+):/, '$1='), '=')
    const option = `--security-opt ${quote(text)}`
    if (key === 'no-new-privileges') return value === 'false' ? {} : { allowPrivilegeEscalation: false }
    if ((key === 'seccomp' || key === 'apparmor') && value === 'unconfined') {
      this.#permit(`security-opt=${key}=unconfined`, option)
      return { [key === 'seccomp' ? 'seccompProfile' : 'appArmorProfile']: { type: 'Unconfined' } }
    }
    if (key === 'label' && value !== undefined) {
      this.#ignore('--security-opt label')
      return {}
    }
    if (value === undefined || !/^(seccomp|apparmor|systempaths|writable-cgroups)$/.test(key)) {
      throw new OptionProblem(`invalid --security-opt: ${quote(text)}`)
    }
    throw new OptionProblem(`${option} is not possible: profiles belong to the hook template`, 'UNSUPPORTED')
  }

  #user(): { runAsUser?: number; runAsGroup?: number } {
    const text = this.#last('user') ?? ''
    if (text === '') return {}
    const [user, group] = splitOnce(text, ':').map(name => (name === 'root' ? '0' : name))
    if (user === undefined || group === '' || [user, group].some(id => id !== undefined && !isId(id))) {
      throw new OptionProblem(
        `--user ${quote(text)} is not possible: names of users and groups are in the image, which nobody can look into before it runs. ` +
          'Use their numbers, such as --user 1001:1001',
        'UNSUPPORTED'
      )
    }
    return { runAsUser: Number(user), ...(group === undefined ? {} : { runAsGroup: Number(group) }) }
  }

  #pod(): Partial<V1PodSpec> {
    const security = this.#podSecurity()
    const dns = this.#dns()
    const hostAliases = this.#all('add-host').map(hostAlias)
    const hostname = this.#hostname()
    const runtime = this.#last('runtime') ?? ''
    if (runtime !== '') this.#permit(`runtime=${runtime}`, `--runtime ${quote(runtime)}`)
    return {
      ...(hostname === undefined ? {} : { hostname }),
      ...(hostAliases.length === 0 ? {} : { hostAliases }),
      ...dns,
      ...(Object.keys(security).length === 0 ? {} : { securityContext: security }),
      ...this.#platform(),
      ...this.#ipc(),
      ...(runtime === '' ? {} : { runtimeClassName: runtime })
    }
  }

  #hostname(): string | undefined {
    const hostname = this.#last('hostname')?.toLowerCase()
    if (hostname === undefined || LABEL.test(hostname)) return hostname
    this.#ignore("--hostname (a pod's host name is one label of letters, digits and dashes)")
    return undefined
  }

  #podSecurity(): NonNullable<V1PodSpec['securityContext']> {
    const groups = this.#all('group-add').map(name => (name === 'root' ? '0' : name))
    const named = groups.find(group => !isId(group))
    if (named !== undefined) {
      throw new OptionProblem(`--group-add ${quote(named)} is not possible: use the number of the group`, 'UNSUPPORTED')
    }
    const sysctls = this.#all('sysctl').map(text => {
      const [name, value] = splitOnce(text, '=')
      if (value === undefined || !/^[a-z0-9_./*-]+$/i.test(name))
        throw invalid('sysctl', text, 'not in the form name=value')
      if (!SAFE_SYSCTL.test(name)) this.#permit(`sysctl=${name}`, `--sysctl ${name}`)
      return { name, value }
    })
    return {
      ...(groups.length === 0 ? {} : { supplementalGroups: groups.map(Number) }),
      ...(sysctls.length === 0 ? {} : { sysctls })
    }
  }

  #dns(): Partial<V1PodSpec> {
    const servers = this.#all('dns').map(text => {
      if (isIP(text) === 0) throw invalid('dns', text, 'not an IP address')
      return text
    })
    const nameservers = servers.slice(0, MAX_NAMESERVERS)
    if (servers.length > nameservers.length) this.#ignore(`--dns after the first ${MAX_NAMESERVERS}`)
    const searches = this.#all('dns-search').filter(domain => {
      if (domain === '.') this.#ignore('--dns-search .')
      else if (!HOST_NAME.test(domain)) throw invalid('dns-search', domain, 'not a valid domain')
      return domain !== '.'
    })
    const options = this.#all('dns-option').map(text => {
      const [name, value] = splitOnce(text, ':')
      if (name === '') throw invalid('dns-option', text, 'no name')
      return { name, ...(value === undefined ? {} : { value }) }
    })
    if (nameservers.length + searches.length + options.length === 0) return {}
    return {
      ...(nameservers.length === 0 ? {} : { dnsPolicy: 'None' }),
      dnsConfig: {
        ...(nameservers.length === 0 ? {} : { nameservers }),
        ...(searches.length === 0 ? {} : { searches }),
        ...(options.length === 0 ? {} : { options })
      }
    }
  }

  #platform(): Partial<V1PodSpec> {
    const text = this.#last('platform') ?? ''
    if (text === '') return {}
    const [first = '', second] = text.toLowerCase().split('/')
    const [os, arch] = second === undefined && first !== 'linux' ? ['linux', first] : [first, second]
    const normal = arch === 'x86_64' || arch === 'x86-64' ? 'amd64' : arch === 'aarch64' ? 'arm64' : arch
    if (os === 'linux' && normal === undefined) return {}
    if (os !== 'linux' || normal !== this.#policy.arch) {
      throw new OptionProblem(
        `--platform ${quote(text)} is not possible: the pods of a job run where the runner's own node builds run, on linux/${this.#policy.arch}. Use a runner of that platform`,
        'UNSUPPORTED'
      )
    }
    return { nodeSelector: { 'kubernetes.io/arch': normal } }
  }

  #ipc(): Partial<V1PodSpec> {
    const mode = this.#last('ipc') ?? ''
    if (mode === 'host') {
      this.#permit('ipc=host', '--ipc host')
      return { hostIPC: true }
    }
    if (!/^(|none|private|shareable)$/.test(mode)) {
      throw new OptionProblem(
        `--ipc ${quote(mode)} is not possible: the containers of a pod share one IPC namespace`,
        'UNSUPPORTED'
      )
    }
    return {}
  }
}

/** Kubernetes' unit for a share of a CPU. */
function milli(count: number): string {
  return `${Math.ceil(count * 1000)}m`
}

function isId(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) < 2 ** 31
}

function hostAlias(text: string): V1HostAlias {
  const [host, written = ''] = splitOnce(text, text.includes('=') ? '=' : ':')
  const ip = written.replace(/^\[(.*)\]$/, '$1')
  const hostname = host.toLowerCase()
  if (ip === 'host-gateway') {
    throw new OptionProblem(
      `--add-host ${quote(text)} is not possible: a pod does not know its node's address before it is there`,
      'UNSUPPORTED'
    )
  }
  if (isIP(ip) === 0) throw invalid('add-host', text, `invalid IP address in add-host: ${quote(ip)}`)
  if (!HOST_NAME.test(hostname)) {
    throw new OptionProblem(
      `--add-host ${quote(text)} is not possible: Kubernetes takes names of letters, digits, dashes and dots`,
      'UNSUPPORTED'
    )
  }
  return { ip, hostnames: [hostname] }
}

/** A port as `ports:` has it: docker also takes fields. */
function port(text: string): string {
  let spec = text
  if (text.includes('=')) {
    const given = new Map(text.split(',').map(field => splitOnce(field, '=') as [string, string]))
    spec = `${given.get('published') ?? ''}:${given.get('target') ?? ''}/${given.get('protocol') ?? 'tcp'}`
  }
  // The address may be one of IPv6, in brackets.
  const parts = spec.replace(/^\[[^\]]*\]/, '').split(':')
  if (parts.length > 3 || portsOf([spec]).length === 0) throw invalid('publish', text, 'invalid containerPort')
  return spec
}

function refuseTwice(paths: readonly string[]): void {
  const twice = paths.find((path, index) => paths.indexOf(path) < index)
  if (twice !== undefined) throw new OptionProblem(`Duplicate mount point: ${quote(twice)}`)
}
