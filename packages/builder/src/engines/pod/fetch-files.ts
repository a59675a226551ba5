import { createHash, randomUUID } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { isKubeError, type Kube } from '@kaniko-hooks/kube'
import { BuildError } from '../../errors.js'
import { FILES_CONTAINER, LAYOUT_MOUNT, TAR_MOUNT } from './parts.js'

/** A file that is made of an image, on the machine of the caller. */
export interface ImageFile {
  /** `docker`: what `docker load` reads. `oci`: a tar of an OCI layout. */
  readonly kind: 'docker' | 'oci'
  /** Absolute. */
  readonly path: string
}

const TRIES = 3

/** A transfer that may go well the next time. */
class TransferError extends Error {
  override readonly name = 'TransferError'
}

/** The hash in hex, and the end of its line. */
const HEAD = 65

/**
 * Prints the SHA-256 of a file, and then the file. Its text is constant, since API servers log the commands of an exec. The tar of a
 * layout is made once, so that each try sends the same.
 */
const SEND_SCRIPT = `
set -e
cd ${TAR_MOUNT}
if [ "$1" = oci ] && ! [ -f oci.tar ]; then
  tar -cf "oci.$$" -C ${LAYOUT_MOUNT} .
  mv "oci.$$" oci.tar
fi
sha256sum <"$1.tar" | cut -c 1-64
exec cat "$1.tar"
`.trim()

/** The command that keeps the container of the files until the pod is removed. */
export const KEEP_SCRIPT = `trap 'exit 143' TERM; sleep "$WAIT_SECONDS" & wait`

/**
 * Fetches files of an image from a build pod. Each is written beside its path and gets its name when it is whole.
 *
 * @throws BuildError `POD_FAILED`; an error of the file system
 */
export async function fetchFiles(
  kube: Kube,
  pod: string,
  files: readonly ImageFile[],
  { signal, log }: { readonly signal: AbortSignal; readonly log: (line: string) => void }
): Promise<void> {
  for (const { kind, path } of files) {
    const beside = `${path}.${randomUUID()}`
    try {
      for (let tried = 1; ; tried++) {
        const problem = await fetchOnce(kube, pod, kind, beside, signal).catch(passing)
        if (problem === undefined) break
        if (tried === TRIES) throw failed(path, problem)
        log(`The image did not arrive whole (${problem.message}); fetching it again.`)
      }
      await rename(beside, path)
    } finally {
      await rm(beside, { force: true })
    }
  }
}

async function fetchOnce(kube: Kube, pod: string, kind: string, path: string, signal: AbortSignal): Promise<undefined> {
  const command = ['sh', '-c', SEND_SCRIPT, 'send', kind]
  const stream = await kube.exec({ pod, container: FILES_CONTAINER, command }, { signal, repeatable: true })
  let said = ''
  stream.stderr.on('data', (chunk: Buffer | string) => {
    if (said.length < 2000) said += chunk.toString()
  })
  // Awaited below, when the output has been read.
  stream.exit.catch(() => undefined)
  const file = await open(path, 'w')
  try {
    const { told, found } = await write(stream.stdout, file)

    const code = await stream.exit
    if (code !== 0) throw new TransferError(`the sender ended with exit code ${code}: ${said.trim()}`)
    if (told !== found) throw new TransferError(`its hash is ${found} and was ${told}`)
  } finally {
    stream.close()
    await file.close()
  }
}

async function write(
  content: AsyncIterable<Buffer>,
  file: FileHandle
): Promise<{ readonly told: string; readonly found: string }> {
  let head = Buffer.alloc(0)
  const hash = createHash('sha256')
  for await (const chunk of content) {
    const taken = chunk.subarray(0, Math.max(0, HEAD - head.length))
    head = Buffer.concat([head, taken])
    const rest = chunk.subarray(taken.length)
    hash.update(rest)
    for (let at = 0; at < rest.length;) at += (await file.write(rest, at)).bytesWritten
  }
  return { told: head.toString('latin1').trim(), found: hash.digest('hex') }
}

/** @returns what another stream may mend; anything else is thrown */
function passing(error: unknown): Error {
  if (error instanceof TransferError || isKubeError(error, 'STREAM_LOST', 'EXEC_FAILED')) return error
  throw error
}

function failed(path: string, cause: Error): BuildError {
  const message = `the image could not be fetched from the build pod into ${path}: ${cause.message}`
  return new BuildError('POD_FAILED', message, { fault: 'cluster', cause })
}
