import type { EventEmitter } from 'node:events'

import { exitCodeOfSignal } from './signals.js'

/**
 * Aborts by the first signal that ends a process, with its name as the reason, so that a build is cleaned up. A second one of a
 * person who does not wait ends the process at once.
 *
 * @param exit ends the process
 */
export function abortBySignals(process: EventEmitter, exit: (code: number) => void): AbortSignal {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted) exit(exitCodeOfSignal(abort.signal))
      abort.abort(signal)
    })
  }
  return abort.signal
}
