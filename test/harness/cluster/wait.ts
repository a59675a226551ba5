import { setTimeout as sleep } from 'node:timers/promises'

import { ClusterError, messageOf } from './errors.js'

/** Waits until a check holds; what it threw last is part of the error. `alive` throws when waiting is in vain. */
export async function until(
  what: string,
  seconds: number,
  check: () => Promise<boolean>,
  alive: () => void = () => undefined
): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    let reason = ''
    try {
      if (await check()) return
    } catch (error) {
      reason = `: ${messageOf(error)}`
    }
    alive()
    if (Date.now() > deadline) throw new ClusterError(`${what} did not come within ${seconds} s${reason}.`)
    await sleep(50)
  }
}
