import { promisify } from 'node:util'

import type { V1Secret } from '@kubernetes/client-node'
import type { ContextArchive } from '../../context/pack.js'
import { BuildError } from '../../errors.js'
import type { BuildPodSettings } from './settings.js'

/** A Secret may have 1 MiB, and all of them lie in the memory of the API server. */
const LARGEST_ARCHIVE = 900 * 1024

/** For a build that somebody attends, the largest context that comes with its pod; a larger one is sent to the pod. In bytes. */
export const ATTENDED = LARGEST_ARCHIVE

/** The same for one that goes on alone, to which nothing can be sent: it is worth to be compressed. */
export const ALONE = 4 * 1024 * 1024

/** Where the archive lies in the container that unpacks it. */
export const ARCHIVE_MOUNT = '/kaniko/archive'

/** The archive's file there, and its key in the Secret. */
export const ARCHIVE_KEY = 'context.tar'

/** The key of an archive by gzip. */
export const ZIPPED_KEY = 'context.tar.gz'

/**
 * Whether a context can come with its pod. API server and kubelet see to it then that it is whole.
 *
 * @param most `ATTENDED` or `ALONE`
 */
export function fitsSecret({ bytes }: ContextArchive, most: number): boolean {
  return bytes <= most
}

/**
 * A context as a Secret that belongs to whom the pod belongs.
 *
 * @param byKaniko for Kaniko, which reads gzip alone
 * @throws BuildError `CONTEXT_FAILED` when a file has changed since the context was read, and for one that no Secret can have
 */
export async function contextSecret(
  name: string,
  archive: ContextArchive,
  byKaniko: boolean,
  { labels, ownerReferences }: BuildPodSettings = {}
): Promise<V1Secret> {
  const chunks: Buffer[] = []
  await archive.send(chunk => Promise.resolve(void chunks.push(Buffer.from(chunk))))
  const tar = Buffer.concat(chunks)
  const isLarge = tar.length > LARGEST_ARCHIVE
  // Where the container's image has no gzip, the build is lost and its step sends the context: not risked where nothing is won.
  const sent = byKaniko || isLarge ? await zip(tar) : tar
  if (isLarge && sent.length > LARGEST_ARCHIVE) throw tooLarge(sent.length, 'bytes when it is compressed')
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(ownerReferences === undefined ? {} : { ownerReferences: [...ownerReferences] })
    },
    data: { [byKaniko ? ZIPPED_KEY : ARCHIVE_KEY]: sent.toString('base64') }
  }
}

/** Nothing can be sent to a build that nobody attends. */
export function tooLarge(size: number, what: string): BuildError {
  return new BuildError('CONTEXT_FAILED', `the context has ${size} ${what}, too many for a build that nobody attends`)
}

async function zip(bytes: Buffer): Promise<Buffer> {
  const { gzip } = await import('node:zlib')
  return promisify(gzip)(bytes, { level: 1 })
}
