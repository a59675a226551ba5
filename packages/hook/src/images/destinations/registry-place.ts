import {
  nodePortRegistry,
  RegistryDestination,
  remoteRegistry,
  type RegistrySettings,
  type SecretKey
} from '@kaniko-hooks/builder'
import { isKubeError, type V1Secret } from '@kaniko-hooks/kube'
import { parseDockerConfig, RegistryError, type Keychain } from '@kaniko-hooks/registry'

import type { Cluster, Report } from '../../job/call.js'
import { HookError } from '../../report/errors.js'
import type { NodePortPlaceSettings, RemotePlaceSettings } from '../../settings/schema.js'
import type { Place } from './place.js'

/** A registry behind a NodePort, with or without credentials. */
export async function nodePortPlace(call: Cluster & Report, settings: NodePortPlaceSettings): Promise<Place> {
  return withCredentials(call, nodePortRegistry(settings), settings)
}

/** A registry that has one name for everybody. */
export async function remotePlace(call: Cluster & Report, settings: RemotePlaceSettings): Promise<Place> {
  return withCredentials(call, remoteRegistry(settings), settings)
}

interface Credentials {
  readonly pushSecret?: string | undefined
  readonly pullSecret?: string | undefined
  readonly ca?: SecretKey | undefined
}

async function withCredentials(
  call: Cluster & Report,
  registry: RegistrySettings,
  { pushSecret, pullSecret, ca }: Credentials
): Promise<Place> {
  const [push, certificate] = await Promise.all([
    pushSecret === undefined ? undefined : keychain(call, pushSecret, registry.push.host),
    ca === undefined ? undefined : secretValue(call, ca),
    pullSecret === undefined ? undefined : keychain(call, pullSecret, registry.pull.host, 'kubelet')
  ])
  const credential = push?.credentialFor(registry.push.host, registry.push.repository)
  return {
    destination: new RegistryDestination({
      ...registry,
      ...(ca === undefined ? {} : { certificate: ca }),
      ...(pushSecret === undefined ? {} : { access: { kind: 'docker-config', secret: pushSecret } }),
      client: {
        ...(credential === undefined ? {} : { credential }),
        ...(certificate === undefined ? {} : { ca: certificate })
      }
    }),
    pullSecrets: pullSecret === undefined ? [] : [pullSecret]
  }
}

/**
 * Reads a docker configuration and makes sure that it is about this registry, as the program that uses it reads it.
 *
 * @throws HookError SETTING that names the Secret
 */
export async function keychain(
  call: Cluster & Report,
  secret: string,
  host: string,
  reader: 'crane' | 'kubelet' = 'crane'
): Promise<Keychain> {
  const found = await readKeychain(call, secret)
  if (reader === 'crane' ? found.servesDocker(host) : mayPull(found, host)) return found
  const others = found.registries.length === 0 ? 'none' : found.registries.join(', ')
  const key =
    host === 'docker.io' ? `https://index.docker.io/v1/, as kubectl create secret docker-registry writes it` : host
  throw secretError(call, secret, `has no entry for ${key} (it has: ${others})`)
}

/** The kubelet understands paths and `*.example.com` too. */
function mayPull(found: Keychain, host: string): boolean {
  const { registries } = found
  const isBelow = registries.some(name => name.startsWith(`${host}/`) || name.includes('*'))
  return found.credentialFor(host) !== undefined || isBelow
}

/**
 * Reads a Secret of type `kubernetes.io/dockerconfigjson`; from now on, nothing of it is printed.
 *
 * @throws HookError SETTING that names the Secret
 */
async function readKeychain(call: Cluster & Report, secret: string): Promise<Keychain> {
  return keychainOf(call, secret, await dockerConfig(call, secret))
}

/** The text of a Secret of type `kubernetes.io/dockerconfigjson`. Errors as of `secretValue`. */
export async function dockerConfig(call: Cluster & Report, secret: string): Promise<string> {
  return secretValue(call, { secret, key: '.dockerconfigjson' })
}

/** What such a text holds; the rest as of `readKeychain`. */
export function keychainOf(call: Cluster & Report, secret: string, content: string): Keychain {
  try {
    const found = parseDockerConfig(content)
    for (const value of found.secrets) call.secrets.add(value)
    return found
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw secretError(call, secret, `cannot be used: ${error.message}`, error)
  }
}

/**
 * Reads one value of a Secret that the settings name.
 *
 * @throws HookError SETTING that names the Secret and the key
 */
export async function secretValue(cluster: Cluster, { secret, key }: SecretKey): Promise<string> {
  let found: V1Secret
  try {
    found = await cluster.kube.get('secrets', secret, { signal: cluster.cancelled })
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) throw secretError(cluster, secret, 'does not exist', error)
    throw error
  }
  const value = found.data?.[key]
  if (value === undefined) throw secretError(cluster, secret, `has no key ${key}`)
  return Buffer.from(value, 'base64').toString('utf8')
}

function secretError({ kube }: Cluster, secret: string, why: string, cause?: unknown): HookError {
  const message = `The Secret ${secret} in namespace ${kube.namespace}, which the settings name, ${why}.`
  return new HookError('SETTING', message, { cause })
}
