import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'

/** Registries accept a token for so long after its end, in case clocks differ: distribution's fixed value. */
const LEEWAY_SECONDS = 60

export interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** What a token says. */
export interface Claims {
  readonly issuer: string
  readonly service: string
  readonly user: string
  readonly access: readonly Access[]
  /** Seconds from now to the moment when the registry refuses it: the leeway is taken off. */
  readonly lifetime: number
}

/**
 * A token as the registry's specification describes it, signed with ES256. Its certificate travels in `x5c`: of the ways
 * to name a key it is the one that distribution 2 and 3 understand alike.
 */
export function tokenOf(claims: Claims, certificate: string, key: Buffer): string {
  const now = Math.floor(Date.now() / 1000)
  const header = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(certificate).raw.toString('base64')] }
  const payload = {
    iss: claims.issuer,
    sub: claims.user,
    aud: claims.service,
    exp: now + claims.lifetime - LEEWAY_SECONDS,
    nbf: now - LEEWAY_SECONDS,
    iat: now,
    jti: randomUUID(),
    access: claims.access
  }
  const signed = [header, payload].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey(key),
    dsaEncoding: 'ieee-p1363'
  })
  return `${signed}.${signature.toString('base64url')}`
}
