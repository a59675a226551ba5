import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { issue } from '../../harness/cluster/certificates.js'

/** A private certificate authority, as a company has one. */
export interface Authority {
  /** Its own certificate, as PEM: what clients have to trust. */
  readonly certificate: string
  /**
   * Issues a certificate for a server.
   *
   * @param names as in a subjectAltName: `IP:10.0.0.4`, `DNS:registry.example.com`
   */
  issue(names: readonly string[]): Promise<Certificate>
}

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** Makes an authority that lives as long as this process: its key is nowhere but in memory between two certificates. */
export async function createAuthority(): Promise<Authority> {
  const own = await inDirectory(async directory => {
    await issue(directory, 'ca', '/CN=test registry authority', ['basicConstraints=critical,CA:TRUE'])
    return read(directory, 'ca')
  })
  return {
    certificate: own.certificate,
    issue: names =>
      inDirectory(async directory => {
        await writeFile(join(directory, 'ca.crt'), own.certificate)
        await writeFile(join(directory, 'ca.key'), own.key)
        const extensions = [
          'basicConstraints=critical,CA:FALSE',
          'extendedKeyUsage=serverAuth',
          `subjectAltName=${names.join(',')}`
        ]
        await issue(directory, 'tls', '/CN=test registry', extensions, 'ca')
        return read(directory, 'tls')
      })
  }
}

async function inDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'authority-'))
  try {
    return await body(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function read(directory: string, file: string): Promise<Certificate> {
  return {
    certificate: await readFile(join(directory, `${file}.crt`), 'utf8'),
    key: await readFile(join(directory, `${file}.key`), 'utf8')
  }
}
