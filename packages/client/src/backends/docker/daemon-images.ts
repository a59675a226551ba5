import type { Readable } from 'node:stream'
import { BuildError } from '@kaniko-hooks/builder'
import { isPlainAnswer, parseReference, type Credential, type ImageReference } from '@kaniko-hooks/registry'
import { readLines } from '../lines.js'
import { type EngineApi, withoutControls } from './engine-api.js'

/** Docker Hub's place among credentials (docker/cli, `IndexServer`). */
const DOCKER_HUB = 'https://index.docker.io/v1/'

/** One line of an answer that goes on for a while. */
interface Progress {
  readonly status?: string
  readonly stream?: string
  readonly id?: string
  readonly error?: string
  readonly aux?: { readonly Digest?: unknown; readonly Tag?: unknown }
}

/** Pulls an image unless the daemon has it. */
export async function provideImage(
  api: EngineApi,
  image: string,
  credential: Credential | undefined,
  onLine: (line: string) => void,
  signal: AbortSignal
): Promise<void> {
  const found = { method: 'GET', path: `/images/${image}/json`, accept: [404], signal } as const
  if ((await api.json(found)) !== undefined) return
  onLine(`Pulling ${image}`)
  const { domain, repository, tag = 'latest', digest } = parseReference(image)
  const query = { fromImage: `${domain}/${repository}`, tag: digest ?? tag }
  const headers = authHeader(domain, credential)
  const answer = await api.send({ method: 'POST', path: '/images/create', query, headers, signal })
  await followProgress(answer, why => {
    return new BuildError('POD_FAILED', `the Docker daemon cannot pull ${image}: ${why}`, { fault: 'configuration' })
  })
}

/** Gives the daemon an image, as `docker load`. */
export async function loadImage(api: EngineApi, archive: Readable, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/x-tar' }
  const request = { method: 'POST', path: '/images/load', query: { quiet: '1' }, headers, body: archive } as const
  const answer = await api.send({ ...request, signal })
  await followProgress(answer, why => new BuildError('POD_FAILED', `the Docker daemon did not take the image: ${why}`))
}

/**
 * Lets the daemon push an image that it has, as `docker push`.
 *
 * @returns the digest that the registry took
 * @throws BuildError `PUSH_FAILED` with what the registry said
 */
export async function pushFromDaemon(
  api: EngineApi,
  { domain, repository, tag = 'latest' }: ImageReference,
  credential: Credential | undefined,
  onLine: (line: string) => void,
  signal: AbortSignal
): Promise<string> {
  const name = `${domain}/${repository}`
  // The daemon refuses a push without the header, whatever is in it.
  const headers = { 'x-registry-auth': encoded({}), ...authHeader(domain, credential) }
  // Asked before: daemons differ in how they say that they have no such image.
  const found = { method: 'GET', path: `/images/${name}:${tag}/json`, accept: [404], signal } as const
  if ((await api.json(found)) === undefined) {
    throw new BuildError('PUSH_FAILED', `the Docker daemon has no image ${name}:${tag}`, { fault: 'user' })
  }
  const answer = await api.send({ method: 'POST', path: `/images/${name}/push`, query: { tag }, headers, signal })
  let digest: string | undefined
  const told = await followProgress(
    answer,
    why => new BuildError('PUSH_FAILED', `${name}:${tag} could not be pushed; the Docker daemon said: ${why}`),
    ({ aux, status, id }) => {
      if (typeof aux?.Digest === 'string') digest = aux.Digest
      // Bars of progress are not for a log.
      if (status !== undefined && /^(?:The push|Pushed|Layer already|Mounted|[^ ]+: digest:)/.test(status)) {
        onLine(withoutControls(id === undefined ? status : `${id}: ${status}`))
      }
    }
  )
  digest ??= /digest: (sha256:[0-9a-f]{64})/.exec(told)?.[1]
  if (digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest
  throw new BuildError('PUSH_FAILED', `the Docker daemon did not say which digest it pushed as ${name}:${tag}`)
}

/** @returns the last status; an error within the answer, whose own status was a good one, is thrown */
async function followProgress(
  answer: Readable,
  failed: (why: string) => BuildError,
  onProgress: (progress: Progress) => void = () => undefined
): Promise<string> {
  let last = ''
  let problem: string | undefined
  for await (const line of readLines(answer)) {
    if (line.trim() === '') continue
    const progress = readProgress(line)
    if (typeof progress.error === 'string') problem ??= withoutControls(progress.error)
    if (typeof progress.status === 'string') last = progress.status
    onProgress(progress)
  }
  if (problem !== undefined) throw failed(withDaemonsAdvice(problem))
  return last
}

/** Flags of ours change nothing for a daemon that asks a registry itself. */
function withDaemonsAdvice(problem: string): string {
  return isPlainAnswer(problem)
    ? `${problem}; the registry answers in plain HTTP, without TLS: name it in insecure-registries of the daemon's daemon.json`
    : problem
}

function readProgress(line: string): Progress {
  try {
    return Object(JSON.parse(line)) as Progress
  } catch {
    return {}
  }
}

/** Docker's form of a credential: JSON in the base64 for addresses (Engine API, "Authentication"). */
function authHeader(domain: string, credential: Credential | undefined): Readonly<Record<string, string>> {
  if (credential === undefined) return {}
  const serveraddress = domain === 'docker.io' ? DOCKER_HUB : domain
  const fields =
    'registryToken' in credential
      ? { registrytoken: credential.registryToken }
      : 'identityToken' in credential
        ? { identitytoken: credential.identityToken }
        : credential
  return { 'x-registry-auth': encoded({ ...fields, serveraddress }) }
}

/** Go's encoding wants the padding that Node leaves out. */
function encoded(value: object): string {
  const text = Buffer.from(JSON.stringify(value)).toString('base64url')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}
