import { readFile } from 'node:fs/promises'

import type {
  V1Affinity,
  V1Container,
  V1NodeSelectorTerm,
  V1Pod,
  V1PodSpec,
  V1PodTemplateSpec
} from '@kubernetes/client-node'

import { VARIABLE } from '../settings/environment.js'
import { HookError, messageOf } from '../report/errors.js'

/** The template's entry for build pods, and what it was called first. No service can be meant by them. */
export const BUILD_ENTRIES = ['$build', '$kaniko'] as const

/**
 * The administrator's hook template (`ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE`): a pod template whose containers are
 * named `$job` or `$<service>` to change ours, or anything else to be added to the job pod.
 */
export interface Template {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }
  readonly spec?: Record<string, unknown> & {
    readonly containers?: readonly (Partial<V1Container> & { readonly name: string })[]
  }
}

/**
 * Reads the template file.
 *
 * @throws HookError TEMPLATE with the file and what is wrong
 */
export async function readTemplate(path: string | undefined): Promise<Template | undefined> {
  if (path === undefined) return undefined
  const wrong = (why: string, cause?: unknown): HookError =>
    new HookError('TEMPLATE', `The hook template ${path} (${VARIABLE.templatePath}) ${why}.`, {
      cause
    })
  let content: unknown
  try {
    const { load } = await import('js-yaml')
    content = load(await readFile(path, 'utf8'))
  } catch (error) {
    throw wrong(`cannot be read: ${messageOf(error)}`, error)
  }
  if (content === null || content === undefined) return undefined
  if (typeof content !== 'object' || Array.isArray(content)) throw wrong('is not a YAML mapping with metadata and spec')
  const template = content as Template
  const containers = template.spec?.containers ?? []
  if (!Array.isArray(containers) || containers.some(({ name }) => typeof name !== 'string')) {
    throw wrong('has a spec.containers entry without a name')
  }
  return template
}

/** What of the template goes into a pod: a job pod takes all of it; into a step's pod no sidecar goes, it would not end. */
export type TemplateUse = 'job' | 'step'

/**
 * Merges the template into a pod of ours. Lists that Kubernetes keys by name are merged by name, maps are merged
 * deeply, everything else is replaced by the template's value. Our label, owner and container names stay.
 */
export function applyTemplate<T extends V1Pod | V1PodTemplateSpec>(
  pod: T,
  template: Template | undefined,
  use: TemplateUse
): T {
  if (template === undefined) return pod
  const { containers = [], ...rest } = template.spec ?? {}
  const spec = withOurAffinity(merge(pod.spec, rest) as V1PodSpec, pod.spec?.affinity)
  const ours = pod.spec?.containers ?? []
  const changed = ours.map(container => {
    const change = containers.find(({ name }) => name === `$${container.name}` && !isBuildEntry(name))
    if (change === undefined) return container
    const { name: _name, image: _image, ...fields } = change
    return merge(container, fields) as V1Container
  })
  const added = use === 'job' ? containers.filter(({ name }) => !name.startsWith('$')) : []
  // A template that names a service account wants its token in the pod; without one there is none.
  const token =
    'serviceAccountName' in rest && !('automountServiceAccountToken' in rest)
      ? { automountServiceAccountToken: true }
      : {}
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...template.metadata?.labels, ...pod.metadata?.labels },
      annotations: { ...pod.metadata?.annotations, ...template.metadata?.annotations }
    },
    spec: { ...spec, ...token, containers: [...changed, ...(added as V1Container[])] }
  }
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

/** Keys of list entries, in the order in which they are looked for: Kubernetes' own merge keys. */
const MERGE_KEYS = ['mountPath', 'containerPort', 'name', 'key', 'ip'] as const

/** Lists whose entries are one of several things: two of them in one entry would be refused, so theirs replaces ours whole. */
const UNIONS = new Set(['env', 'volumes'])

function merge(ours: unknown, theirs: unknown, whole = false): unknown {
  if (Array.isArray(ours) && Array.isArray(theirs)) return mergeLists(ours as unknown[], theirs as unknown[], whole)
  if (!isMap(ours) || !isMap(theirs)) return theirs
  const result: Record<string, unknown> = { ...ours }
  for (const [key, value] of Object.entries(theirs)) {
    result[key] = key in ours ? merge(ours[key], value, UNIONS.has(key)) : value
  }
  return result
}

function mergeLists(ours: readonly unknown[], theirs: readonly unknown[], whole: boolean): unknown[] {
  const key = MERGE_KEYS.find(name => [...ours, ...theirs].every(entry => isMap(entry) && name in entry))
  // A list without a key, like `args`: the administrator's replaces ours.
  if (key === undefined) return [...theirs]
  const keyOf = (entry: unknown): unknown => (entry as Record<string, unknown>)[key]
  const merged = ours.map(entry => {
    const change = theirs.find(other => keyOf(other) === keyOf(entry))
    if (change === undefined) return entry
    return whole ? change : merge(entry, change)
  })
  return [...merged, ...theirs.filter(entry => !ours.some(other => keyOf(other) === keyOf(entry)))]
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether an entry of the template is about build pods. */
export function isBuildEntry(name: string | undefined): boolean {
  return BUILD_ENTRIES.some(entry => entry === name)
}
