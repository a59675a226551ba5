import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { BuildError, readContext, type Context } from '@kaniko-hooks/builder'
import type { ImageBuild } from '../image-build.js'
import { unpack } from './archive.js'
import { checkOut } from './git.js'
import { parseGitUrl } from './git-url.js'

/** A context that can be sent, until it is closed. */
export interface OpenContext {
  readonly context: Context
  /** Takes away what was unpacked or checked out; never throws. */
  readonly close: () => Promise<void>
}

const DEFAULT_DOCKERFILE = 'Dockerfile'

/**
 * Reads the files of a build: a directory as it lies there; a repository or an archive by way of a temporary directory that
 * nobody else can read.
 *
 * @param env for git
 * @throws BuildError `DOCKERFILE_MISSING`, `CONTEXT_FAILED`, `ABORTED`
 */
export async function openContext(
  { context: source, dockerfile }: Pick<ImageBuild, 'context' | 'dockerfile'>,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal
): Promise<OpenContext> {
  const options = signal === undefined ? {} : { signal }
  if (source.kind === 'directory') {
    const context = await readDirectory(resolve(source.path), dockerfile, options)
    return { context, close: () => Promise.resolve() }
  }
  const around = await mkdtemp(join(tmpdir(), 'kbuild-context-'))
  // An archive may say how its own root can be read; what lies around stays ours.
  const directory = join(around, 'context')
  const close = async (): Promise<void> =>
    rm(around, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  try {
    await mkdir(directory)
    const inside = join('/', dockerfile ?? DEFAULT_DOCKERFILE).slice(1)
    if (source.kind === 'archive') {
      await unpack(source.content, directory, signal)
      return { context: await readContext(directory, inside, options), close }
    }
    const git = parseGitUrl(source.url)
    const left = await checkOut(git, directory, env, signal)
    const context = await readContext(join(directory, git.directory), inside, { ...options, within: [directory] })
    return { context: { ...context, warnings: [...context.warnings, ...left] }, close }
  } catch (error) {
    await close()
    throw asOpened(error, directory)
  }
}

async function readDirectory(
  directory: string,
  dockerfile: string | undefined,
  options: { readonly signal?: AbortSignal }
): Promise<Context> {
  if (dockerfile === undefined) return readContext(directory, DEFAULT_DOCKERFILE, options)
  const path = relative(directory, resolve(directory, dockerfile))
  if (path !== '' && !path.startsWith('..')) return readContext(directory, path, options)
  const outside = resolve(directory, dockerfile)
  return readContext(directory, basename(outside), { ...options, dockerfileDirectory: dirname(outside) })
}

/** Nobody knows the temporary directory. */
function asOpened(error: unknown, directory: string): unknown {
  if (!(error instanceof BuildError) || !error.message.includes(directory)) return error
  return error.inWords(text => text.replaceAll(`${directory}/`, '').replaceAll(directory, 'the build context'))
}
