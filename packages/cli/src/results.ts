import { lstat, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { BuildError } from '@kaniko-hooks/builder'
import type { BuildOutcome } from '@kaniko-hooks/client'

import type { BuildPlan } from './plan.js'

/**
 * Removes the files that an earlier build left for scripts, as docker does: a build that fails leaves none.
 *
 * @throws BuildError `REQUEST_REFUSED`, fault `configuration`, for a path that cannot be written either
 */
export async function clearResults({ results }: BuildPlan): Promise<void> {
  const files = [
    ['--metadata-file', results.metadataFile],
    ['--iidfile', results.iidFile],
    ['--digest-file', results.digestFile]
  ] as const
  for (const [flag, path] of files) {
    if (path === undefined) continue
    try {
      const found = await lstat(path).catch(() => undefined)
      if (found?.isDirectory() === true) throw Object.assign(new Error(), { code: 'EISDIR' })
      // A device or a link, such as /dev/stdout, is nobody's file of results.
      if (found?.isFile() === true) await rm(path)
    } catch (cause) {
      throw unwritable(`${flag} ${path}`, cause)
    }
  }
}

function unwritable(what: string, cause: unknown): BuildError {
  const why = (cause as NodeJS.ErrnoException).code ?? 'unknown'
  return new BuildError('REQUEST_REFUSED', `${what} cannot be written: ${why}`, { fault: 'configuration', cause })
}

/**
 * Writes the files that scripts read of a build. They exist only after a good end.
 *
 * @throws BuildError `REQUEST_REFUSED`, fault `configuration`, that says what was built and pushed all the same
 */
export async function writeResults(outcome: BuildOutcome, { results, build }: BuildPlan): Promise<void> {
  const { digest, imageId } = outcome
  const metadata = {
    ...(imageId === undefined ? {} : { 'containerimage.config.digest': imageId }),
    'containerimage.digest': digest,
    'image.name': build.tags.join(',')
  }
  const files = [
    [results.metadataFile, `${JSON.stringify(metadata, undefined, 2)}\n`],
    [results.iidFile, imageId ?? digest],
    [results.digestFile, digest]
  ] as const
  for (const [path, content] of files) {
    if (path === undefined) continue
    try {
      // A build in this very container may have taken the directory away.
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    } catch (cause) {
      const done = [...outcome.pushed.map(tag => `pushed ${tag}`), `built ${digest}`].join(', ')
      throw unwritable(`${done}; but ${path}`, cause)
    }
  }
}
