import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'

import { BuildError } from '@kaniko-hooks/builder'

/** As for a Dockerfile that stands in for a context. */
const MAX_BYTES = 1024 * 1024

/** A Dockerfile that was read from standard input, until it is closed. */
export interface DockerfileInput {
  readonly path: string
  readonly close: () => Promise<void>
}

/**
 * Reads a Dockerfile into a file of a directory that nobody else can read (`-f -`).
 *
 * @throws BuildError `DOCKERFILE_MISSING` for nothing at all, `CONTEXT_FAILED` for what is no Dockerfile
 */
export async function readDockerfileInput(stdin: Readable, signal: AbortSignal): Promise<DockerfileInput> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of addAbortSignal(signal, stdin)) {
    chunks.push(Buffer.from(chunk as Buffer))
    length += (chunk as Buffer).length
    if (length > MAX_BYTES) throw new BuildError('CONTEXT_FAILED', `the Dockerfile is longer than ${MAX_BYTES} bytes`)
  }
  const content = Buffer.concat(chunks)
  if (content.length === 0) throw new BuildError('DOCKERFILE_MISSING', 'no Dockerfile has come on standard input')
  if (content.includes(0)) throw new BuildError('CONTEXT_FAILED', 'what has come on standard input is no Dockerfile')
  const directory = await mkdtemp(join(tmpdir(), 'kbuild-dockerfile-'))
  const path = join(directory, 'Dockerfile')
  await writeFile(path, content, { mode: 0o600, flag: 'wx' })
  return { path, close: () => rm(directory, { recursive: true, force: true }) }
}
