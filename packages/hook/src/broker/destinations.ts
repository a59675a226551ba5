import type { BrokerRequest } from '@kaniko-hooks/broker'
import { parseReference, RegistryError, type ImageReference } from '@kaniko-hooks/registry'

import type { Configuration } from '../job/call.js'
import type { Scope } from '../images/records/scope.js'
import type { DestinationSettings, PushToSettings } from '../settings/schema.js'

/** A repository to which a request's image goes, and who allows it. */
export interface Destined {
  readonly reference: ImageReference
  readonly tags: readonly [string, ...string[]]
  /** The administrator's entry. Without one, the request brought a credential. */
  readonly allowed?: PushToSettings
  readonly isOwn: boolean
}

/**
 * Decides where a request's image may go. The administrator's credentials are lent for what `broker.pushTo` names, and the
 * administrator's registries are reached for nothing else; whoever brings a credential may push wherever that lets him in.
 *
 * @param scope what is known of the job's code; see docs/adrs/0011
 * @returns the repositories, and sentences about those that may not be pushed to
 */
export function destinationsOf(
  call: Configuration,
  { tags, push, credentials }: Pick<BrokerRequest, 'tags' | 'push' | 'credentials'>,
  scope: Scope | undefined
): { readonly destined: readonly Destined[]; readonly problems: readonly string[] } {
  const problems: string[] = []
  const byRepository = new Map<string, Destined>()
  for (const [index, text] of tags.entries()) {
    const reference = parsed(text)
    if (typeof reference === 'string') {
      problems.push(`tags.${index}: ${reference}`)
      continue
    }
    if (!push) continue
    const { domain, repository, tag = 'latest' } = reference
    const name = `${domain}/${repository}`
    const known = byRepository.get(name)
    if (known !== undefined) {
      if (!known.tags.includes(tag)) byRepository.set(name, { ...known, tags: [...known.tags, tag] })
      continue
    }
    const isOwn = credentials.some(({ registry }) => canonical(registry) === domain)
    const entries = call.settings.broker.pushTo.filter(entry => matches(entry.repository, name, call))
    const allowed = entries.find(({ events }) => events === 'all' || scope?.trusted === true)
    const why = allowed === undefined ? refusal(call, reference, { isOwn, hasEntry: entries.length > 0 }) : undefined
    if (why === undefined) {
      byRepository.set(name, { reference, tags: [tag], isOwn, ...(allowed === undefined ? {} : { allowed }) })
    } else problems.push(`tags.${index}: ${name} may not be pushed to: ${why}`)
  }
  const destined = [...byRepository.values()]
  const accounts = new Set(
    destined.flatMap(({ allowed, isOwn }) => (isOwn ? [] : (allowed?.connector?.serviceAccount ?? [])))
  )
  if (accounts.size > 1) {
    problems.push(`tags: their connectors have the service accounts ${[...accounts].join(', ')}, and a build has one`)
  }
  return { destined, problems }
}

/** Docker's names of Docker Hub are one. */
function canonical(registry: string): string {
  const host = registry.toLowerCase()
  return /^(index\.|registry-1\.)?docker\.io$/.test(host) ? 'docker.io' : registry
}

function parsed(text: string): ImageReference | string {
  try {
    const reference = parseReference(text)
    return reference.digest === undefined ? reference : 'has a digest; a build makes its own'
  } catch (error) {
    if (error instanceof RegistryError) return error.message
    throw error
  }
}

function refusal(
  call: Configuration,
  { domain }: ImageReference,
  { isOwn, hasEntry }: { readonly isOwn: boolean; readonly hasEntry: boolean }
): string | undefined {
  if (hasEntry) {
    return 'the setting broker.pushTo lets only code that was accepted into the repository push there, and this event may run other code'
  }
  const ask = 'an administrator can allow it by the setting broker.pushTo'
  if (!isOwn) return `the request has no credential for ${domain}, and no entry of the setting broker.pushTo allows it`
  if (isAdministrators(call, domain)) return `${domain} is a registry of the runner's own settings; ${ask}`
  if (isInside(domain)) return `${domain} is an address of the cluster or of this network; ${ask}`
  return undefined
}

/** Whether a registry is one that the settings name: some let in whoever reaches them. */
function isAdministrators({ settings }: Configuration, domain: string): boolean {
  const hosts = [...settings.broker.pushTo.map(({ repository }) => repository), settings.cache?.repository ?? '']
  return (
    hosts.some(name => name.split('/', 1)[0]?.toLowerCase() === domain.toLowerCase()) ||
    knownDestinations(settings).some(destination => isOf(destination, domain.toLowerCase()))
  )
}

/** Builds that steps ask for do not need one. */
function knownDestinations(settings: Configuration['settings']): readonly DestinationSettings[] {
  try {
    return settings.destinations()
  } catch {
    return []
  }
}

function isOf({ nodePort, remote, connector }: DestinationSettings, domain: string): boolean {
  const addresses = [connector?.registry?.replace(/^https?:\/\//, ''), connector?.pushAddress, connector?.pullAddress]
  const names = [remote?.repository, nodePort && `${nodePort.host}:${nodePort.port}`, ...addresses]
  if (names.some(name => name?.split('/', 1)[0]?.toLowerCase() === domain)) return true
  return nodePort !== undefined && domain.endsWith(`:${nodePort.nodePort}`)
}

/** Names that mean something only here. Programs that push speak plain HTTP to some of them without being told to. */
function isInside(domain: string): boolean {
  const host = domain.replace(/:\d+$/, '').toLowerCase()
  if (domain.startsWith('[') || /^[\d.]+$/.test(host) || !host.includes('.')) return true
  return /\.(local|localhost|internal|svc)$/.test(host) || host.includes('.svc.')
}

/** Whether a repository is one of a pattern: `*` is a part of its path, `**` any parts. */
function matches(pattern: string, name: string, { environment: { repository } }: Configuration): boolean {
  const own = repository?.toLowerCase()
  if (pattern.includes('{') && own === undefined) return false
  const known = pattern.replaceAll('{repository}', own ?? '').replaceAll('{owner}', own?.split('/', 1)[0] ?? '')
  const source = known
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, stars => (stars.length > 1 ? '.+' : '[^/]+'))
  return new RegExp(`^${source}$`).test(name)
}
