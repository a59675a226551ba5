import type { ContextEntry } from '../../context/context.js'
import { type ContextCopy, namedBy } from '../../dockerfile/sources.js'
import type { Finding } from '../engine.js'
import { finding, type KanikoFork } from './unsupported.js'

/** Directories that everybody may write to in every image: programs fail when that changes. */
export const OPEN_TO_ALL = ['/tmp', '/var/tmp']

/** COPY and ADD to places that Kaniko leaves out of the image, or whose modes it changes. */
export function judgePlaces(
  copies: readonly ContextCopy[],
  entries: readonly ContextEntry[],
  fork: KanikoFork
): readonly Finding[] {
  return copies.flatMap(({ instruction, destination, sources }) => {
    const place = destination === undefined ? undefined : withoutSlashes(destination)
    if (place === '/kaniko' || place?.startsWith('/kaniko/') === true) {
      return finding(instruction, {
        problem: 'Kaniko itself lies in /kaniko, and what is copied there is not in the image',
        advice: 'Copy it to another directory.'
      })
    }
    const isDirectory = (source: string): boolean =>
      source === '' || namedBy(source, entries).some(({ kind }) => kind === 'directory')
    if (fork === 'osscontainertools' || !OPEN_TO_ALL.includes(place ?? '') || !sources.some(isDirectory)) return []
    return finding(instruction, {
      problem: `the ${fork} fork of Kaniko gives ${place ?? ''} the mode of the directory that is copied, and others cannot write there`,
      advice: 'Copy to a directory below it, or configure a Kaniko image of the osscontainertools fork.'
    })
  })
}

/** A path without slashes at its end. */
export function withoutSlashes(path: string): string {
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  return path.slice(0, end)
}
