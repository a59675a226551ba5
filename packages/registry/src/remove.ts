import type { RegistryClient } from './client.js'
import { RegistryError, type RegistryErrorCode } from './errors.js'
import { retentionAdvice, serviceAdvice } from './retention.js'

/** What became of an image that had to go. `why` is a sentence for a warning. */
export type Removal =
  | { readonly result: 'removed' }
  /** It was not there any more. */
  | { readonly result: 'absent' }
  /** The registry does not delete, or not in this way. */
  | { readonly result: 'unsupported'; readonly why: string }
  /** The registry would delete, but not this image; with `passing`, not now: a later try may go well. */
  | { readonly result: 'refused'; readonly why: string; readonly passing: boolean }

/** An image as a push left it. */
export interface PushedImage {
  readonly repository: string
  readonly tag?: string
  /** Unknown when whoever pushed it was cut off; the tag then tells. */
  readonly digest?: string
}

/**
 * Removes an image: its tag first, then its manifest by digest. Some registries refuse a digest that is still tagged
 * (Artifact Registry, Docker Hub), others know no deletion of tags (distribution 2.8, Harbor), so an answer to the
 * first request decides nothing. By digest every tag of it in the repository goes: no two builds may share a digest.
 *
 * Call it only after every pod that runs the image has ended; a pod that restarts could not pull it again.
 *
 * @returns what became of it; a registry that refuses, or that cannot be reached, is a result and no exception
 * @throws RegistryError `ABORTED` only
 */
export async function removeImage(client: RegistryClient, image: PushedImage, signal?: AbortSignal): Promise<Removal> {
  const digest = image.digest ?? (await lookUp(client, image, signal))
  if (digest === undefined) return { result: 'absent' }
  if (digest instanceof RegistryError) return refusal(digest, digest.message)
  let untagged = false
  if (image.tag !== undefined) {
    const tag = await attempt(client, image.repository, image.tag, signal)
    if (tag instanceof RegistryError && isFinal(tag)) return refusal(tag, tag.message)
    untagged = tag === 'deleted'
  }
  const manifest = await attempt(client, image.repository, digest, signal)
  if (!(manifest instanceof RegistryError)) {
    return { result: manifest === 'deleted' || untagged ? 'removed' : 'absent' }
  }
  const left = untagged ? ' (its tag is removed, its layers stay)' : ''
  const said = manifest.message.replace(/\.$/, '')
  if (manifest.code === 'UNSUPPORTED' && !isDangling(manifest)) {
    const why = `${client.host} does not delete images${left}: ${said}; ${retentionAdvice(client.host)}`
    return { result: 'unsupported', why }
  }
  // Docker Hub, for one, keeps what a tag names, and deletes no tags by this API.
  const advice = manifest.code === 'DENIED' && !untagged ? serviceAdvice(client.host) : undefined
  const why = `${client.host} did not delete the image${left}: ${said}${advice === undefined ? '' : `; ${advice}`}`
  return refusal(manifest, why)
}

const PASSING = new Set<RegistryErrorCode>(['UNREACHABLE', 'SERVER', 'RATE_LIMITED'])

function refusal({ code }: RegistryError, why: string): Removal {
  return { result: 'refused', why, passing: PASSING.has(code) }
}

/** Whether there is no use in asking for the digest after this answer for the tag. */
function isFinal({ status, code }: RegistryError): boolean {
  // A wrong password that is shown again and again locks the account.
  return status === undefined || code === 'UNAUTHORIZED' || code === 'RATE_LIMITED'
}

async function lookUp(
  client: RegistryClient,
  { repository, tag = 'latest' }: PushedImage,
  signal: AbortSignal | undefined
): Promise<string | undefined | RegistryError> {
  try {
    return (await client.headManifest(repository, tag, signal))?.digest
  } catch (error) {
    if (error instanceof RegistryError && error.code !== 'ABORTED') return error
    throw error
  }
}

async function attempt(
  client: RegistryClient,
  repository: string,
  reference: string,
  signal: AbortSignal | undefined
): Promise<'deleted' | 'absent' | RegistryError> {
  try {
    return await client.deleteManifest(repository, reference, signal)
  } catch (error) {
    if (error instanceof RegistryError && error.code !== 'ABORTED') return error
    throw error
  }
}

/** Artifact Registry answers a digest that has other tags with 400: it does delete, but not this one. */
function isDangling(error: RegistryError): boolean {
  return error.problems.some(problem => problem.code.includes('DANGLING'))
}
