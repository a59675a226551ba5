import { resolve } from 'node:path'

import { parseReference } from '@kaniko-hooks/registry'

import { readDuration } from '../duration.js'
import type { Flag } from '../flags.js'
import type { Parsed } from '../parse.js'

/** What the words of `kbuild doctor` ask for. Paths are absolute. */
export interface DoctorPlan {
  readonly kubeconfig: string | undefined
  readonly namespace: string | undefined
  readonly account: { readonly namespace: string | undefined; readonly name: string } | undefined
  readonly destination: string | undefined
  readonly insecureRegistries: readonly string[]
  readonly registryAuth: string | undefined
  readonly settingsFile: string | undefined
  readonly templateFile: string | undefined
  readonly valuesFile: string | undefined
  /** Which nodes pull. */
  readonly nodes: readonly string[]
  readonly pods: boolean
  readonly limitMs: number
  readonly json: boolean
}

/** Flags of each command that asks a cluster. */
export const CLUSTER_FLAGS = [
  { name: 'namespace', value: 'NAME', help: 'Namespace of the runners (default: that of the kubeconfig)' },
  {
    name: 'kubeconfig',
    value: 'PATH',
    suggest: 'file',
    help: 'How to reach the cluster (default: the account of this pod, $KUBECONFIG, ~/.kube/config)'
  },
  {
    name: 'insecure-registry',
    value: 'HOST[:PORT]',
    many: true,
    help: 'Registry that speaks plain HTTP'
  },
  {
    name: 'registry-auth',
    value: 'PATH',
    suggest: 'file',
    help: 'A config.json of docker, before all other credentials'
  }
] as const satisfies readonly Flag[]

export const DOCTOR_FLAGS = [
  ...CLUSTER_FLAGS,
  {
    name: 'service-account',
    value: '[NAMESPACE/]NAME',
    help: 'Ask for the rights of this account, which is that of the runners (default: yours)'
  },
  {
    name: 'destination',
    short: 't',
    value: 'NAME',
    help: 'Repository that is tried (default: the destinations of the settings)'
  },
  {
    name: 'settings',
    value: 'FILE',
    suggest: 'file',
    help: "The hook's settings (default: where the values or this pod's variables say)"
  },
  {
    name: 'template',
    value: 'FILE',
    suggest: 'file',
    help: "The hook template (default: where the values or this pod's variables say)"
  },
  { name: 'values', value: 'FILE', suggest: 'file', help: 'Values of ARC’s chart gha-runner-scale-set' },
  {
    name: 'node',
    value: 'NAME',
    many: true,
    help: 'Node that pulls, by its label kubernetes.io/hostname (default: one that the scheduler chooses)'
  },
  { name: 'no-pods', help: 'Only what needs no pod: nothing is made in the cluster, and no registry is tried' },
  { name: 'timeout', value: 'DURATION', help: 'For each check (default: 60s)' },
  { name: 'json', help: 'Print one JSON document' }
] as const satisfies readonly Flag[]

const DEFAULT_MS = 60_000

/** A label of DNS; names of accounts may have dots. */
const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/

/** @returns the plan, or all that is wrong with the words */
export function planDoctor(
  { values, positionals, problems: read }: Parsed,
  directory: string
): { readonly plan: DoctorPlan } | { readonly problems: readonly string[] } {
  const problems = [...read]
  const last = (name: string): string | undefined => values.get(name)?.at(-1)
  const path = (name: string): string | undefined => {
    const written = last(name)
    return written === undefined ? undefined : resolve(directory, written)
  }
  if (positionals.length > 0) problems.push(`doctor takes flags only, not ${JSON.stringify(positionals[0])}.`)
  const timeout = last('timeout')
  const limitMs = timeout === undefined ? DEFAULT_MS : readDuration(timeout)
  if (limitMs === undefined) problems.push(`--timeout ${JSON.stringify(timeout)} is no duration such as 30s.`)
  const destination = last('destination')
  if (destination !== undefined) problems.push(...problemsOf(destination))
  const account = accountOf(last('service-account'))
  if (account === 'wrong') problems.push('--service-account is NAME or NAMESPACE/NAME of a ServiceAccount.')
  if (problems.length > 0 || account === 'wrong' || limitMs === undefined) return { problems }
  return {
    plan: {
      kubeconfig: path('kubeconfig'),
      namespace: last('namespace'),
      account,
      destination,
      insecureRegistries: values.get('insecure-registry') ?? [],
      registryAuth: path('registry-auth'),
      settingsFile: path('settings'),
      templateFile: path('template'),
      valuesFile: path('values'),
      nodes: [...new Set(values.get('node') ?? [])],
      pods: last('no-pods') !== 'true',
      limitMs,
      json: last('json') === 'true'
    }
  }
}

function accountOf(text: string | undefined): DoctorPlan['account'] | 'wrong' {
  if (text === undefined) return undefined
  const parts = text.split('/')
  if (parts.length > 2 || !parts.every(part => NAME.test(part))) return 'wrong'
  return { namespace: parts.length === 2 ? parts[0] : undefined, name: parts.at(-1) ?? '' }
}

/** What is wrong with the name of a repository. */
export function problemsOf(destination: string): string[] {
  try {
    parseReference(destination)
    return []
  } catch (error) {
    return [`--destination: ${error instanceof Error ? error.message : String(error)}.`]
  }
}
