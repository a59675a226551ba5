import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { BuildOutcome } from '@kaniko-hooks/client'

import type { BuildPlan } from './plan.js'

/** Writes the files that scripts read of a build. They exist only after a good end. */
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
    // A build in this very container may have taken the directory away.
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}
