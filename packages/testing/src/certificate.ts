import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const OPENSSL = 'openssl'

/** PEM */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A certificate for 127.0.0.1 that is its own authority, made by openssl. */
export function selfSigned(): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-'))
  const cert = join(directory, 'cert.pem')
  const key = join(directory, 'key.pem')
  try {
    const names = ['-subj', '/CN=local', '-addext', 'subjectAltName=IP:127.0.0.1']
    const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync(OPENSSL, ['req', '-x509', ...keyKind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
