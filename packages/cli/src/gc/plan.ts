import { resolve } from 'node:path'

import { CLUSTER_FLAGS, problemsOf } from '../doctor/plan.js'
import { readDuration } from '../duration.js'
import type { Flag } from '../flags.js'
import type { Parsed } from '../parse.js'

/** What the words of `kbuild gc` ask for. */
export interface GcPlan {
  readonly kubeconfig: string | undefined
  readonly namespace: string | undefined
  readonly destination: string | undefined
  readonly insecureRegistries: readonly string[]
  readonly registryAuth: string | undefined
  readonly olderThanMs: number
  readonly dryRun: boolean
}

const DEFAULT_AGE = '24h'

export const GC_FLAGS = [
  ...CLUSTER_FLAGS,
  { name: 'older-than', value: 'DURATION', help: `Leave alone what is younger (default: ${DEFAULT_AGE})` },
  {
    name: 'destination',
    short: 't',
    value: 'NAME',
    help: 'Repository in which images of kbuild doctor are looked for too'
  },
  { name: 'dry-run', help: 'Print what would be removed, and remove nothing' }
] as const satisfies readonly Flag[]

/** @returns the plan, or all that is wrong with the words */
export function planGc(
  { values, positionals, problems: read }: Parsed,
  directory: string
): { readonly plan: GcPlan } | { readonly problems: readonly string[] } {
  const problems = [...read]
  const last = (name: string): string | undefined => values.get(name)?.at(-1)
  const path = (name: string): string | undefined => {
    const written = last(name)
    return written === undefined ? undefined : resolve(directory, written)
  }
  if (positionals.length > 0) problems.push(`gc takes flags only, not ${JSON.stringify(positionals[0])}.`)
  const age = last('older-than') ?? DEFAULT_AGE
  const olderThanMs = readDuration(age)
  if (olderThanMs === undefined) problems.push(`--older-than ${JSON.stringify(age)} is no duration such as 24h.`)
  const destination = last('destination')
  if (destination !== undefined) problems.push(...problemsOf(destination))
  if (problems.length > 0 || olderThanMs === undefined) return { problems }
  return {
    plan: {
      kubeconfig: path('kubeconfig'),
      namespace: last('namespace'),
      destination,
      insecureRegistries: values.get('insecure-registry') ?? [],
      registryAuth: path('registry-auth'),
      olderThanMs,
      dryRun: last('dry-run') === 'true'
    }
  }
}
