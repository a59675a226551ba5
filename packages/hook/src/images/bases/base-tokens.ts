import type { RegistryProxy } from '@kaniko-hooks/builder'
import type { TokenOptions } from '@kaniko-hooks/kube'

import type { Cluster, Report } from '../../job/call.js'
import { accountToken, TOKEN_USER } from '../connector/account-token.js'
import { BASE_IMAGES } from '../connector/connector-use.js'

/** A connector through which images of one registry are fetched, and the account that fetches them. */
export interface BaseProxy extends RegistryProxy {
  /** `namespace/name`. */
  readonly connector: string
  readonly serviceAccount: string
}

/**
 * Tokens to fetch base images with, in the form of a registry's credential.
 *
 * @param boundTo they end with this object
 * @returns by host of the proxies' places
 * @throws HookError SETTING when an account is missing, or the runner may not ask for its tokens
 */
export async function baseTokens(
  call: Cluster & Report,
  proxies: readonly BaseProxy[],
  lifeSeconds: number,
  boundTo?: TokenOptions['boundTo']
): Promise<ReadonlyMap<string, { readonly username: string; readonly password: string }>> {
  const byHost = new Map(proxies.map(proxy => [proxy.place.host, proxy]))
  const tokens = [...byHost].map(async ([host, { serviceAccount, connector }]) => {
    const password = await accountToken(call, serviceAccount, lifeSeconds, BASE_IMAGES, connector, boundTo)
    return [host, { username: TOKEN_USER, password }] as const
  })
  return new Map(await Promise.all(tokens))
}
