import { isKubeError, type TokenOptions } from '@kaniko-hooks/kube'

import type { Cluster, Report } from '../../job/call.js'
import { HookError } from '../../report/errors.js'
import type { ConnectorUse } from './connector-use.js'
import { missingRight } from './missing-right.js'

/** A connector's proxy does not look at it, but a client without a user name sends no password either. */
export const TOKEN_USER = 'kaniko-hooks'

/**
 * Asks for a token of a service account; from now on, it is not printed.
 *
 * @param use what in the settings names the account
 * @param connector that the token is for, as messages show it
 * @param boundTo the token ends with this object
 * @throws HookError SETTING when there is no such account, or the runner may not ask; KubeError that names what the token was
 *   to end with, when that is gone
 */
export async function accountToken(
  call: Cluster & Report,
  serviceAccount: string,
  lifeSeconds: number,
  use: ConnectorUse,
  connector: string,
  boundTo?: TokenOptions['boundTo']
): Promise<string> {
  const { namespace } = call.kube
  try {
    const given = await call.kube.requestToken(serviceAccount, lifeSeconds, {
      signal: call.cancelled,
      ...(boundTo === undefined ? {} : { boundTo })
    })
    call.secrets.add(given).add(basic(given))
    return given
  } catch (error) {
    // The API server says the same of an account and of what the token is to end with.
    const isBound = boundTo !== undefined && error instanceof Error && error.message.includes(`"${boundTo.name}"`)
    if (isKubeError(error, 'NOT_FOUND') && !isBound) {
      const message = `The service account ${serviceAccount} of ${use.name} does not exist in namespace ${namespace}.`
      throw new HookError('SETTING', message, { cause: error })
    }
    if (!isKubeError(error, 'FORBIDDEN')) throw error
    const right = { namespace, group: '', resource: 'serviceaccounts/token', name: serviceAccount, verb: 'create' }
    const what = `ask for tokens of service account ${serviceAccount}, as which ${use.name} uses the connector ${connector}`
    throw missingRight(error, what, right, use.rights)
  }
}

/** An entry of docker's `auths` with such a token as the password. */
export function tokenEntry(token: string): { username: string; password: string; auth: string } {
  return { username: TOKEN_USER, password: token, auth: basic(token) }
}

function basic(token: string): string {
  return Buffer.from(`${TOKEN_USER}:${token}`).toString('base64')
}
