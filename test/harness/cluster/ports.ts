import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { ClusterError } from './errors.js'
import { PORTS } from './layout.js'

/**
 * Throws when somebody listens on a port of the cluster: with everything of ours gone, it is another. A killed process
 * counts as gone when its first thread is, and its last one may hold a socket for a moment longer.
 */
export async function assertPortsFree(): Promise<void> {
  const deadline = Date.now() + 5000
  for (;;) {
    const free = await Promise.all(PORTS.map(isFree))
    const taken = PORTS.find((_, index) => free[index] === false)
    if (taken === undefined) return
    if (Date.now() > deadline)
      throw new ClusterError(
        `Another process listens on port ${taken}, which the test cluster needs: is it another cluster?`
      )
    await sleep(50)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}
