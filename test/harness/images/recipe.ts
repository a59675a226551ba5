import type { Binaries } from '../cluster/binaries.js'
import type { ContainerDefaults, Image, Layer } from './oci.js'

/** What a recipe may use. */
interface Kitchen {
  /** The cache entry under construction; layers are packed into it. */
  readonly image: string
  /** An empty directory beside it for root trees, removed afterwards. */
  readonly scratch: string
  readonly binaries: Binaries
  /** The image of another recipe that this one names in `from`. */
  readonly base: (name: string) => Image
}

/** One image of the test cluster. */
export interface Recipe {
  /** The recipe's file in this directory without `.ts`: its text is part of the cache key. */
  readonly name: string
  readonly reference: string
  /** Recipes whose layers this one uses. */
  readonly from: readonly string[]
  /** Go programs that it contains. */
  readonly programs: readonly string[]
  /** Whatever else it takes from this machine, as part of the cache key. */
  machine?(): Promise<string>
  build(kitchen: Kitchen): Promise<{ layers: readonly Layer[]; defaults: ContainerDefaults }>
}
