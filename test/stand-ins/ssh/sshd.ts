import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { installDebianPackages } from '../../harness/cluster/debian.js'
import { attempt, run } from '../../harness/cluster/run.js'
import { places } from '../../harness/cluster/settings.js'
import { until } from '../../harness/cluster/wait.js'

const SSHD = '/usr/sbin/sshd'

/** OpenSSH's server on the loopback, for one user with one key. */
export interface Sshd {
  /** The command that reaches it, as words; what follows is the remote command. */
  readonly client: readonly string[]
  stop(): Promise<void>
}

/** How often a port is looked for: somebody else may take it before the server does. */
const TRIES = 5

/**
 * Starts OpenSSH's server on 127.0.0.1, with a key pair of its own.
 *
 * @param remote a command of a shell that is run in place of the remote command, which is in `$SSH_ORIGINAL_COMMAND`: what a
 *   login shell would be given
 */
export async function startSshd(remote: string): Promise<Sshd> {
  await installDebianPackages(places(), () => undefined, { 'openssh-server': SSHD })
  // Its own, and for nothing but this directory: the package's service makes it otherwise.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const directory = await mkdtemp(join(tmpdir(), 'sshd-'))
  const at = (name: string): string => join(directory, name)
  for (const key of ['host', 'user']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)])
  await run('cp', [at('user.pub'), at('authorized_keys')])
  await writeFile(at('remote'), `#!/bin/sh\n${remote}\n`)
  await chmod(at('remote'), 0o755)
  const options = [
    'ListenAddress 127.0.0.1',
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('authorized_keys')}`,
    `ForceCommand ${at('remote')}`,
    'PidFile none',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no'
  ]
  await writeFile(at('config'), `${options.join('\n')}\n`)
  const { server, ended, port } = await startServer(at('config'))
  const client = [
    ...['ssh', '-i', at('user'), '-p', String(port), '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
    ...[
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
      'root@127.0.0.1'
    ]
  ]
  return {
    client,
    stop: async () => {
      server.kill('SIGTERM')
      await ended
      await rm(directory, { recursive: true })
    }
  }
}

async function startServer(
  config: string
): Promise<{ readonly server: ChildProcess; readonly ended: Promise<void>; readonly port: number }> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort()
    const server = spawn(SSHD, ['-D', '-e', '-p', String(port), '-f', config], { stdio: 'ignore' })
    const ended = new Promise<void>(resolve => server.on('close', () => resolve()))
    const alive = (): void => {
      if (server.exitCode !== null) throw new Error(`sshd does not take port ${port}`)
    }
    try {
      const scan = ['-p', String(port), '127.0.0.1']
      await until('sshd', 20, async () => (await attempt('ssh-keyscan', scan)) !== '', alive)
      return { server, ended, port }
    } catch (error) {
      server.kill('SIGTERM')
      if (tries === TRIES) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
