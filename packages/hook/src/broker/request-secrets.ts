import type { V1Secret } from '@kubernetes/client-node'
import type { BrokerRequest } from '@kaniko-hooks/broker'
import { formatDockerConfig, secretsOf } from '@kaniko-hooks/registry'

import type { Cluster, Report } from '../job/call.js'
import { messageOf } from '../report/errors.js'
import { secretName } from '../pods/names.js'
import { ownedBy, type Owner } from '../pods/owner.js'
import { createSecrets, pullSecret } from '../pods/secrets.js'

/** For the deletion, whatever became of the build. */
const CLEANUP_MS = 3_000

/** A line of a secret that is shorter is no secret, and would blot out half of a log. */
const SHORTEST = 6

/** Names of Secrets with what a request brought along. */
export interface LentSecrets {
  /** A docker configuration, for the containers that push. */
  readonly credentials?: string
  /** The values of build secrets, by their index. */
  readonly values?: string
  /** A docker configuration for base images, for the container that runs `RUN`. */
  readonly bases?: string
}

/** What a request brings along. */
type Brought = Pick<BrokerRequest, 'credentials' | 'baseCredentials' | 'secrets'>

/** All that nobody may read of a request, in the forms in which it could be printed. */
export function secretsIn({ credentials, baseCredentials, secrets }: Brought): string[] {
  const passwords = [...credentials, ...baseCredentials].flatMap(credential => secretsOf(credential))
  const values = secrets.flatMap(({ value }) => {
    const plain = Buffer.from(value, 'base64').toString('utf8')
    return [plain, ...plain.split('\n').filter(line => line.length >= SHORTEST), value]
  })
  return [...passwords, ...values].filter(text => text !== '')
}

/**
 * Lends a build what its request brought along, as Secrets of the runner's pod that end with the build. Where nobody deleted
 * them, `cleanup_job` does.
 *
 * @param baseConfig the docker configuration of a build whose base images need what the request brought
 */
export async function withSecrets<T>(
  call: Cluster & Report,
  owner: Owner,
  request: Brought,
  baseConfig: string | undefined,
  build: (lent: LentSecrets) => Promise<T>
): Promise<T> {
  const credentials = request.credentials.length === 0 ? undefined : pullSecret(owner, configOf(request.credentials))
  const values = request.secrets.length === 0 ? undefined : valuesOf(owner, request.secrets)
  const bases = baseConfig === undefined ? undefined : pullSecret(owner, baseConfig)
  const made = [credentials, values, bases].filter(secret => secret !== undefined)
  const nameOf = (secret: V1Secret | undefined): string | undefined => secret?.metadata?.name
  const [config, files, forBases] = [credentials, values, bases].map(nameOf)
  try {
    await createSecrets(call.kube, made, call.cancelled)
    return await build({
      ...(config === undefined ? {} : { credentials: config }),
      ...(files === undefined ? {} : { values: files }),
      ...(forBases === undefined ? {} : { bases: forBases })
    })
  } finally {
    await Promise.all(made.map(async secret => remove(call, nameOf(secret) ?? '')))
  }
}

/**
 * The docker configuration for base images, with what the request brought in place of the settings' own; a step's credential is
 * nobody's but its build's.
 *
 * @param config of the settings
 * @returns undefined when the request brought nothing
 */
export function baseConfigOf(
  config: string | undefined,
  { baseCredentials }: Pick<BrokerRequest, 'baseCredentials'>
): string | undefined {
  if (baseCredentials.length === 0) return undefined
  const { auths, ...rest } = JSON.parse(config ?? '{}') as { readonly auths?: object }
  const own = JSON.parse(configOf(baseCredentials)) as { readonly auths: object }
  return JSON.stringify({ ...rest, auths: { ...auths, ...own.auths } })
}

function configOf(credentials: BrokerRequest['credentials']): string {
  return formatDockerConfig(new Map(credentials.map(({ registry, ...credential }) => [registry, credential])))
}

function valuesOf(owner: Owner, secrets: BrokerRequest['secrets']): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedBy(owner, secretName(owner.runnerPod)),
    data: Object.fromEntries(secrets.map(({ value }, index) => [String(index), normal(value)]))
  }
}

/** The API server takes no other spelling of base64. */
function normal(value: string): string {
  return Buffer.from(value, 'base64').toString('base64')
}

/** Never throws: it must not hide how the build went. */
async function remove({ kube, note }: Cluster & Report, name: string): Promise<void> {
  await kube.delete('secrets', name, { signal: AbortSignal.timeout(CLEANUP_MS) }).catch((error: unknown) => {
    note(messageOf(error))
  })
}
