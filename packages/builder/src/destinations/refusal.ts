import { type PushAccess, tokenMinutes } from './destination.js'

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

/** A credential, for messages. */
export interface Credential {
  /** Where it is from: `the Secret registry-push`. */
  readonly origin: string
  /** Whether it is shown to a proxy on the way to the registry. */
  readonly isForProxy?: boolean
}

/**
 * Adds to a refusal who has to mend what: the registry's, whose credential it refused; a proxy's, that it was the proxy,
 * and whose credential it was shown, or that the settings name it. Other words stay as they are.
 */
export function withOrigin(why: string, credential: Credential | undefined): string {
  if (BY_PROXY.test(why) || FOR_PROXY.test(why)) return byProxy(why, credential)
  return credential !== undefined && REFUSED.test(why) ? `${why}; its credential is from ${credential.origin}` : why
}

function byProxy(why: string, credential: Credential | undefined): string {
  if (credential?.isForProxy !== true) return `the proxy said: ${why}; see the setting proxy`
  const origin = `; its credential is from ${credential.origin}`
  if (FOR_PROXY.test(why)) return `the proxy does not take the credential: ${why}${origin}`
  return `the proxy said: ${why}${/: Forbidden(?:;|$)/.test(why) ? origin : ''}`
}

/** What is known of a credential of which a refusal speaks. */
export function credentialOf(access: PushAccess | undefined): Credential | undefined {
  if (access === undefined) return undefined
  return { origin: originOf(access), isForProxy: access.kind === 'connector' && 'forward' in access.proxy }
}

function originOf(access: PushAccess): string {
  if (access.kind === 'docker-config') return `the Secret ${access.secret}`
  const { serviceAccount, namespace, name } = access.volume
  const account =
    `service account ${serviceAccount}, which needs get on the connector ${namespace}/${name}; a token for the push is ` +
    `good for ${tokenMinutes(access.volume)} minutes from the start of the build pod`
  return 'forward' in access.proxy
    ? `${account}; the connector gives the registry's password for ${access.proxy.forward}`
    : account
}
