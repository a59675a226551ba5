import type { JobResult } from '../stand-ins/runner/result.js'
import type { Tree } from './tree.js'

/** What a job came to. */
export interface Done {
  readonly result: JobResult
  /** Everything that was printed. */
  readonly log: string
  /** The workspace at its end. */
  readonly files: Tree
  /** The runner's directory, where `_work` and `externals` lie. */
  readonly home: string
}
