import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Container, V1Pod } from '@kubernetes/client-node'

import { Api } from '../limits/api.js'

/** The pods of the bench's namespace: what the hook made, to make the same without it. */
export class Pods {
  readonly #api = new Api()
  readonly #runner: string
  #count = 0

  constructor(runner: string) {
    this.#runner = runner
  }

  async get(name: string): Promise<V1Pod> {
    const { found, text } = await this.#api.call('GET', this.#api.pods(name))
    if (!found) throw new Error(`there is no pod ${name}`)
    return JSON.parse(text) as V1Pod
  }

  /** Runs something; keeps each pod that shows up meanwhile, as it was first seen, when asked to look. */
  async seenDuring<T>(body: () => Promise<T>, look: boolean): Promise<{ readonly result: T; readonly seen: V1Pod[] }> {
    const seen = new Map<string, V1Pod>()
    let isOver = !look
    const looking = (async () => {
      while (!isOver) {
        for (const pod of await this.#list()) {
          const name = pod.metadata?.name ?? ''
          if (!seen.has(name)) seen.set(name, pod)
        }
        // Each pod stands for a second at least, and what is measured should not feel that it is watched.
        await sleep(250)
      }
    })()
    const result = await body().finally(() => (isOver = true))
    await looking
    return { result, seen: [...seen.values()] }
  }

  /** Writes the pod into a file for a limit program, under a name of its own. */
  async file(pod: V1Pod): Promise<{ readonly name: string; readonly file: string }> {
    this.#count += 1
    const name = `${this.#runner}-limit-${this.#count}`
    const file = `/tmp/${name}.json`
    await writeFile(file, JSON.stringify({ ...pod, metadata: { name } }))
    return { name, file }
  }

  /** Waits until the pod with this in its name has ended. False: there is none. */
  async ended(part: string): Promise<boolean> {
    for (;;) {
      const found = (await this.#list()).find(({ metadata }) => metadata?.name?.includes(part))
      if (found === undefined) return false
      if (!['Pending', 'Running'].includes(found.status?.phase ?? 'Pending')) return true
      await sleep(250)
    }
  }

  async delete(name: string): Promise<void> {
    await this.#api.call('DELETE', this.#api.pods(name), { gracePeriodSeconds: 1 })
  }

  /** Waits until no pod stands but the runner's and the given one: what goes away costs the next measurement time. */
  async settle(keep = ''): Promise<void> {
    for (;;) {
      const others = (await this.#list()).filter(({ metadata }) => ![this.#runner, keep].includes(metadata?.name ?? ''))
      if (others.length === 0) break
      await sleep(100)
    }
    await sleep(200)
  }

  async #list(): Promise<V1Pod[]> {
    return (JSON.parse((await this.#api.call('GET', this.#api.pods())).text) as { items: V1Pod[] }).items
  }
}

/**
 * A pod of the hook's as the same pod without the hook: its main container with its volumes and its environment, and
 * nothing that brings files.
 */
export function bare({ spec }: V1Pod): V1Pod {
  const container = spec?.containers[0]
  if (spec === undefined || container === undefined) throw new Error('a pod without containers')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    spec: { ...without(spec, 'nodeName'), initContainers: [], containers: [plain(container)] }
  }
}

/** The same container, its variables out of no Secret. */
function plain(container: V1Container): V1Container {
  return { ...container, env: (container.env ?? []).map(({ name, value }) => ({ name, value: value ?? 'some value' })) }
}

function without<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = object
  return rest
}
