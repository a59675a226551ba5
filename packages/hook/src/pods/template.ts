import { readFile } from 'node:fs/promises'

import type {
  V1Affinity,
  V1Container,
  V1HostAlias,
  V1NodeSelectorTerm,
  V1Pod,
  V1PodSpec,
  V1PodTemplateSpec
} from '@kubernetes/client-node'

import { VARIABLE } from '../settings/environment.js'
import type { ReadText } from '../settings/settings.js'
import { HookError, messageOf } from '../report/errors.js'
import { HELPERS, JOB_CONTAINER } from './names.js'
import { withTheirs } from './owner.js'
import { checkTemplate } from './template-check.js'
import { BUILD_ENTRIES, identityOf, isBuildEntry, isMap } from './template-shape.js'

/** The template's entry for every service. */
const DEFAULT_ENTRY = '$default'

/**
 * The administrator's hook template (`ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE`): a pod template whose containers are
 * named `$job`, `$<service>` or `$default` to change ours, or anything else to be added to the job pod.
 */
export interface Template {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }
  readonly spec?: Record<string, unknown> & {
    readonly containers?: readonly Entry[]
    readonly initContainers?: readonly Entry[]
  }
}

type Entry = Partial<V1Container> & { readonly name: string }

/**
 * Reads the template file.
 *
 * @param read another place than the disk
 * @throws HookError TEMPLATE with the file and everything that is wrong
 */
export async function readTemplate(
  path: string | undefined,
  read: ReadText = file => readFile(file, 'utf8')
): Promise<Template | undefined> {
  if (path === undefined) return undefined
  const wrong = (why: string, cause?: unknown): HookError =>
    new HookError('TEMPLATE', `The hook template ${path} (${VARIABLE.templatePath}) ${why}.`, {
      cause
    })
  let content: unknown
  try {
    const { load } = await import('js-yaml')
    content = withoutNulls(load(await read(path)))
  } catch (error) {
    throw wrong(`cannot be read: ${messageOf(error)}`, error)
  }
  if (content === undefined) return undefined
  if (!isMap(content)) throw wrong('is not a YAML mapping with metadata and spec')
  const { problems } = checkTemplate(content)
  if (problems.length > 0) throw wrong(`is wrong: ${problems.join('; ')}`)
  return content
}

/** A key with nothing behind it is one that is not there, as for Kubernetes. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isMap(value)) return value ?? undefined
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNulls(inner)]]))
  )
}

/** The names of the containers that the template adds to job pods. */
export function addedContainers(template: Template | undefined): string[] {
  const { containers = [], initContainers = [] } = template?.spec ?? {}
  return [...containers, ...initContainers].map(({ name }) => name).filter(name => !name.startsWith('$'))
}

/** What of the template goes into a pod: a job pod takes all of it; into a step's pod no sidecar goes, it would not end. */
export type TemplateUse = 'job' | 'step'

/**
 * Merges the template into a pod of ours, as Kubernetes merges strategically: lists with keys by their keys, maps deeply;
 * everything else is replaced by the template's value. Our node affinity, labels and container names stay.
 */
export function applyTemplate<T extends V1Pod | V1PodTemplateSpec>(
  pod: T,
  template: Template | undefined,
  use: TemplateUse
): T {
  if (template === undefined) return pod
  const { containers = [], initContainers = [], ...rest } = template.spec ?? {}
  const spec = withOurAffinity(merge(pod.spec, rest) as V1PodSpec, pod.spec?.affinity)
  const ours = pod.spec?.containers ?? []
  const changed = ours.map(container => {
    const own = containers.find(({ name }) => name === `$${container.name}` && !isBuildEntry(name))
    const isService = container.name !== JOB_CONTAINER && !HELPERS.has(container.name)
    const general = isService ? containers.find(({ name }) => name === DEFAULT_ENTRY) : undefined
    return changedBy(changedBy(container, general, use), own, use)
  })
  const added = use === 'job' ? containers.filter(({ name }) => !name.startsWith('$')) : []
  const inits = mergeInits(pod.spec?.initContainers ?? [], initContainers)
  // A template that names a service account wants its token in the pod; without one there is none.
  const token =
    'serviceAccountName' in rest && !('automountServiceAccountToken' in rest)
      ? { automountServiceAccountToken: true }
      : {}
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: withTheirs(pod.metadata?.labels, template.metadata?.labels),
      annotations: withTheirs(pod.metadata?.annotations, template.metadata?.annotations)
    },
    spec: {
      ...spec,
      ...token,
      ...(inits.length === 0 ? {} : { initContainers: inits }),
      containers: [...changed, ...(added as V1Container[])]
    }
  }
}

/** What a container step runs, and where, is the step's own. */
function changedBy(container: V1Container, entry: Entry | undefined, use: TemplateUse): V1Container {
  if (entry === undefined) return container
  const { name: _name, image: _image, command, args, workingDir, ...fields } = entry
  const program = { ...(command && { command }), ...(args && { args }), ...(workingDir && { workingDir }) }
  const isStep = use === 'step' && container.name === JOB_CONTAINER
  return merge(container, isStep ? fields : { ...fields, ...program }) as V1Container
}

