import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { ApiServer, type ExecScript } from '@kaniko-hooks/testing'

import { run } from './run.js'

const DIGEST = `sha256:${'0a'.repeat(32)}`

/** What a command said. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** kbuild beside a cluster in memory that a kubeconfig leads to. */
export class Kbuild {
  readonly server: ApiServer
  readonly directory: string
  /** Ends the command as a signal would. */
  abort = new AbortController()

  private constructor(server: ApiServer, directory: string) {
    this.server = server
    this.directory = directory
  }

  static async start(): Promise<Kbuild> {
    const kbuild = new Kbuild(await ApiServer.start(), mkdtempSync(join(tmpdir(), 'kbuild-')))
    const { origin } = kbuild.server.config.server
    kbuild.file(
      'kubeconfig',
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'arc' } }],
        clusters: [{ name: 'c', cluster: { server: origin } }],
        users: [{ name: 'u', user: { token: 't' } }]
      })
    )
    kbuild.server.exec = crane()
    return kbuild
  }

  async stop(): Promise<void> {
    rmSync(this.directory, { recursive: true })
    await this.server.stop()
  }

  /** Writes a file beside the kubeconfig, and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.directory, name)
    writeFileSync(path, text)
    return path
  }

  async run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
    let stdout = ''
    let stderr = ''
    const code = await run(words, {
      directory: this.directory,
      env: { HOME: this.directory, KUBECONFIG: join(this.directory, 'kubeconfig'), ...env },
      stdin: Readable.from([]),
      stdout: text => (stdout += text),
      stderr: text => (stderr += text),
      columns: undefined,
      version: '1.2.3',
      signal: this.abort.signal
    })
    return { code, stdout, stderr }
  }
}

/**
 * A registry, as crane tells of it: what it is asked is noted.
 *
 * @param refuses by the verb of crane, what it says in place of doing it
 */
export function crane(refuses: Readonly<Record<string, string>> = {}, asked: string[] = []): ExecScript {
  return async ({ command, print, complain }) => {
    const isPush = command[0] === 'sh'
    const [verb = '', reference = ''] = isPush ? ['push', command[4]] : command.slice(1)
    asked.push(`${verb} ${reference}`)
    const refusal = refuses[verb]
    if (refusal !== undefined) {
      await complain(`2026/01/01 10:00:00 trying\nError: ${refusal}\n`)
      return 1
    }
    if (verb === 'push') await print(`${reference.replace(/:[^:/]*$/, '')}@${DIGEST}\n`)
    if (verb === 'digest') await print(`${DIGEST}\n`)
    return 0
  }
}
