import type { PushAccess } from './destination.js'

/** What registries and Go's registry client say of a credential that is not enough. */
const REFUSED = /UNAUTHORIZED|DENIED|answered 40[13]\b|status code 40[13]\b/i

/**
 * Go's words for what a proxy answers before there is a connection to the registry: the status text behind a method and
 * an address in quotes. What a registry says has no quotes there.
 */
const BY_PROXY =
  /(?:^|; )\w+ "[^"]+": (?:Forbidden|Proxy Authentication Required|Bad Gateway|Service Unavailable|Gateway Timeout)(?:;|$)/

/** No registry asks for a proxy's credential. */
const FOR_PROXY = /status code 407\b|: Proxy Authentication Required(?:;|$)/

/**
 * Adds to a refusal who has to mend what: the registry's, whose credential it refused; a proxy's, that it was the proxy,
 * and whose credential it was shown, or that the settings name it. Other words stay as they are.
 */
export function withOrigin(why: string, access: Pick<PushAccess, 'origin' | 'proxyFiles'> | undefined): string {
  if (BY_PROXY.test(why) || FOR_PROXY.test(why)) return byProxy(why, access)
  return access !== undefined && REFUSED.test(why) ? `${why}; its credential is from ${access.origin}` : why
}

function byProxy(why: string, access: Parameters<typeof withOrigin>[1]): string {
  if (access?.proxyFiles === undefined) return `the proxy said: ${why}; see the setting proxy`
  const origin = `; its credential is from ${access.origin}`
  if (FOR_PROXY.test(why)) return `the proxy does not take the credential: ${why}${origin}`
  return `the proxy said: ${why}${/: Forbidden(?:;|$)/.test(why) ? origin : ''}`
}