/** An entry with the name of one of ours changes it where it is, and is no container of its own where it is not. */
function mergeInits(ours: readonly V1Container[], theirs: readonly Entry[]): V1Container[] {
  const bare = ({ name }: Entry): string => name.replace(/^\$/, '')
  const changed = ours.map(container =>
    changedBy(
      container,
      theirs.find(entry => bare(entry) === container.name),
      'job'
    )
  )
  const added = theirs.filter(entry => !HELPERS.has(bare(entry)) && !ours.some(({ name }) => name === entry.name))
  return [...changed, ...(added as V1Container[])]
}

/**
 * Puts our node affinity back into what a template has replaced: a pod whose volume can be mounted on one node only must
 * not be sent to another one. The terms of a selector are alternatives, so ours goes into each of theirs.
 */
function withOurAffinity(spec: V1PodSpec, ours: V1Affinity | undefined): V1PodSpec {
  const own = ours?.nodeAffinity
  const merged = spec.affinity?.nodeAffinity
  if (own === undefined || merged === undefined) return spec
  const required = own.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const theirs = merged.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const terms = required.length === 0 ? theirs : theirs.flatMap(their => required.map(our => bothOf(our, their)))
  const preferences = new Set([
    ...(own.preferredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(merged.preferredDuringSchedulingIgnoredDuringExecution ?? [])
  ])
  const nodeAffinity = {
    ...(terms.length === 0 ? {} : { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } }),
    ...(preferences.size === 0 ? {} : { preferredDuringSchedulingIgnoredDuringExecution: [...preferences] })
  }
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity } }
}

/** A term that a node meets only when it meets both. */
function bothOf(one: V1NodeSelectorTerm, other: V1NodeSelectorTerm): V1NodeSelectorTerm {
  if (one === other) return one
  const matchFields = [...(one.matchFields ?? []), ...(other.matchFields ?? [])]
  const matchExpressions = [...(one.matchExpressions ?? []), ...(other.matchExpressions ?? [])]
  return {
    ...(matchFields.length === 0 ? {} : { matchFields }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions })
  }
}

/** Lists whose entries are one of several things: two of them in one entry would be refused, so theirs replaces ours whole. */
const UNIONS = new Set(['env', 'volumes', 'volumeMounts'])

function merge(ours: unknown, theirs: unknown, list = ''): unknown {
  if (Array.isArray(ours) && Array.isArray(theirs)) return mergeLists(ours as unknown[], theirs as unknown[], list)
  if (!isMap(ours) || !isMap(theirs)) return theirs
  const result: Record<string, unknown> = { ...ours }
  for (const [key, value] of Object.entries(theirs)) {
    result[key] = key in ours ? merge(ours[key], value, key) : value
  }
  return result
}

function mergeLists(ours: readonly unknown[], theirs: readonly unknown[], list: string): unknown[] {
  // A list without a key, like `args`: the administrator's replaces ours.
  if ([...ours, ...theirs].some(entry => identityOf(list, entry) === undefined)) return [...theirs]
  const find = (entries: readonly unknown[], like: unknown): unknown =>
    entries.find(entry => identityOf(list, entry) === identityOf(list, like))
  const merged = ours.map(entry => {
    const change = find(theirs, entry)
    if (change === undefined) return entry
    if (list === 'hostAliases') return bothNames(entry as V1HostAlias, change as V1HostAlias)
    return UNIONS.has(list) ? change : merge(entry, change)
  })
  return [...merged, ...theirs.filter(entry => find(ours, entry) === undefined)]
}

/** One address may have only one entry, and a service must not lose its name to a name of the template. */
function bothNames({ ip, hostnames }: V1HostAlias, theirs: V1HostAlias): V1HostAlias {
  return { ip, hostnames: [...new Set([...(hostnames ?? []), ...(theirs.hostnames ?? [])])] }
}

/**
 * What of a template may be a mistake: keys that nobody knows, and an entry for a service that the job does not have, while it
 * has one that no entry is for.
 *
 * @param services the names of the containers of the job's services
 * @returns sentences
 */
export function doubtsAbout(template: Template | undefined, services: readonly string[]): string[] {
  if (template === undefined) return []
  const { doubts } = checkTemplate(template)
  return [...doubts.map(doubt => `The hook template: ${doubt}.`), ...idleEntries(template, services)]
}

function idleEntries(template: Template, services: readonly string[]): string[] {
  const names = (template.spec?.containers ?? []).map(({ name }) => name)
  const known = new Set([`$${JOB_CONTAINER}`, DEFAULT_ENTRY, ...BUILD_ENTRIES, ...[...HELPERS].map(name => `$${name}`)])
  const without = services.filter(service => !names.includes(`$${service}`))
  const idle = names.filter(name => name.startsWith('$') && !known.has(name) && !services.includes(name.slice(1)))
  if (without.length === 0 || idle.length === 0) return []
  return [
    `The hook template has ${idle.join(', ')}, but the services of this job are ${services.map(name => `$${name}`).join(', ')}.`
  ]
}
