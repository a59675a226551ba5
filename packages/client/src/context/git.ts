import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BuildError } from '@kaniko-hooks/builder'
import { quoted, withoutCredential } from './git-credential.js'
import { withoutUser, type GitSource } from './git-url.js'

/** Of what git says on its standard error, so much is kept. */
const MAX_SAID = 16 * 1024

/**
 * Nothing that the repository brings is run, nobody is asked, and no other way than that of the address is taken. Configuration
 * of the user still counts: it says by which helper or key private repositories are read.
 */
const CAREFUL = [
  ...['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'submodule.recurse=false', 'fetch.recurseSubmodules=false'],
  ...['protocol.allow=never', 'protocol.https.allow=always', 'protocol.http.allow=always'],
  ...['protocol.ssh.allow=always', 'protocol.git.allow=always', 'advice.detachedHead=false', 'gc.auto=0']
].flatMap(setting => ['-c', setting])

/**
 * Checks out one commit of a repository, without its history, its submodules and `.git`.
 *
 * @param directory an empty one of ours, that nobody else can read
 * @param env of git: it needs PATH and mostly HOME
 * @returns sentences about what was left out
 * @throws BuildError `CONTEXT_FAILED` with git's words, `ABORTED`
 */
export async function checkOut(
  source: GitSource,
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal
): Promise<readonly string[]> {
  let ssh: { readonly GIT_SSH_COMMAND?: string } = {}
  const git = async (...args: readonly string[]): Promise<void> =>
    run(source, directory, [...CAREFUL, ...args], { ...env, ...ssh }, signal)
  const metadata = join(directory, '.git')
  await git('init', '--quiet', '--template=')
  const { url, config, credential } = withoutCredential(source.remote, '.git/kbuild-credential')
  const lines = `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${quoted(url)}\n${config}`
  await mkdir(metadata, { recursive: true })
  await writeFile(join(metadata, 'config'), lines, { mode: 0o600 })
  if (credential !== undefined) await writeFile(join(metadata, 'kbuild-credential'), credential, { mode: 0o600 })
  if (/^(?:ssh:|[^/:]+@)/.test(source.remote) && env['GIT_SSH'] === undefined && env['GIT_SSH_COMMAND'] === undefined) {
    const isConfigured = await git('config', '--get', 'core.sshCommand').then(
      () => true,
      () => false
    )
    // Nobody is there to answer a question. What the user configured says itself whom it asks.
    if (!isConfigured) ssh = { GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' }
  }
  await git('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', 'origin', source.ref)
  await git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
  await rm(metadata, { recursive: true, force: true })
  return existsSync(join(directory, '.gitmodules')) ? ['The submodules of the repository are not fetched.'] : []
}

async function run(
  source: GitSource,
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal | undefined
): Promise<void> {
  const quiet = { GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: 'true', SSH_ASKPASS: 'true', GIT_LFS_SKIP_SMUDGE: '1' }
  const child = spawn('git', args, {
    cwd,
    // A repository that the caller stands in is not the one that is meant.
    env: { ...withoutRepository(env), ...quiet },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal === undefined ? {} : { signal })
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < MAX_SAID) said += chunk.toString('utf8')
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', cause => {
      const isAbort = signal?.aborted === true
      const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'git is not installed here' : cause.message
      reject(
        isAbort
          ? new BuildError('ABORTED', 'the build context was being fetched', { cause })
          : failed(source, `${why}; fetch it yourself, and build its directory`, cause)
      )
    })
    child.once('close', resolve)
  })
  if (code === 0) return
  const words = said.trim().split('\n').slice(-3).join('; ').slice(0, 1000)
  throw failed(source, `git ended with exit code ${code ?? 'none'}: ${hide(words, source.remote)}`)
}

function withoutRepository(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const ofRepositories =
    /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|TEMPLATE_DIR)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ofRepositories.test(name)))
}

function failed({ remote, ref }: GitSource, why: string, cause?: unknown): BuildError {
  return new BuildError('CONTEXT_FAILED', `${withoutUser(remote)} at ${ref} cannot be fetched: ${why}`, { cause })
}

/** git mostly leaves out the credential itself. */
function hide(text: string, remote: string): string {
  const [, user = ''] = /^[a-z]+:\/\/([^/\s]*)@/i.exec(remote) ?? []
  const secrets = [user, ...user.split(':')].filter(part => part.length > 2)
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
}
