import { RegistryError } from './errors.js'
import type { Answer, Request, Wire } from './exchange.js'
import { persist } from './retry.js'

const MAX_REDIRECTS = 5

/**
 * Asks, and goes where the answer points to: GET and HEAD only, whose method no redirect changes (RFC 9110, 15.4). A
 * DELETE that is sent elsewhere would delete what nobody named, and a POST carries a credential in its body; for these
 * a redirect is the answer.
 *
 * `authorization` stays behind for good when scheme, host or port change. From https it never goes to http. There are
 * no cookies.
 *
 * @throws RegistryError `PROTOCOL` for a redirect that cannot or must not be followed; else as `persist`
 */
export async function follow(wire: Wire, request: Request): Promise<Answer> {
  let current = request
  for (let hops = 0; ; hops++) {
    const answer = await persist(wire, current)
    if (!isRedirect(answer.status) || (request.method !== 'GET' && request.method !== 'HEAD')) return answer
    const refused = (why: string): RegistryError =>
      // Hosts only: the rest of such an address is often a signature that lets its bearer in.
      new RegistryError('PROTOCOL', `${current.whom} answered ${answer.status}: ${why}`, { status: answer.status })

    if (hops >= MAX_REDIRECTS) throw refused(`more than ${MAX_REDIRECTS} redirects are not followed`)
    const { location = '' } = answer.headers
    if (location === '' || !URL.canParse(location, current.url.href)) throw refused('it does not say where to go')
    const url = new URL(location, current.url)
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(`${url.protocol} is not followed`)
    if (current.url.protocol === 'https:' && url.protocol === 'http:') {
      throw refused(`it leads from HTTPS to plain HTTP at ${url.host}, which is not followed`)
    }
    const elsewhere = url.origin !== current.url.origin
    current = {
      ...current,
      url,
      headers: elsewhere ? withoutAuthorization(current.headers) : current.headers,
      whom: elsewhere ? `${url.host}, where ${request.whom} redirects to,` : current.whom
    }
  }
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

function withoutAuthorization(headers: Request['headers']): Request['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'))
}
