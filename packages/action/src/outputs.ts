import type { BuildOutcome } from '@kaniko-hooks/client'
import { formatReference, isDigest, parseReference } from '@kaniko-hooks/registry'
import type { OUTPUTS } from './input-table.js'

export type Outputs = Readonly<Record<(typeof OUTPUTS)[number]['name'], string>>

/**
 * The action's outputs after a good end.
 *
 * @param tags what was asked for, as whole references
 * @throws Error when the backend's digests are none: whoever built gave them
 */
export function makeOutputs(tags: readonly string[], outcome: BuildOutcome): Outputs {
  const { digest, imageId, pushed } = outcome
  for (const told of [digest, ...(imageId === undefined ? [] : [imageId])]) {
    if (!isDigest(told))
      throw new Error(`the backend ${outcome.backend} gave no digest, but ${JSON.stringify(told.slice(0, 100))}`)
  }
  const [first] = tags
  const name = first === undefined ? '' : repositoryOf(first)
  return {
    digest,
    imageid: imageId ?? '',
    metadata: JSON.stringify(
      {
        'containerimage.digest': digest,
        ...(imageId === undefined ? {} : { 'containerimage.config.digest': imageId }),
        ...(tags.length === 0 ? {} : { 'image.name': tags.join(',') })
      },
      undefined,
      2
    ),
    image: name === '' ? '' : `${name}@${digest}`,
    tags: pushed.join('\n'),
    'subject-name': name,
    'build-id': outcome.buildId,
    backend: outcome.backend
  }
}

/** A reference without its tag. */
export function repositoryOf(reference: string): string {
  const { domain, repository } = parseReference(reference)
  return formatReference({ domain, repository })
}
