import type { PushAccess } from './destination.js'

/** What registries, proxies and Go's registry client say of a credential that is not enough. */
const REFUSED =
  /UNAUTHORIZED|DENIED|answered 40[13]\b|status code 40[137]\b|: (?:Forbidden|Proxy Authentication Required)/i

/** Adds to a registry's refusal whose credential it refused: somebody has to mend that Secret. Other words stay as they are. */
export function withOrigin(why: string, access: Pick<PushAccess, 'origin'> | undefined): string {
  return access !== undefined && REFUSED.test(why) ? `${why}; its credential is from ${access.origin}` : why
}
