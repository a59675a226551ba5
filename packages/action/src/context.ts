import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import { Readable } from 'node:stream'

import { isGitUrl, type ContextSource } from '@kaniko-hooks/client'

/** The context as the inputs name it. */
export type WantedContext =
  | { readonly kind: 'path'; readonly path: string; readonly file: string | undefined }
  | { readonly kind: 'git'; readonly url: string; readonly file: string | undefined }

/** docker/build-push-action's word for the repository of the run. */
const DEFAULT_CONTEXT = /\{\{\s*defaultContext\s*\}\}/

/**
 * Reads `context` and `file`. As with docker, the Dockerfile of a directory is relative to the workspace, that of another context
 * is relative to the context.
 */
export function readContext(
  context: string,
  file: string,
  workspace: string,
  problem: (sentence: string) => void
): WantedContext | undefined {
  const dockerfile = file === '' ? undefined : file
  if (DEFAULT_CONTEXT.test(context)) {
    problem('`context` has {{defaultContext}}: check the repository out with actions/checkout, and write a path')
    return undefined
  }
  if (isGitUrl(context)) return { kind: 'git', url: context, file: dockerfile }
  if (/^[a-z]+:\/\//i.test(context)) {
    problem(
      '`context` is a URL, but not that of a Git repository, which ends with .git: fetch the files in a step before'
    )
    return undefined
  }
  return { kind: 'path', path: resolve(workspace, context), file: dockerfile }
}

/** Where the files come from, and where the Dockerfile is. */
export interface OpenContext {
  readonly context: ContextSource
  readonly dockerfile?: string
}

/**
 * Looks the context up on disk.
 *
 * @throws Error that names the path when there is none
 */
export async function openContext(wanted: WantedContext, workspace: string): Promise<OpenContext> {
  const inContext = wanted.file === undefined ? {} : { dockerfile: wanted.file }
  if (wanted.kind === 'git') return { context: { kind: 'git', url: wanted.url }, ...inContext }
  const { path, file } = wanted
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true) {
    return {
      context: { kind: 'directory', path },
      ...(file === undefined ? {} : { dockerfile: resolve(workspace, file) })
    }
  }
  if (found?.isFile() === true) return { context: { kind: 'archive', content: readLater(path) }, ...inContext }
  const shown = relative(workspace, path)
  throw new Error(
    `\`context\`: there is no ${isAbsolute(shown) || shown.startsWith('..') ? path : shown || path}; is a step with actions/checkout before this one?`
  )
}

/** Opened by whoever reads it: before, there is nobody who hears that it cannot be opened. */
function readLater(path: string): Readable {
  return Readable.from(
    (async function* () {
      yield* createReadStream(path) as AsyncIterable<Buffer>
    })(),
    { objectMode: false }
  )
}
