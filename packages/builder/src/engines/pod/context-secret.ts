import type { V1Secret } from '@kubernetes/client-node'
import type { ContextArchive } from '../../context/pack.js'
import type { BuildPodSettings } from './settings.js'

/** A Secret may have 1 MiB, and all of them lie in the memory of the API server. */
const LARGEST_ARCHIVE = 900 * 1024

/** Where the archive lies in the container that unpacks it. */
export const ARCHIVE_MOUNT = '/kaniko/archive'

/** The archive's file there, and its key in the Secret. */
export const ARCHIVE_KEY = 'context.tar'

/** The key of an archive by gzip. */
export const ZIPPED_KEY = 'context.tar.gz'

/** Whether a context can come with its pod. API server and kubelet see to it then that it is whole. */
export function fitsSecret({ bytes }: ContextArchive): boolean {
  return bytes <= LARGEST_ARCHIVE
}

/**
 * A context as a Secret that belongs to whom the pod belongs.
 *
 * @param isZipped for a builder that unpacks by itself, and reads gzip alone
 * @throws BuildError `CONTEXT_FAILED` when a file has changed since the context was read
 */
export async function contextSecret(
  name: string,
  archive: ContextArchive,
  isZipped: boolean,
  { labels, ownerReferences }: BuildPodSettings = {}
): Promise<V1Secret> {
  const chunks: Buffer[] = []
  await archive.send(chunk => Promise.resolve(void chunks.push(Buffer.from(chunk))))
  const tar = Buffer.concat(chunks)
  const data = isZipped ? { [ZIPPED_KEY]: await zip(tar) } : { [ARCHIVE_KEY]: tar }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(ownerReferences === undefined ? {} : { ownerReferences: [...ownerReferences] })
    },
    data: Object.fromEntries(Object.entries(data).map(([key, bytes]) => [key, bytes.toString('base64')]))
  }
}

async function zip(bytes: Buffer): Promise<Buffer> {
  const { gzipSync } = await import('node:zlib')
  return gzipSync(bytes, { level: 1 })
}
