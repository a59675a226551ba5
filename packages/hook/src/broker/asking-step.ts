import type { PathMap } from '../report/annotation-paths.js'
import type { Workspace } from '../workspace/workspace.js'

/** A step that runs and may ask for builds. */
export interface AskingStep {
  /** The pod in which the step runs. */
  readonly pod: string
  readonly workspace: Pick<Workspace, 'exchangeMail' | 'catchUp'>
  /** Where directories that the step sees lie on the runner's disk. */
  readonly paths: PathMap
}
