import { chmod, mkdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ImageBuild } from '../../image-build.js'
import { unpack } from '../../context/archive.js'
import { checkOut } from '../../context/git.js'
import { parseGitUrl } from '../../context/git-url.js'

/** A context as the hook sees it, until it is closed. */
export interface SharedContext {
  readonly context: string
  readonly dockerfile: string | undefined
  /** Sentences about what was left out. */
  readonly warnings: readonly string[]
  readonly close: () => Promise<void>
}

/**
 * Puts the files of a build where the hook sees them: a directory is named as it lies, a repository or an archive is unpacked
 * beside the mailbox.
 *
 * @param id of the request
 * @param env for git
 * @throws BuildError `CONTEXT_FAILED`, `ABORTED`
 */
export async function shareContext(
  { context: source, dockerfile }: Pick<ImageBuild, 'context' | 'dockerfile'>,
  mailbox: string,
  id: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal
): Promise<SharedContext> {
  if (source.kind === 'directory') {
    const context = resolve(source.path)
    const close = (): Promise<void> => Promise.resolve()
    const path = dockerfile === undefined ? undefined : resolve(context, dockerfile)
    return { context, dockerfile: path, warnings: [], close }
  }
  const around = placeOf(mailbox, id)
  await mkdir(around, { mode: 0o700 })
  const close = async (): Promise<void> => dropShared(mailbox, id)
  try {
    // The hook may be another user.
    await chmod(around, 0o755)
    const root = join(around, 'context')
    await mkdir(root)
    if (source.kind === 'archive') {
      await unpack(source.content, root, signal)
      return { context: root, dockerfile: inside(root, dockerfile), warnings: [], close }
    }
    const git = parseGitUrl(source.url)
    const warnings = await checkOut(git, root, env, signal)
    const context = join(root, git.directory)
    return { context, dockerfile: inside(context, dockerfile), warnings, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Removes what a request's context was unpacked into, if it was. */
export async function dropShared(mailbox: string, id: string): Promise<void> {
  await rm(placeOf(mailbox, id), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
}

function placeOf(mailbox: string, id: string): string {
  return join(dirname(mailbox), `kbuild-context-${id}`)
}

function inside(root: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : join(root, join('/', path))
}
