import type { V1EnvVar, V1Secret } from '@kubernetes/client-node'
import type { Kube } from '@kaniko-hooks/kube'

import { HookError } from '../report/errors.js'
import type { RegistryArgs } from '../protocol/schema.js'
import { refuseLongStrings } from './long-strings.js'
import { secretName } from './names.js'
import { ownedBy, type Owner } from './owner.js'

/** The API server's limit for one Secret. */
const MAX_SECRET_BYTES = 1024 * 1024

/** Environments that travel in a Secret, and how containers refer to them. */
export interface SecretEnvironment {
  readonly secret: V1Secret
  /** The `env` of the container with this index. */
  readonly variables: readonly (readonly V1EnvVar[])[]
}

/** What every container of a job sees; without hooks the runner adds it itself. */
function inActions(environment: Readonly<Record<string, string>>): Record<string, string> {
  return { CI: 'true', ...environment, GITHUB_ACTIONS: 'true' }
}

/**
 * Puts the environments of several containers into one Secret: values in a pod spec can be read by whoever may list
 * pods. Keys of the Secret are numbers, as names of variables may hold what keys may not. The kubelet expands `$(NAME)`
 * only in values that stand in the pod spec, so these stay as they are.
 *
 * @throws HookError UNSUPPORTED when they do not fit into a Secret, or one value into a program's environment
 */
export function secretEnvironment(
  owner: Owner,
  name: string,
  environments: readonly Readonly<Record<string, string>>[]
): SecretEnvironment {
  const data: Record<string, string> = {}
  for (const environment of environments) refuseLongStrings(environment, [])
  let size = 0
  const variables = environments.map((environment, container) =>
    Object.entries(inActions(environment)).map(([variable, value], index) => {
      const key = `${container}.${index}`
      size += Buffer.byteLength(value)
      data[key] = Buffer.from(value).toString('base64')
      return { name: variable, valueFrom: { secretKeyRef: { name, key } } }
    })
  )
  if (size > MAX_SECRET_BYTES) {
    throw new HookError(
      'UNSUPPORTED',
      `The step's environment has ${Math.ceil(size / 1024)} KiB; a pod can take 1024 KiB. Pass large values through files.`
    )
  }
  return { secret: { apiVersion: 'v1', kind: 'Secret', metadata: ownedBy(owner, name), data }, variables }
}

/**
 * Pull secrets of the job's and the services' `credentials`, one for each: two containers may have different ones for one
 * registry, and the kubelet tries all that match. The runner's empty server URL means Docker Hub.
 */
export function pullSecrets(owner: Owner, registries: readonly (RegistryArgs | null | undefined)[]): V1Secret[] {
  const configs = registries.flatMap(registry => {
    if (registry?.username == null || registry.username === '') return []
    const server = registry.serverUrl ?? ''
    const { username } = registry
    const password = registry.password ?? ''
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    const host = server === '' ? 'https://index.docker.io/v1/' : server
    return [JSON.stringify({ auths: { [host]: { username, password, auth } } })]
  })
  return [...new Set(configs)].map(config => pullSecret(owner, config))
}

/** A pull secret with docker's configuration file. */
export function pullSecret(owner: Owner, config: string): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedBy(owner, secretName(owner.runnerPod)),
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') }
  }
}

/**
 * Makes Secrets, all at once. When one fails, the others are waited for: what is still on its way would outlive the
 * clean-up that follows.
 *
 * @throws KubeError the first failure
 */
export async function createSecrets(kube: Kube, secrets: readonly V1Secret[], signal: AbortSignal): Promise<void> {
  const results = await Promise.allSettled(secrets.map(async secret => kube.create('secrets', secret, { signal })))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
