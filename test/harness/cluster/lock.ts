import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `action` while no other process works on the same directory.
 *
 * The lock is a listening socket in the abstract namespace: the kernel gives it up when its process dies in whatever
 * way, so there is no stale lock to recognise.
 */
export async function exclusively<T>(directory: string, action: () => Promise<T>, waiting: () => void): Promise<T> {
  let lock = await take(directory)
  for (let tries = 1; lock === undefined; tries++) {
    // A look at a running cluster is over in a second: only more than that is worth a word.
    if (tries === 30) waiting()
    await sleep(100)
    lock = await take(directory)
  }
  try {
    return await action()
  } finally {
    lock.close()
  }
}

/** Takes the lock of a directory until it is closed; undefined when somebody has it. */
export function take(directory: string): Promise<Pick<Server, 'close'> | undefined> {
  const name = `\0kaniko-hooks-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`
  return new Promise((resolve, reject) => {
    const server = createServer(connection => connection.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(name, () => {
      server.unref()
      resolve(server)
    })
  })
}
