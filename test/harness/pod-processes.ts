import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process has so long to be seen in its first seconds: a push of a small image takes a few tenths of one. */
const YOUNG_EVERY_MS = 20
/** A later one, which may have become another program in the meantime. */
const EVERY_MS = 150
/** After so long a process is no longer young. */
const YOUNG_MS = 3_000

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
    let began = new Map<string, number>()
    let lookedAtAll = 0
    while (!this.#end.signal.aborted) {
      const now = Date.now()
      const isTimeForAll = now - lookedAtAll >= EVERY_MS
      if (isTimeForAll) lookedAtAll = now
      const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
      began = new Map(pids.map(pid => [pid, began.get(pid) ?? now]))
      for (const [pid, since] of began) if (isTimeForAll || now - since < YOUNG_MS) this.#look(pid)
      await sleep(YOUNG_EVERY_MS)
    }
  }

  /** What lies in /proc is in memory: to wait for it costs ten times of what reading it does. */
  #look(pid: string): void {
    const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8')
    try {
      const uid = /\/pod([0-9a-f-]{36})\//.exec(read('cgroup'))?.[1]
      if (uid === undefined) return
      const [before, environment, after] = [read('cmdline'), read('environ'), read('cmdline')]
      // It became another program in the meantime: the next look sees that one.
      if (before !== after) return
      const known = this.#seen.get(uid) ?? new Set()
      this.#seen.set(uid, known.add([before, environment].join('\0').replaceAll('\0', '\n')))
    } catch {
      // It has ended in the meantime.
    }
  }
}
