import type { V1Container, V1EnvVar, V1PodSpec } from '@kaniko-hooks/kube'

/** What of the values of ARC's chart `gha-runner-scale-set` concerns the hook. Nothing of its shape is sure. */
export interface Values {
  readonly containerMode?: {
    readonly type?: unknown
    readonly kubernetesModeWorkVolumeClaim?: WorkClaim
  }
  readonly template?: { readonly spec?: Partial<V1PodSpec> }
}

/** The spec of a claim. */
export interface WorkClaim {
  readonly storageClassName?: string
  readonly accessModes?: string[]
  readonly resources?: { readonly requests?: Record<string, string> }
}

/** The container in which the runner runs. */
export function runnerOf(values: Values): V1Container | undefined {
  return values.template?.spec?.containers?.find(({ name }) => name === 'runner')
}

/** The variables of the runner's container; one that the cluster fills in is there with a word in its place. */
export function variablesOf(values: Values): Readonly<Record<string, string>> {
  const list: readonly V1EnvVar[] = runnerOf(values)?.env ?? []
  return Object.fromEntries(list.map(({ name, value, valueFrom }) => [name, value ?? (valueFrom ? 'set' : '')]))
}
