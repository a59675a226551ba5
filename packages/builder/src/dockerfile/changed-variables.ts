import type { Variables } from './expand.js'

type Changes = ReadonlyMap<string, string | undefined>

/** So many changes above each other are made one. */
const MAX_LAYERS = 64

/**
 * Variables with some of them changed. Each instruction has its own, and a copy for each would take a Dockerfile of many
 * variables more memory than there is.
 */
export class ChangedVariables implements Variables {
  readonly #unchanged: Variables
  readonly #changes = new Map<string, string | undefined>()
  /** The last one first. */
  readonly #layers: readonly Changes[]

  constructor(before: Variables) {
    const isChanged = before instanceof ChangedVariables
    this.#unchanged = isChanged ? before.#unchanged : before
    const layers = isChanged ? before.#layers : []
    this.#layers = [this.#changes, ...(layers.length < MAX_LAYERS ? layers : [merge(layers)])]
  }

  get(name: string): string | undefined {
    const layer = this.#layers.find(changes => changes.has(name))
    return (layer ?? this.#unchanged).get(name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (const [name, value] of merge([...this.#layers, new Map(this.#unchanged)])) {
      if (value !== undefined) yield [name, value]
    }
  }

  /** @param value undefined when it is no longer known */
  set(name: string, value: string | undefined): void {
    this.#changes.set(name, value)
  }
}

function merge(layers: readonly Changes[]): Changes {
  return new Map(layers.toReversed().flatMap(changes => [...changes]))
}
