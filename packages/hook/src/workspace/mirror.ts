import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Known, KnownFiles } from './known-files.js'
import { ownDirectory } from './own-directory.js'

/** How far the runner's disk and a job's pod are alike. */
export interface Mirror {
  readonly pod: string
  /** What the runner changed at or after this moment has not been sent; milliseconds of the epoch, by its disk's clock. */
  since: number
  readonly known: KnownFiles
}

/** So many complaints are remembered; a job can make ever new ones. */
const TOLD_LIMIT = 1000

/** Keeps a job's mirror between the calls of the hook. One that is lost costs time only: all is sent and fetched again. */
export class MirrorFile {
  readonly #workDirectory: string

  constructor(workDirectory: string) {
    this.#workDirectory = workDirectory
  }

  /** The moment, as the times of change of files made now will have it. */
  now(): number {
    const path = this.#path('now')
    writeFileSync(path, '', { mode: 0o600 })
    return statSync(path).ctimeMs
  }

  save({ pod, since, known }: Mirror): void {
    const path = this.#path('mirror.json')
    const files = [...known].map(([name, { sign, held, isDirectory }]) => [name, sign, held, isDirectory])
    writeFileSync(`${path}.new`, JSON.stringify({ pod, since, files }), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }

  load(pod: string): Mirror {
    try {
      const kept = JSON.parse(readFileSync(this.#path('mirror.json'), 'utf8')) as {
        pod: string
        since: number
        files: [string, string, boolean, boolean][]
      }
      if (kept.pod === pod) {
        const files = kept.files.map(([name, sign, held, isDirectory]): [string, Known] => [
          name,
          { sign, held, isDirectory }
        ])
        return { pod, since: kept.since, known: new Map(files) }
      }
    } catch {
      // There is none, or a call was ended while it wrote one.
    }
    return { pod, since: 0, known: new Map() }
  }

  /** Takes complaints, and returns those that the job has not been told yet. */
  untold(complaints: readonly string[]): string[] {
    if (complaints.length === 0) return []
    const path = this.#path('told.json')
    let told: string[] = []
    try {
      told = JSON.parse(readFileSync(path, 'utf8')) as string[]
    } catch {
      // As above.
    }
    const fresh = complaints.filter(complaint => !told.includes(complaint))
    writeFileSync(path, JSON.stringify([...told, ...fresh].slice(-TOLD_LIMIT)), { mode: 0o600 })
    return fresh
  }

  /** A new job gets all warnings again. */
  forgetTold(): void {
    rmSync(this.#path('told.json'), { force: true })
  }

  #path(name: string): string {
    return join(ownDirectory(this.#workDirectory), name)
  }
}
