import { randomUUID } from 'node:crypto'
import { matchesFields, matchesLabels } from './selectors.js'
import type { StoredMetadata, StoredObject } from './stored-object.js'
import { alreadyExists, notFound, otherUid, type Refusal } from './refusals.js'

/** What a client sends: an object that has no name yet, or a name and nothing else. */
export interface SentObject {
  readonly metadata?: { readonly name?: string; readonly generateName?: string }
}

/** Where objects of one kind lie. */
export interface Collection {
  readonly namespace: string
  /** With its group, as `jobs.batch`. */
  readonly resource: string
}

export interface Selection {
  readonly labelSelector: string
  readonly fieldSelector: string
  readonly limit: number
  /** Where the page before ended. */
  readonly from: number
}

export interface Deletion {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
  readonly preconditions?: { readonly uid?: string }
}

/** What exists, and what becomes of it when it is created and deleted. HTTP is no part of this file. */
export class Objects {
  readonly #objects = new Map<string, { readonly collection: Collection; readonly object: StoredObject }>()
  #version = 0
  /** For how long a pod that was deleted with a grace stays, in milliseconds. */
  lingerMs = 0

  all({ namespace, resource }: Collection): StoredObject[] {
    return [...this.#objects.values()].flatMap(({ collection, object }) =>
      collection.namespace === namespace && collection.resource === resource ? [object] : []
    )
  }

  get(collection: Collection, name: string): StoredObject | undefined {
    return this.#objects.get(key(collection, name))?.object
  }

  /** One page of a list, and where the next one begins. */
  list(collection: Collection, selection: Selection): { readonly items: StoredObject[]; readonly next: number } {
    const found = this.all(collection).filter(
      object => matchesLabels(object, selection.labelSelector) && matchesFields(object, selection.fieldSelector)
    )
    const end = selection.from + selection.limit
    return { items: found.slice(selection.from, end), next: found.length > end ? end : 0 }
  }

  /** @param isKept false for a dry run */
  create(collection: Collection, sent: SentObject, isKept = true): StoredObject | Refusal {
    const name = sent.metadata?.name ?? `${sent.metadata?.generateName ?? ''}${randomUUID().slice(0, 5)}`
    const there = this.get(collection, name)
    if (there !== undefined) {
      return alreadyExists(collection.resource, name, there.metadata.deletionTimestamp !== undefined)
    }
    this.#version += 1
    const object: StoredObject = {
      ...sent,
      metadata: {
        uid: randomUUID(),
        creationTimestamp: new Date().toISOString(),
        ...sent.metadata,
        name,
        namespace: collection.namespace,
        resourceVersion: String(this.#version)
      } as StoredMetadata
    }
    if (isKept) this.#objects.set(key(collection, name), { collection, object })
    return object
  }

  delete(collection: Collection, name: string, options: Deletion = {}): StoredObject | Refusal {
    const object = this.get(collection, name)
    if (object === undefined) return notFound(collection.resource, name)
    const { uid } = object.metadata
    const asked = options.preconditions?.uid
    if (asked !== undefined && asked !== uid) return otherUid(object.kind ?? '', name, asked, uid)
    if (options.propagationPolicy !== 'Orphan') this.#deleteOwned(uid)
    const grace = options.gracePeriodSeconds ?? 30
    if (collection.resource === 'pods' && grace > 0 && this.lingerMs > 0) {
      object.metadata.deletionTimestamp = new Date().toISOString()
      object.metadata.deletionGracePeriodSeconds = grace
      setTimeout(() => this.remove(collection, name), this.lingerMs).unref()
    } else {
      this.remove(collection, name)
    }
    return object
  }

  /** Takes an object away at once. */
  remove(collection: Collection, name: string): void {
    this.#objects.delete(key(collection, name))
  }

  /** As the garbage collector does it. */
  #deleteOwned(uid: string): void {
    for (const { collection, object } of [...this.#objects.values()]) {
      const { name, ownerReferences = [] } = object.metadata
      if (ownerReferences.some(owner => owner.uid === uid)) this.delete(collection, name)
    }
  }
}

function key({ namespace, resource }: Collection, name: string): string {
  return `${namespace}/${resource}/${name}`
}
