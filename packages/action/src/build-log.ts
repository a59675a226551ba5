import { randomUUID } from 'node:crypto'

import type { Listener, Phase } from '@kaniko-hooks/client'
import { seconds } from './durations.js'

const TITLES: Readonly<Record<Phase, string>> = {
  context: 'Context',
  bases: 'Base images',
  build: 'Build',
  push: 'Push'
}

/** The last lines, for whoever reads a failure in the summary. */
const KEPT_LINES = 20

/** A build that says nothing for so long might be stuck; the log says where it is. */
const SILENCE_MS = 60_000

/**
 * The log of a build: a group for each phase, in which the runner obeys nothing. What a build prints is text from strangers; the token
 * that lets commands work again is secret to the build.
 *
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions#stopping-and-starting-workflow-commands
 */
export class BuildLog implements Listener {
  readonly #print: (line: string) => void
  readonly #tail: string[] = []
  #open: { readonly phase: Phase; readonly token: string; readonly since: number } | undefined
  #isOver = false
  #heard = Date.now()
  readonly #heartbeat: NodeJS.Timeout

  /** @param print takes a line for the workflow log as it is */
  constructor(print: (line: string) => void, silenceMs = SILENCE_MS) {
    this.#print = print
    this.#heartbeat = setInterval(() => this.#beat(silenceMs), silenceMs).unref()
  }

  readonly phase = (phase: Phase): void => {
    // A group that opens after the end would never be closed, and no command would be obeyed in the rest of the step.
    if (this.#isOver || this.#open?.phase === phase) return
    this.#endGroup()
    const token = randomUUID()
    this.#print(`::group::${TITLES[phase]}`)
    this.#print(`::stop-commands::${token}`)
    this.#open = { phase, token, since: Date.now() }
    this.#heard = Date.now()
  }

  readonly line = (line: string): void => {
    if (this.#open === undefined) this.phase('context')
    this.#heard = Date.now()
    this.#tail.push(line)
    if (this.#tail.length > KEPT_LINES) this.#tail.shift()
    if (!this.#isOver) this.#print(line)
  }

  /** The last lines that were told, at most 20. */
  get tail(): readonly string[] {
    return this.#tail
  }

  /** Ends the last group; commands work again, and what comes later is not printed. */
  end(): void {
    this.#isOver = true
    clearInterval(this.#heartbeat)
    this.#endGroup()
  }

  #beat(silenceMs: number): void {
    if (this.#open === undefined || Date.now() - this.#heard < silenceMs) return
    const { phase, since } = this.#open
    this.#print(
      `Nothing new for ${seconds(Date.now() - this.#heard)}; ${TITLES[phase]} for ${seconds(Date.now() - since)}.`
    )
  }

  #endGroup(): void {
    if (this.#open === undefined) return
    this.#print(`::${this.#open.token}::`)
    this.#print('::endgroup::')
    this.#open = undefined
  }
}
