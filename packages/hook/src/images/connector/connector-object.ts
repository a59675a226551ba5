import { CONNECTORS_GROUP, storedConnector, type ConnectorName, type ConnectorObject } from '@kaniko-hooks/builder'
import { isKubeError } from '@kaniko-hooks/kube'

import type { Cluster } from '../../job/call.js'
import { HookError } from '../../report/errors.js'
import type { ConnectorUse } from './connector-use.js'
import { missingRight } from './missing-right.js'

/** `namespace/name`, for messages. */
export function shownConnector({ namespace, name }: ConnectorName): string {
  return `${namespace}/${name}`
}

/**
 * Reads a Connector.
 *
 * @param use which part of the settings names it
 * @param instead the settings that make the reading unnecessary
 * @throws HookError SETTING when there is none, or the runner may not read it
 */
export async function readConnector(
  { kube, cancelled }: Cluster,
  connector: ConnectorName,
  use: ConnectorUse,
  instead: string
): Promise<ConnectorObject> {
  const named = `the connector ${shownConnector(connector)}`
  try {
    return (await kube.getCustom(storedConnector(connector), { signal: cancelled })) as ConnectorObject
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) {
      const why = 'there is none of that name, or the connectors operator is not installed'
      const message = `${capitalise(use.name)} names ${named}: ${why} (${error.message}).`
      throw new HookError('SETTING', message, { cause: error })
    }
    if (!isKubeError(error, 'FORBIDDEN')) throw error
    const right = { ...connector, group: CONNECTORS_GROUP, resource: 'connectors', verb: 'get' }
    throw missingRight(error, `read ${named}`, right, use.rights, `, or set ${instead}`)
  }
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
