import type { Kube } from '@kaniko-hooks/kube'

import { wordsOf } from './finding.js'

/** For images, and then for objects; a signal leaves a process ten seconds. */
const REMOVAL_MS = 4_500

/** A thing that a command made, or is about to make. */
export interface Trace {
  /** @throws what the removal throws; the thing is then tried once more in the end */
  readonly remove: () => Promise<void>
  /** It is not there, or cannot be removed: somebody was told. */
  readonly forget: () => void
}

type Undo = (signal: AbortSignal) => Promise<void>

/**
 * What a command makes in a cluster and takes away again, whatever happens meanwhile. A thing is added before it is made: a request that was
 * cut off may have arrived.
 */
export class Traces {
  /** Images go by pods, so they go first. */
  readonly #images = new Map<string, Undo>()
  readonly #objects = new Map<string, Undo>()

  /** Remembers how an image is removed. */
  addImage(reference: string, undo: Undo): Trace {
    return add(this.#images, `image ${reference}`, undo)
  }

  /** Remembers how a Secret is removed. */
  addSecret(kube: Kube, name: string): Trace {
    return add(this.#objects, `Secret ${name} in namespace ${kube.namespace}`, async signal => {
      await kube.delete('secrets', name, { signal })
    })
  }

  /** The same for a pod, with all that it owns. */
  addPod(kube: Kube, name: string): Trace {
    return add(this.#objects, `pod ${name} in namespace ${kube.namespace}`, async signal => {
      await kube.delete('pods', name, { gracePeriodSeconds: 0, propagationPolicy: 'Background', signal })
    })
  }

  /**
   * Removes all that is left.
   *
   * @returns sentences about what stays
   */
  async clear(): Promise<string[]> {
    const problems: string[] = []
    for (const things of [this.#images, this.#objects]) {
      await Promise.all(
        [...things].map(async ([name, undo]) => {
          try {
            await undo(AbortSignal.timeout(REMOVAL_MS))
          } catch (error) {
            problems.push(`The ${name} stays: ${wordsOf(error)}`)
          }
        })
      )
      things.clear()
    }
    return problems
  }
}

function add(things: Map<string, Undo>, name: string, undo: Undo): Trace {
  things.set(name, undo)
  return {
    remove: async () => {
      await undo(AbortSignal.timeout(REMOVAL_MS))
      things.delete(name)
    },
    forget: () => things.delete(name)
  }
}
