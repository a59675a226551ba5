import { spawn } from 'node:child_process'
import { isToken, type Credential } from '@kaniko-hooks/registry'

/** A helper may ask a cloud; one that asks a person has nobody to answer. */
const TIMEOUT_MS = 30_000

/** No credential is longer. */
const MAX_BYTES = 256 * 1024

/** What a helper says when it has none (docker/docker-credential-helpers, `credentials/error.go`), on standard output. */
const NOT_FOUND = /credentials not found in native keychain|no credentials server URL|no credentials username/

/** As whom a helper returns a token in place of a password. */
const TOKEN_USER = '<token>'

/** A helper could not be run or did not answer as one. */
export class HelperError extends Error {
  override readonly name = 'HelperError'
}

/**
 * Asks a credential helper, `docker-credential-<name> get`: the server comes on its standard input, and JSON with `Username` and
 * `Secret` on its standard output (docker/docker-credential-helpers). It is started without a shell, has 30 s, and what it
 * writes is bounded.
 *
 * @param name checked by `parseLocalDockerConfig`
 * @param server `host[:port]`; Docker Hub's is `https://index.docker.io/v1/`
 * @param env of the helper: it needs PATH and mostly HOME
 * @returns undefined when it has no credential for this server
 * @throws HelperError that names the helper, and quotes only its standard error
 */
export async function askHelper(
  name: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal
): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`
  const { code, output, errors } = await run(program, server, env, signal)
  if (code !== 0) {
    if (NOT_FOUND.test(output)) return undefined
    const said = errors.trim().split('\n', 1)[0]?.slice(0, 300) ?? ''
    throw new HelperError(`${program} ended with exit code ${code ?? 'none'}${said === '' ? '' : `: ${said}`}`)
  }
  const { Username: username, Secret: secret } = readAnswer(program, output)
  if (secret === '') return undefined
  if (username === TOKEN_USER) {
    if (!isToken(secret)) throw new HelperError(`${program} answered with a token that no header can carry`)
    return { identityToken: secret }
  }
  if (username === '' || username.includes(':')) throw new HelperError(`${program} answered with no usable user name`)
  return { username, password: secret }
}

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

async function run(
  program: string,
  input: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal | undefined
): Promise<Ended> {
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
  const child = spawn(program, ['get'], { env, stdio: 'pipe', signal: either, killSignal: 'SIGKILL' })
  const kept: Record<'output' | 'errors', Buffer[]> = { output: [], errors: [] }
  let count = 0
  // What the helper itself started may still write: it is no longer listened to.
  const stop = (): void => {
    child.kill('SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const keep = (into: Buffer[]) => (chunk: Buffer) => {
    count += chunk.length
    if (count > MAX_BYTES) stop()
    else into.push(chunk)
  }
  child.stdout.on('data', keep(kept.output))
  child.stderr.on('data', keep(kept.errors))
  // A helper need not read what it is asked.
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${input}\n`)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', cause => {
      stop()
      reject(new HelperError(whyNot(program, cause, limit.aborted), { cause }))
    })
    child.once('close', resolve)
  })
  if (count > MAX_BYTES) throw new HelperError(`${program} wrote more than ${MAX_BYTES} bytes`)
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8')
  return { code, output: text(kept.output), errors: text(kept.errors) }
}

function whyNot(program: string, cause: Error, isLate: boolean): string {
  if (isLate) return `${program} did not answer within ${TIMEOUT_MS / 1000} s`
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  return isMissing ? `${program} is not in the PATH` : `${program} could not be run: ${cause.message}`
}

function readAnswer(program: string, output: string): { readonly Username: string; readonly Secret: string } {
  let found: Readonly<Record<string, unknown>>
  try {
    found = Object(JSON.parse(output)) as typeof found
  } catch {
    // The parser's own words quote the text.
    throw new HelperError(`${program} answered with something else than JSON`)
  }
  const { Username = '', Secret = '' } = found
  if (typeof Username === 'string' && typeof Secret === 'string') return { Username, Secret }
  throw new HelperError(`${program} answered with a Username or Secret that is no text`)
}
