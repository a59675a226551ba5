import { readStages, usedStages } from '../../dockerfile/stages.js'
import type { KanikoFork } from './unsupported.js'

/** Reading the whole root for the first time costs as much as a later snapshot, each of which reads it again. */
const FIRST = 2

/**
 * Whether one layer of all that was changed is faster than one for each instruction: a snapshot after RUN reads every file of
 * the image, one after COPY only what was copied. Both make the same image. Not with VOLUME, below which the last
 * snapshot would see nothing, and only for the fork with which the whole corpus was built so.
 *
 * @param dockerfileText as it is sent
 */
export function snapshotsOnce(dockerfileText: string, fork: KanikoFork): boolean {
  if (fork !== 'chainguard') return false
  let saved = 0
  for (const { steps } of usedStages(readStages(dockerfileText))) {
    const keywords = steps.map(({ instruction }) => instruction.keyword)
    if (keywords.includes('VOLUME') || keywords.includes('ONBUILD')) return false
    const runs = keywords.filter(keyword => keyword === 'RUN').length
    const isChanged = keywords.some(keyword => ['COPY', 'ADD', 'WORKDIR'].includes(keyword))
    saved += runs > 0 ? runs - 1 : isChanged ? -FIRST : 0
  }
  return saved > 0
}
