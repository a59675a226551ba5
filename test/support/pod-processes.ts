import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process of a pod has so long to be seen. */
const EVERY_MS = 150

/**
 * Notes the arguments and the environment of all processes of pods, as root on their node sees them. The test cluster's
 * node is this machine; of another one's nothing can be seen.
 */
export class PodProcesses {
  /** By the UID of the pod. */
  readonly #seen = new Map<string, Set<string>>()
  readonly #end = new AbortController()
  readonly #done: Promise<void>

  constructor() {
    this.#done = this.#watch()
  }

  /** What ran in a pod so far: for each process its arguments and then its environment, one in a line. */
  of(uid: string): string[] {
    return [...(this.#seen.get(uid) ?? [])]
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await this.#done
  }

  async #watch(): Promise<void> {
    while (!this.#end.signal.aborted) {
      const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
      await Promise.all(pids.map(async pid => this.#look(pid)))
      await sleep(EVERY_MS)
    }
  }

  async #look(pid: string): Promise<void> {
    try {
      const uid = /\/pod([0-9a-f-]{36})\//.exec(await readFile(`/proc/${pid}/cgroup`, 'utf8'))?.[1]
      if (uid === undefined) return
      const texts = await Promise.all(['cmdline', 'environ'].map(file => readFile(`/proc/${pid}/${file}`, 'utf8')))
      const known = this.#seen.get(uid) ?? new Set()
      this.#seen.set(uid, known.add(texts.join('\0').replaceAll('\0', '\n')))
    } catch {
      // It has ended in the meantime.
    }
  }
}
