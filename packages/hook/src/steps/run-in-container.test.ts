import { afterEach, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'

import { execServer, exitStatus, finish, type LocalServer, send, SUCCESS } from '@kaniko-hooks/testing'
import { runInContainer } from './run-in-container.js'

let server: LocalServer | undefined
let kube: Kube | undefined
afterEach(async () => {
  kube?.close()
  await server?.close()
})

const TARGET = { pod: 'job', container: 'job' }

async function serve(run: Parameters<typeof execServer>[0]): Promise<Kube> {
  server = await execServer(run)
  kube = new Kube(server.config)
  return kube
}

test('gives the exit code and both outputs', async () => {
  const client = await serve(socket => {
    send(socket, 1, 'out')
    send(socket, 2, 'err')
    finish(socket, exitStatus(3))
  })
  expect(await runInContainer(client, TARGET, ['sh'])).toEqual({ code: 3, stdout: 'out', stderr: 'err' })
})

test('a lost connection is tried again, and nothing of it is kept', async () => {
  let calls = 0
  const client = await serve(socket => {
    calls += 1
    send(socket, 1, `try ${calls}`)
    if (calls === 1) socket.terminate()
    else finish(socket, SUCCESS)
  })
  expect(await runInContainer(client, TARGET, ['sh'])).toMatchObject({ code: 0, stdout: 'try 2' })
})

test('a command that prints for ever is given up', async () => {
  const client = await serve(socket => {
    const print = (): void => {
      if (socket.readyState === socket.OPEN) socket.send(Buffer.alloc(32_000, 1), () => setImmediate(print))
    }
    print()
  })
  const running = runInContainer(client, TARGET, ['sh'])
  await expect(running).rejects.toMatchObject({ code: 'JOB_CONTAINER', fault: 'user' })
  await expect(running).rejects.toThrow(/^sh in container job of pod job printed more than 256 KiB/)
})

test('a command that hangs is given up', async () => {
  const client = await serve(() => undefined)
  await expect(runInContainer(client, TARGET, ['sh'], { timeoutMs: 200 })).rejects.toThrow(/did not end within 0.2 s/)
})

test('a cancellation is no hanging command', async () => {
  const client = await serve(() => undefined)
  const signal = AbortSignal.timeout(100)
  await expect(runInContainer(client, TARGET, ['sh'], { signal })).rejects.toMatchObject({ code: 'ABORTED' })
})
