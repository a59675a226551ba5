import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Direct, Owner } from './helper/words.js'
import { ownDirectory } from './own-directory.js'
import { Index } from './tree/index.js'
import { loadIndex, saveIndex } from './tree/index-file.js'

/** How far the runner's disk and a job's pod are alike. */
export interface Mirror {
  readonly pod: string
  /** Names the state in which both were alike; the pod knows it too. '' for none. */
  readonly generation: string
  /** Whose the files in the pod become. */
  readonly owner: Owner
  /** Whether the pod is known to have the runner's externals. */
  readonly hasExternals: boolean
  /** Where the pod is called without the API server, as long as that works. */
  readonly direct?: Direct | undefined
  /** The runner's disk in that state. */
  readonly index: Index
}

/** So many complaints are remembered; a job can make ever new ones. */
const TOLD_LIMIT = 1000

const BLOCKED = 'blocked'

export const ROOT: Owner = { uid: 0, gid: 0 }

/** Keeps a job's mirror between the calls of the hook. One that is lost costs time only: all is sent and fetched again. */
export class MirrorFile {
  readonly #workDirectory: string

  constructor(workDirectory: string) {
    this.#workDirectory = workDirectory
  }

  /** A file by which the moment is told. */
  get clock(): string {
    return this.#path('clock')
  }

  save({ index, ...mirror }: Mirror): void {
    saveIndex(this.#path('mirror'), index, mirror)
  }

  load(pod: string): Mirror {
    const kept = loadIndex(this.#path('mirror'))
    const mirror = { ...(kept?.more as Omit<Mirror, 'index'> | undefined), index: kept?.index }
    return mirror.pod === pod ? (mirror as Mirror) : this.empty(pod)
  }

  /** Of a pod of which nothing is known. */
  empty(pod: string): Mirror {
    return { pod, generation: '', owner: ROOT, hasExternals: false, index: new Index() }
  }

  /** Takes complaints, and returns those that the job has not been told yet. */
  untold(complaints: readonly string[]): string[] {
    if (complaints.length === 0) return []
    const path = this.#path('told.json')
    let told: string[] = []
    try {
      told = JSON.parse(readFileSync(path, 'utf8')) as string[]
    } catch {
      // There is none, or a call was ended while it wrote one.
    }
    const fresh = complaints.filter(complaint => !told.includes(complaint))
    writeFileSync(path, JSON.stringify([...told, ...fresh].slice(-TOLD_LIMIT)), { mode: 0o600 })
    return fresh
  }

  /** A new job gets all warnings again, and another network, maybe. */
  forgetTold(): void {
    for (const name of ['told.json', BLOCKED]) rmSync(this.#path(name), { force: true })
  }

  /** Whether pods of this job are known not to be reached directly. */
  get isBlocked(): boolean {
    return existsSync(this.#path(BLOCKED))
  }

  /** No later call of this job tries the direct way. */
  block(): void {
    writeFileSync(this.#path(BLOCKED), '', { mode: 0o600 })
  }

  #path(name: string): string {
    return join(ownDirectory(this.#workDirectory), name)
  }
}
