import type { Context } from '../../context/context.js'
import type { ContextArchive } from '../../context/pack.js'
import type { BuildRequest } from '../engine.js'
import { ATTENDED, fitsSecret } from '../pod/context-secret.js'
import { pushesApart, type ComingContext, type PodBuild } from './pod.js'

/**
 * How a context comes with its pod.
 *
 * @param name of the pod, and of the Secret
 * @param most bytes of a context that does: `ATTENDED` or `ALONE`
 * @returns undefined for one that is sent when the pod runs
 */
export function comingContext(
  name: string,
  archive: ContextArchive,
  request: Pick<BuildRequest, 'context' | 'files' | 'targets'>,
  most = ATTENDED
): ComingContext | undefined {
  if (!fitsSecret(archive, most)) return undefined
  return { secret: name, byKaniko: unpacksItself(request.context, request) }
}

/**
 * Whether Kaniko unpacks a context that comes with its pod, so that the pod begins with Kaniko. Otherwise a container before it
 * does:
 *
 * - where others push, which keeps the files of names anyway, and with the times of directories, which Kaniko does not set;
 * - with symbolic links, which the newest fork refuses where they lead out of the archive;
 * - with texts of the Dockerfile beside the context, whose place stands in RUN lines.
 */
function unpacksItself({ entries, inlineFiles = [] }: Context, build: Pick<PodBuild, 'files' | 'targets'>): boolean {
  return !pushesApart(build) && inlineFiles.length === 0 && entries.every(({ kind }) => kind !== 'symlink')
}
