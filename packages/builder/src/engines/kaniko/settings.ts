import type { PodEngineSettings } from '../pod/settings.js'
import type { KanikoFork } from './unsupported.js'

export interface KanikoSettings extends PodEngineSettings {
  readonly image: string
  /** Which project the image is from; decides what it can build. */
  readonly fork: KanikoFork
  /** Default `full`; see `SNAPSHOT_MODE`. */
  readonly snapshotMode?: 'full' | 'redo'
}
