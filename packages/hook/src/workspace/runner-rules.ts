import { statfsSync } from 'node:fs'

import { HookError } from '../report/errors.js'
import { MAX_FILE_COMMAND } from './guard.js'
import { isEvent } from './directories.js'
import { size } from './progress.js'
import { type Exclusion, FILE_COMMANDS, isExcluded, isOfTheRunner } from './tree/leaves-out.js'
import type { Owner } from './helper/words.js'
import type { ReceiveRules } from './tree/receive.js'
import type { Row } from './tree/send.js'
import type { Side } from './tree/side.js'

/** What stays free on the runner's disk, which others use too. */
const SPARE_BYTES = 64 * 1024 * 1024

/** What became of what a pod sent. */
export interface Verdicts {
  /** What was not taken, in sentences: a job that means no harm sends nothing of the kind. */
  readonly leftOut: string[]
  /** What could not be kept: a lost file must not look like a step that wrote none. */
  readonly lost: string[]
}

const WORDS: Readonly<Record<Row[1], string>> = {
  f: 'a file',
  d: 'a directory',
  l: 'a symbolic link',
  h: 'a hard link'
}

/**
 * What the runner's disk takes of a pod, which is not trusted: what is the runner's own is left alone, and where the runner
 * reads there are plain files of a bounded size.
 */
export function runnerRules(
  { root, isFixed }: Pick<Side, 'root' | 'isFixed'>,
  { exclude, owner }: { readonly exclude?: Exclusion | undefined; readonly owner: Owner },
  verdicts: Verdicts
): ReceiveRules {
  const leave = (path: string, kind: Row[1]): 'leave' => {
    verdicts.leftOut.push(`The step left ${WORDS[kind]} at ${path}, where the runner reads or writes; it was left out.`)
    return 'leave'
  }
  return {
    isFixed,
    // The runner has to read a file, as it sends it to the next container, and to write into a directory.
    fileMode: 0o400,
    // Of a user who is not root, the next container may be too: owners do not travel.
    directoryMode: owner.uid === 0 ? 0o700 : 0o777,
    keeps: path => isOfTheRunner(path) || isExcluded(path, exclude),
    onLost: sentence => verdicts.lost.push(sentence),
    onRoom: bytes => {
      refuseWithoutRoom(root, bytes)
    },
    judge: row => {
      const [path, kind] = row
      if (isOfTheRunner(path)) return 'leave'
      if (kind !== 'd' && isFixed(path)) return leave(path, kind)
      if (isEvent(path.slice(0, path.lastIndexOf('/')))) return 'leave'
      const isCommand = path.startsWith(`${FILE_COMMANDS}/`)
      if (!isCommand && !isEvent(path)) return 'take'
      if (kind === 'd' || kind === 'l' || (kind === 'h' && !isCommand)) return leave(path, kind)
      if (kind === 'h') throw new Error('a hard link is not taken there')
      if (!isCommand) return 'take'
      if (path.includes('/', FILE_COMMANDS.length + 1)) return leave(path, 'd')
      if (row[4] > MAX_FILE_COMMAND) {
        throw new Error(`${row[4]} bytes; the runner takes at most ${MAX_FILE_COMMAND} there`)
      }
      return 'take'
    }
  }
}

function refuseWithoutRoom(workDirectory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(workDirectory)
  if (bytes <= bavail * bsize - SPARE_BYTES) return
  throw new HookError(
    'WORKSPACE',
    `The runner's disk at ${workDirectory} has no room for ${size(bytes)} that the step wrote.`
  )
}
