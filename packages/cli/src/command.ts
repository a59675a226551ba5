import type { Flag } from './flags.js'

/** A command of kbuild, as people are told of it. */
export interface Command {
  readonly name: string
  /** Behind the name. */
  readonly usage: string
  /** One sentence without its end. */
  readonly summary: string
  readonly flags: readonly Flag[]
  readonly examples: readonly { readonly says: string; readonly line: string }[]
  /** What the shell completes where no flag stands. */
  readonly suggest?: Flag['suggest']
}
