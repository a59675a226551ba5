import { BuildError, PartlyPushed } from '@kaniko-hooks/builder'
import { RegistryError } from '@kaniko-hooks/registry'
import { RegistryPusher } from '@kaniko-hooks/registry/push'
import { placesOf, type Place } from '../backends/kubernetes/targets.js'
import { findCredentials, type Credentials } from '../credentials/find.js'
import { credentialSources, type CredentialWishes, type Environment } from '../credentials/sources.js'
import { ArchiveError } from './archive-error.js'
import { readDockerSave } from './docker-save.js'
import { ImageArchive } from './image-archive.js'
import { IncompleteError, readLayout } from './oci-layout.js'
import type { PushableImage } from './pushable.js'

/** A push of an archive, all of it checked. */
export interface ArchivePush {
  /** A path, or a stream: `docker save` or an OCI layout as a tar, plain or by gzip. */
  readonly source: string | NodeJS.ReadableStream
  /** Whole references with a tag, at least one. */
  readonly tags: readonly string[]
  /** `host[:port]` of registries that speak plain HTTP. */
  readonly insecureRegistries: readonly string[]
  /** How often what failed for a reason that passes is tried again. */
  readonly retries: number
}

/** An image that a registry has. */
export interface PushedArchive {
  readonly digest: string
  /** Of the configuration; undefined for an image of several platforms. */
  readonly imageId: string | undefined
}

/**
 * Pushes an image that lies in an archive. Digests and sizes are checked before anything is sent; nothing is unpacked, and only
 * layers that are not compressed are kept in a temporary file.
 *
 * @param onLine is told what a person should read
 * @throws BuildError `CONTEXT_FAILED` for an archive that cannot be used, `PUSH_FAILED` with what the registry said; its cause is
 *   `PartlyPushed` when some tags are there
 */
export async function pushArchive(
  push: ArchivePush,
  { env, credentials: wishes }: { readonly env: Environment; readonly credentials?: CredentialWishes },
  onLine: (line: string) => void,
  signal: AbortSignal
): Promise<PushedArchive> {
  const archive = await ImageArchive.open(push.source, signal).catch((error: unknown) => {
    throw asBuildError(error)
  })
  try {
    const image = await readImage(archive, signal).catch((error: unknown) => {
      throw asBuildError(error)
    })
    const places = placesOf(push.tags)
    const references = places.map(({ reference }) => reference)
    const credentials = await findCredentials(references, credentialSources(env, wishes), env, signal)
    credentials.warnings.forEach(warning => onLine(`Warning: ${warning}`))
    const pushed: string[] = []
    for (const place of places) await pushTo(place, image, push, credentials, pushed, onLine, signal)
    return { digest: image.manifest.digest, imageId: image.imageId }
  } finally {
    await archive.close()
  }
}

async function readImage(archive: ImageArchive, signal: AbortSignal): Promise<PushableImage> {
  try {
    const layout = await readLayout(archive, signal)
    if (layout !== undefined) return layout
  } catch (error) {
    // Docker saves one platform of an index so, and names the platform's image beside it.
    if (!(error instanceof IncompleteError) || archive.find('manifest.json') === undefined) throw error
  }
  const saved = await readDockerSave(archive, signal)
  if (saved !== undefined) return saved
  throw new ArchiveError('it has neither index.json (an OCI layout) nor manifest.json (docker save)')
}

/** @param pushed gets each reference that the registry has taken */
async function pushTo(
  { reference: { domain, repository }, written }: Place,
  image: PushableImage,
  { insecureRegistries, retries }: ArchivePush,
  credentials: Credentials,
  pushed: string[],
  onLine: (line: string) => void,
  signal: AbortSignal
): Promise<void> {
  const credential = credentials.for({ domain, repository })?.credential
  const plainHttp = insecureRegistries.includes(domain)
  try {
    const registry = new RegistryPusher(domain, { plainHttp, retries, credential })
    for (const blob of image.blobs) {
      const how = await registry.putBlob(repository, blob, signal)
      onLine(`${blob.digest}: ${how === 'sent' ? `${blob.size} bytes sent` : 'is there already'}`)
    }
    for (const child of image.children) await registry.putManifest(repository, child.digest, child, signal)
    for (const [tag, name] of written) {
      await registry.putManifest(repository, tag, image.manifest, signal)
      pushed.push(name)
      onLine(`Pushed ${name}`)
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof RegistryError)) throw error
    const rest = pushed.length === 0 ? '' : `. It was pushed to ${pushed.join(', ')}`
    const cause = pushed.length === 0 ? error : new PartlyPushed(pushed)
    const { code } = error
    throw new BuildError(code === 'UNREACHABLE' ? 'REGISTRY_UNREACHABLE' : 'PUSH_FAILED', `${error.message}${rest}`, {
      cause
    })
  }
}

function asBuildError(error: unknown): unknown {
  const { code } = Object(error) as NodeJS.ErrnoException
  if (error instanceof ArchiveError) {
    return new BuildError('CONTEXT_FAILED', `the archive of the image cannot be used: ${error.message}`)
  }
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new BuildError('CONTEXT_FAILED', 'the archive of the image cannot be used: it cannot be unpacked', {
      cause: error
    })
  }
  return typeof code === 'string' && /^E[A-Z]+$/.test(code)
    ? new BuildError('CONTEXT_FAILED', `the archive of the image cannot be read: ${code}`, { cause: error })
    : error
}
