import {
  dockerConfigAccess,
  nodePortRegistry,
  RegistryDestination,
  remoteRegistry,
  type RegistrySettings,
  type SecretKey
} from '@kaniko-hooks/build'
import { isKubeError, type V1Secret } from '@kaniko-hooks/kube'
import { parseDockerConfig, RegistryError, type Keychain } from '@kaniko-hooks/registry'

import type { Call } from '../call.js'
import { HookError } from '../errors.js'
import type { NodePortPlaceSettings, RemotePlaceSettings } from '../settings/schema.js'
import type { Place } from './places.js'

/** A registry behind a NodePort, with or without credentials. */
export async function nodePortPlace(call: Call, settings: NodePortPlaceSettings): Promise<Place> {
  return withCredentials(call, nodePortRegistry(settings), settings)
}

/** A registry that has one name for everybody. */
export async function remotePlace(call: Call, settings: RemotePlaceSettings): Promise<Place> {
  return withCredentials(call, remoteRegistry(settings), settings)
}

interface Credentials {
  readonly pushSecret?: string | undefined
  readonly pullSecret?: string | undefined
  readonly ca?: SecretKey | undefined
}

async function withCredentials(
  call: Call,
  registry: RegistrySettings,
  { pushSecret, pullSecret, ca }: Credentials
): Promise<Place> {
  const [push, certificate] = await Promise.all([
    pushSecret === undefined ? undefined : keychain(call, pushSecret, registry.pushHost),
    ca === undefined ? undefined : secretValue(call, ca),
    pullSecret === undefined ? undefined : keychain(call, pullSecret, registry.pullHost, 'kubelet')
  ])
  const credential = push?.credentialFor(registry.pushHost, registry.repository)
  return {
    destination: new RegistryDestination({
      ...registry,
      ...(ca === undefined ? {} : { certificate: ca }),
      ...(pushSecret === undefined ? {} : { access: dockerConfigAccess(pushSecret) }),
      client: {
        ...(credential === undefined ? {} : { credential }),
        ...(certificate === undefined ? {} : { ca: certificate })
      }
    }),
    pullSecrets: pullSecret === undefined ? [] : [pullSecret]
  }
}

/** Reads a docker configuration and makes sure that it is about this registry. */
async function keychain(
  call: Call,
  secret: string,
  host: string,
  reader: 'hook' | 'kubelet' = 'hook'
): Promise<Keychain> {
  const key = '.dockerconfigjson'
  const content = await secretValue(call, { secret, key })
  let found: Keychain
  try {
    found = parseDockerConfig(content)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw wrong(call, secret, `cannot be used: ${error.message}`, error)
  }
  // The kubelet understands `*.example.com`, which neither crane nor the hook does.
  const mayMatch = reader === 'kubelet' && found.registries.some(name => name.includes('*'))
  const isThere = found.credentialFor(host) !== undefined || found.registries.some(name => name.startsWith(`${host}/`))
  if (!isThere && !mayMatch) {
    const others = found.registries.length === 0 ? 'none' : found.registries.join(', ')
    throw wrong(call, secret, `has no entry for ${host} (it has: ${others})`)
  }
  return found
}

async function secretValue(call: Call, { secret, key }: SecretKey): Promise<string> {
  let found: V1Secret
  try {
    found = await call.kube.get('secrets', secret, { signal: call.cancelled })
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) throw wrong(call, secret, 'does not exist', error)
    throw error
  }
  const value = found.data?.[key]
  if (value === undefined) throw wrong(call, secret, `has no key ${key}`)
  return Buffer.from(value, 'base64').toString('utf8')
}

function wrong(call: Call, secret: string, why: string, cause?: unknown): HookError {
  const message = `The Secret ${secret} in namespace ${call.kube.namespace}, which the settings name, ${why}.`
  return new HookError('SETTING', 'configuration', message, { cause })
}
