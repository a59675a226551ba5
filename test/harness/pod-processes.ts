import { Worker } from 'node:worker_threads'

/**
 * Looks at processes. One has so long to be seen in its first seconds: a push of a small image takes a few tenths of one. Later it may have become
 * another program in the meantime. What lies in /proc is in memory: to wait for it costs ten times of what reading it does.
 */
const LOOK = `
const { readdirSync, readFileSync } = require('node:fs')
const { parentPort } = require('node:worker_threads')
const YOUNG_EVERY_MS = 20
const EVERY_MS = 150
const YOUNG_MS = 3000
const seen = new Set()
let began = new Map()
let lookedAtAll = 0

function look(pid) {
  const read = file => readFileSync('/proc/' + pid + '/' + file, 'utf8')
  try {
    const uid = /\\/pod([0-9a-f-]{36})\\//.exec(read('cgroup'))?.[1]
    if (uid === undefined) return
    const [before, environment, after] = [read('cmdline'), read('environ'), read('cmdline')]
    // It became another program in the meantime: the next look sees that one.
    if (before !== after) return
    const text = [before, environment].join('\\0').replaceAll('\\0', '\\n')
    const key = uid + text
    if (!seen.has(key)) parentPort.postMessage([uid, text])
    seen.add(key)
  } catch {
    // It has ended in the meantime.
  }
}

function lookAround() {
  const now = Date.now()
  const isTimeForAll = now - lookedAtAll >= EVERY_MS
  if (isTimeForAll) lookedAtAll = now
  const pids = readdirSync('/proc').filter(name => /^\\d+$/.test(name))
  began = new Map(pids.map(pid => [pid, began.get(pid) ?? now]))
  for (const [pid, since] of began) if (isTimeForAll || now - since < YOUNG_MS) look(pid)
  setTimeout(lookAround, YOUNG_EVERY_MS)
}

lookAround()
`

/**
 * Notes the arguments and the environment of all processes of pods, as root on their node sees them. The test cluster's
 * node is this machine; of another one's nothing can be seen. It looks in a thread of its own: a test that looks through megabytes for
 * passwords would let a push of another job pass unseen.
 */
export class PodProcesses {
  /** By the UID of the pod. */
  readonly #seen = new Map<string, Set<string>>()
  readonly #worker = new Worker(LOOK, { eval: true })

  constructor() {
    this.#worker.on('message', ([uid, text]: readonly [uid: string, text: string]) => {
      const known = this.#seen.get(uid) ?? new Set()
      this.#seen.set(uid, known.add(text))
    })
  }

  /** What ran in a pod so far: for each process its arguments and then its environment, one in a line. */
  of(uid: string): string[] {
    return [...(this.#seen.get(uid) ?? [])]
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
