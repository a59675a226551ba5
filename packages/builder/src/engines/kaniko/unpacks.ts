import type { Context } from '../../context/context.js'
import { pushesApart, type PodBuild } from './pod.js'

/**
 * Whether Kaniko unpacks a context that comes with its pod, so that the pod begins with Kaniko. Otherwise a container before it
 * does:
 *
 * - where others push, which keeps the files of names anyway, and with the times of directories, which Kaniko does not set;
 * - with symbolic links, which the newest fork refuses where they lead out of the archive;
 * - with texts of the Dockerfile beside the context, whose place stands in RUN lines.
 */
export function unpacksItself(
  { entries, inlineFiles = [] }: Context,
  build: Pick<PodBuild, 'files' | 'targets'>
): boolean {
  return !pushesApart(build) && inlineFiles.length === 0 && entries.every(({ kind }) => kind !== 'symlink')
}
