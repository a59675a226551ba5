import type { Variables } from './expand.js'

/** So many changes above each other are made one. */
const MAX_DEPTH = 64

/**
 * Variables with some of them changed. Each instruction has its own, and a copy for each would take a Dockerfile of many
 * variables more memory than there is.
 */
export class ChangedVariables implements Variables {
  readonly #before: Variables
  /** Undefined hides the value before. */
  readonly #changes: Map<string, string | undefined>
  readonly #depth: number

  constructor(before: Variables) {
    const isDeep = before instanceof ChangedVariables && before.#depth === MAX_DEPTH
    this.#before = isDeep ? before.#bottom() : before
    this.#changes = isDeep ? before.#all() : new Map()
    this.#depth = this.#before instanceof ChangedVariables ? this.#before.#depth + 1 : 1
  }

  get(name: string): string | undefined {
    return this.#layerOf(name)?.get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (const [name, value] of new Map<string, string | undefined>([...this.#bottom(), ...this.#all()])) {
      if (value !== undefined) yield [name, value]
    }
  }

  set(name: string, value: string | undefined): void {
    this.#changes.set(name, value)
  }

  #layerOf(name: string): Pick<ReadonlyMap<string, string | undefined>, 'get'> | undefined {
    for (let layer: Variables = this; layer instanceof ChangedVariables; layer = layer.#before) {
      if (layer.#changes.has(name)) return layer.#changes
    }
    return this.#bottom()
  }

  #bottom(): Variables {
    let layer: Variables = this
    while (layer instanceof ChangedVariables) layer = layer.#before
    return layer
  }

  #all(): Map<string, string | undefined> {
    const layers: ReadonlyMap<string, string | undefined>[] = []
    for (let layer: Variables = this; layer instanceof ChangedVariables; layer = layer.#before)
      layers.unshift(layer.#changes)
    return new Map(layers.flatMap(changes => [...changes]))
  }
}
