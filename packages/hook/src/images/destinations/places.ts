import { RegistryError } from '@kaniko-hooks/registry'

import type { Call } from '../../job/call.js'
import { HookError } from '../../report/errors.js'
import type { DestinationSettings } from '../../settings/schema.js'
import { connectorPlace } from './connector-place.js'
import type { Place } from './place.js'
import { nodePortPlace, remotePlace } from './registry-place.js'

/**
 * The configured destinations, the first to be run from, with the credentials that the hook itself uses there.
 *
 * @throws HookError SETTING that names the Secret, the key or the registry without which no push can go well; BuildError
 *   from a connector that is not ready
 */
export async function openPlaces(call: Call): Promise<[Place, ...Place[]]> {
  const [first, ...others] = await Promise.all(call.settings.destinations().map(async settings => open(call, settings)))
  if (first === undefined) throw new HookError('SETTING', 'The settings name no destination.')
  return [first, ...others]
}

async function open(call: Call, settings: DestinationSettings): Promise<Place> {
  try {
    return await placeOf(call, settings)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new HookError('SETTING', `A destination cannot be used: ${error.message}.`, { cause: error })
  }
}

async function placeOf(call: Call, { nodePort, remote, connector }: DestinationSettings): Promise<Place> {
  if (nodePort !== undefined) return nodePortPlace(call, nodePort)
  if (remote !== undefined) return remotePlace(call, remote)
  if (connector !== undefined) return connectorPlace(call, connector)
  throw new HookError('SETTING', 'A destination in the settings names no registry.')
}
