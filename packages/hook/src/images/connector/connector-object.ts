import type { ConnectorName, ConnectorObject } from '@kaniko-hooks/builder'
import { isKubeError } from '@kaniko-hooks/kube'

import type { Cluster } from '../../job/call.js'
import { HookError } from '../../report/errors.js'
import type { ConnectorUse } from './connector-use.js'
import { missingRight } from './missing-right.js'

const GROUP = 'connectors.alauda.io'

/** A Connector as settings name it: `namespace/name`, or a name in the namespace of the pods. */
export function connectorName({ kube }: Cluster, text: string): ConnectorName {
  const [first = '', second] = text.split('/', 2)
  return second === undefined ? { namespace: kube.namespace, name: first } : { namespace: first, name: second }
}

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
  const object = { group: GROUP, version: 'v1alpha1', plural: 'connectors', ...connector }
  const named = `the connector ${shownConnector(connector)}`
  try {
    return (await kube.getCustom(object, { signal: cancelled })) as ConnectorObject
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) {
      const why = 'there is none of that name, or the connectors operator is not installed'
      const message = `${capitalise(use.name)} names ${named}: ${why} (${error.message}).`
      throw new HookError('SETTING', message, { cause: error })
    }
    if (!isKubeError(error, 'FORBIDDEN')) throw error
    const right = { ...connector, group: GROUP, resource: 'connectors', verb: 'get' }
    throw missingRight(error, `read ${named}`, right, use.rights, `, or set ${instead}`)
  }
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
