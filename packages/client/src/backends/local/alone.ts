import { stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { BuildError } from '@kaniko-hooks/builder'

const PAUSE_MS = 5
const LIMIT_MS = 60_000

/**
 * Does something in a directory while no other process of this machine or container does, by a name that the kernel gives to one
 * process and takes back when that process ends, however it ends (unix(7), abstract sockets).
 *
 * @param body takes milliseconds, mostly: others wait for it
 * @throws BuildError when others have the directory for a minute
 */
export async function alone<T>(directory: string, body: () => Promise<T>): Promise<T> {
  const { dev, ino } = await stat(directory)
  const server = await claim(`\0kbuild-${dev}-${ino}`)
  try {
    return await body()
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
}

async function claim(name: string): Promise<Server> {
  const since = Date.now()
  for (;;) {
    try {
      return await listen(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (Date.now() - since > LIMIT_MS)
        throw new BuildError('POD_FAILED', 'another build begins or ends in this container', { fault: 'user' })
    }
    await sleep(PAUSE_MS)
  }
}

async function listen(name: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ path: name }, () => resolve(server))
  })
}
