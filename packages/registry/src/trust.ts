import { X509Certificate } from 'node:crypto'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { RegistryError } from './errors.js'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * The authorities to trust: those that come with Node, and these in addition. A registry behind a private authority
 * often sends its clients to public hosts, for blobs or tokens.
 *
 * Node drops its own list as soon as it is given another, so both are given. Before `tls.getCACertificates` (Node 22)
 * nothing tells what `NODE_EXTRA_CA_CERTS` added; where `ca` is set, those certificates have to stand in it too.
 *
 * @param ca one or more PEM certificates; other blocks are passed over
 * @throws RegistryError `BAD_CERTIFICATE`
 */
export function trustedAuthorities(ca: string): readonly string[] {
  const certificates = ca.match(CERTIFICATE) ?? []
  if (certificates.length === 0) throw bad('it holds no "-----BEGIN CERTIFICATE-----" block')
  certificates.forEach((pem, index) => {
    try {
      new X509Certificate(pem)
    } catch (cause) {
      throw bad(`its certificate ${index + 1} of ${certificates.length} cannot be read`, cause)
    }
  })
  return [...rootCertificates, ...certificates]
}

/** Takes about 40 ms, so it is made once for all connections, and not before the first. */
export function secureContext(ca: string): SecureContext {
  return createSecureContext({ ca: trustedAuthorities(ca).join('\n') })
}

function bad(why: string, cause?: unknown): RegistryError {
  return new RegistryError('BAD_CERTIFICATE', `the CA certificates for the registry cannot be used: ${why}`, { cause })
}
