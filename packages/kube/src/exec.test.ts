import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { WebSocket } from 'ws'
import type { ExecStream } from './exec.js'
import { Kube } from './kube.js'
import type { KubeOptions } from './kube.js'
import {
  execServer,
  type ExecServerOptions,
  exitStatus,
  finish,
  localServer,
  type LocalServer,
  refused,
  respond,
  selfSigned,
  send,
  SUCCESS
} from '@kaniko-hooks/testing'

const target = { pod: 'a', container: 'job', command: ['sh', '-c', 'x'] }
const heartbeat = { everyMs: 50, deadlineMs: 100 }
const opened: LocalServer[] = []

async function openServer(
  run: Parameters<typeof execServer>[0],
  options: ExecServerOptions = {},
  kubeOptions: KubeOptions = {}
): Promise<Kube> {
  const server = await execServer(run, options)
  opened.push(server)
  const ca = options.tls?.cert
  return new Kube(
    { ...server.config, ...(ca !== undefined && { ca }) },
    { retryForMs: 2_000, heartbeat, ...kubeOptions }
  )
}

async function outputs(stream: ExecStream): Promise<{ stdout: string; stderr: string; code: number }> {
  const [stdout, stderr, code] = await Promise.all([text(stream.stdout), text(stream.stderr), stream.exit])
  return { stdout, stderr, code }
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(server => server.close()))
})

describe('a command that ends', () => {
  test.each([
    ['success', SUCCESS, 0],
    ['a code', exitStatus(7), 7],
    ['a signal', exitStatus(137), 137],
    ['a code that cannot be read', JSON.stringify(refused(500, 'NonZeroExitCode', '?')), 1]
  ])('with %s', async (_name, status, code) => {
    const kube = await openServer(socket => {
      for (const channel of [0, 1, 2, 3]) send(socket, channel, '')
      send(socket, 1, 'out ')
      send(socket, 2, 'err')
      send(socket, 1, 'put')
      finish(socket, status)
    })
    await expect(outputs(await kube.exec(target))).resolves.toEqual({ stdout: 'out put', stderr: 'err', code })
    expect(kube.requests).toBe(1)
  })

  test('is asked for by its words, signed in by the token', async () => {
    let seen: unknown
    const kube = await openServer((socket, query, authorization) => {
      seen = {
        command: query.getAll('command'),
        container: query.get('container'),
        tty: query.get('tty'),
        authorization
      }
      finish(socket, SUCCESS)
    })
    await (
      await kube.exec(target)
    ).exit
    expect(seen).toEqual({ command: ['sh', '-c', 'x'], container: 'job', tty: 'false', authorization: 'Bearer t0ken' })
  })

  test('over TLS', async () => {
    const kube = await openServer(socket => finish(socket, SUCCESS), { tls: selfSigned() })
    await expect((await kube.exec(target)).exit).resolves.toBe(0)
  })

  test('with output behind the status still delivers it', async () => {
    const kube = await openServer(socket => {
      send(socket, 3, SUCCESS)
      send(socket, 1, 'late')
      socket.close()
    })
    await expect(outputs(await kube.exec(target))).resolves.toMatchObject({ stdout: 'late', code: 0 })
  })

  test('with a status that comes in two frames', async () => {
    const kube = await openServer(socket => {
      send(socket, 3, SUCCESS.slice(0, 9))
      send(socket, 3, SUCCESS.slice(9))
      socket.close()
    })
    await expect((await kube.exec(target)).exit).resolves.toBe(0)
  })

  test('by RST right after its status counts', async () => {
    const kube = await openServer((socket, _query, _authorization, tcp) => {
      send(socket, 3, exitStatus(3))
      setTimeout(() => tcp.resetAndDestroy(), 50)
    })
    await expect((await kube.exec(target)).exit).resolves.toBe(3)
  })

  test('keeps what nobody has read yet', async () => {
    const kube = await openServer(socket => {
      send(socket, 1, 'kept')
      finish(socket, SUCCESS)
    })
    const stream = await kube.exec(target)
    await expect(stream.exit).resolves.toBe(0)
    await expect(text(stream.stdout)).resolves.toBe('kept')
  })

  test('waits for no reader that has closed it', async () => {
    const kube = await openServer(socket => {
      send(socket, 1, 'first')
      send(socket, 1, 'second')
      finish(socket, exitStatus(7))
    })
    const stream = await kube.exec(target)
    await once(stream.stdout, 'readable')
    expect(String(stream.stdout.read(5))).toBe('first')
    await sleep(100)
    stream.close()
    await expect(stream.exit).resolves.toBe(7)
  })

  test('waits for a reader that is still at it', async () => {
    const kube = await openServer(socket => {
      for (let index = 0; index < 100; index += 1) send(socket, 1, 'x'.repeat(1000))
      finish(socket, SUCCESS)
    })
    const stream = await kube.exec(target)
    let taken = 0
    const reading = (async () => {
      for await (const chunk of stream.stdout) {
        // Taken is what the reader has in its hands; what it does with the last piece is its own time.
        taken += (chunk as Buffer).length
        await sleep(1)
      }
    })()
    await stream.exit
    expect(taken).toBe(100_000)
    await reading
  })
})

describe('a command that cannot be run', () => {
  test('tells what the server said', async () => {
    const said = 'exec failed: exec: "nope": executable file not found in $PATH'
    const kube = await openServer(socket => finish(socket, JSON.stringify(refused(500, 'InternalError', said))))
    const stream = await kube.exec(target)
    await expect(stream.exit).rejects.toMatchObject({
      code: 'EXEC_FAILED',
      reason: 'InternalError',
      message: expect.stringContaining(said)
    })
  })

  test.each([
    [
      403,
      'Forbidden',
      'pods "a" is forbidden: User "r" cannot create resource "pods/exec" in API group "" in the namespace "arc"',
      'FORBIDDEN'
    ],
    [403, 'Forbidden', 'pods "a" is forbidden: ', 'FORBIDDEN'],
    [400, 'BadRequest', 'container job is not valid for pod a', 'INVALID']
  ])('is refused in the handshake with %d', async (status, reason, said, code) => {
    const server = await localServer((_call, response) => {
      respond(response, 404, refused(404, 'NotFound', 'pods "a" not found'))
    })
    opened.push(server)
    server.server.on('upgrade', (_request, stream: Socket) => {
      const body = JSON.stringify(refused(status, reason, said))
      stream.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
    await expect(new Kube(server.config).exec(target)).rejects.toMatchObject({
      code,
      status,
      message: expect.stringContaining(said.trim())
    })
  })

  test('is tried again while the API server is overloaded', async () => {
    const server = await execServer(socket => finish(socket, SUCCESS))
    opened.push(server)
    const [upgrade] = server.server.listeners('upgrade')
    server.server.removeAllListeners('upgrade')
    let times = 0
    server.server.on('upgrade', (request, stream: Socket, head) => {
      if (times < 2) {
        times += 1
        stream.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
      } else upgrade?.call(server.server, request, stream, head)
    })
    const kube = new Kube(server.config)
    await expect((await kube.exec(target)).exit).resolves.toBe(0)
    expect(kube.requests).toBe(3)
  })

  /** A server whose upgrades are refused as long as `status` says one; `pod` is what it knows of the pod. */
  async function refusing(
    status: () => readonly [number, string] | undefined,
    pod: () => object | undefined,
    run: Parameters<typeof execServer>[0] = socket => finish(socket, SUCCESS)
  ): Promise<Kube> {
    const server = await execServer(run, {
      answer: (_call, response) => pod() ?? respond(response, 404, refused(404, 'NotFound', 'pods "a" not found'))
    })
    opened.push(server)
    const [upgrade] = server.server.listeners('upgrade')
    server.server.removeAllListeners('upgrade')
    server.server.on('upgrade', (request, stream: Socket, head) => {
      const refusal = status()
      if (refusal === undefined) {
        upgrade?.call(server.server, request, stream, head)
        return
      }
      const body = JSON.stringify(refused(refusal[0], 'Refused', refusal[1]))
      stream.end(`HTTP/1.1 ${refusal[0]} No\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    })
    return new Kube(server.config, { retryForMs: 15_000 })
  }
  const running = { metadata: { name: 'a' }, status: { containerStatuses: [{ name: 'job', state: { running: {} } }] } }
  const ended = {
    metadata: { name: 'a' },
    status: { phase: 'Running', containerStatuses: [{ name: 'job', state: { terminated: { exitCode: 3 } } }] }
  }

  test.each([
    ['whose kubelet is away', 500, 'error dialing backend: dial tcp: connect: connection refused'],
    ['whose kubelet does not know it yet', 404, 'pod does not exist']
  ])(
    'a pod %s is waited for',
    async (_name, status, said) => {
      const until = Date.now() + 2_000
      const kube = await refusing(
        () => (Date.now() < until ? [status, said] : undefined),
        () => running
      )
      await expect((await kube.exec(target)).exit).resolves.toBe(0)
    },
    20_000
  )

  test.each([
    ['has ended', ended, /Container "job" of pod "a" has ended with exit code 3/],
    ['is gone with its pod', undefined, /Pod "a" is gone/]
  ])('a container that %s is not waited for', async (_name, pod, message) => {
    const kube = await refusing(
      () => [500, 'unable to upgrade connection: container not found ("job")'],
      () => pod
    )
    await expect(kube.exec(target)).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringMatching(message)
    })
    expect(kube.requests).toBeLessThan(5)
  })

  test('our own command is never quoted', async () => {
    const said =
      'error sending request: Post "https://10.0.0.1:10250/exec/arc/a/job?command=sh&command=-c&command=%0Acd+%22x%22": ' +
      'dial tcp 10.0.0.1:10250: connect: connection refused'
    const kube = await openServer(socket => finish(socket, JSON.stringify(refused(500, 'InternalError', said))))
    const error: unknown = await (await kube.exec(target)).exit.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'EXEC_FAILED', status: 500 })
    expect(String(error)).toContain('command could not be run in container "job" of pod "a"')
    expect(String(error)).toContain('/exec/arc/a/job": dial tcp')
    expect(String(error)).not.toContain('command=')
  })

  test('awaitNode comes back when the node answers, and not at all for a container that has ended', async () => {
    let pod: object = running
    let isAway = true
    const server = await localServer((call, response) => {
      if (!call.path.endsWith('/log')) return pod
      if (isAway) respond(response, 500, refused(500, 'InternalError', 'error dialing backend'))
      else response.end('x')
      return undefined
    })
    opened.push(server)
    const kube = new Kube(server.config)
    setTimeout(() => (isAway = false), 500)
    await expect(kube.awaitNode(target)).resolves.toBeUndefined()
    expect(isAway).toBe(false)
    isAway = true
    pod = ended
    await expect(kube.awaitNode(target)).rejects.toMatchObject({ code: 'POD_FAILED' })
  })

  test('without any server is UNREACHABLE, not lost', async () => {
    const server = await localServer(() => undefined)
    await server.close()
    await expect(new Kube(server.config, { firstContactMs: 200 }).exec(target)).rejects.toMatchObject({
      code: 'UNREACHABLE'
    })
  })

  test('when a connection breaks before the answer it may have begun; what may be repeated is', async () => {
    const server = await execServer(socket => finish(socket, SUCCESS))
    opened.push(server)
    const [upgrade] = server.server.listeners('upgrade')
    server.server.removeAllListeners('upgrade')
    let broken = 0
    server.server.on('upgrade', (request, stream: Socket, head) => {
      if (broken % 2 === 0) stream.resetAndDestroy()
      else upgrade?.call(server.server, request, stream, head)
      broken += 1
    })
    const kube = new Kube(server.config)
    await expect(kube.exec(target)).rejects.toMatchObject({ code: 'STREAM_LOST' })
    broken = 0
    await expect((await kube.exec(target, { repeatable: true })).exit).resolves.toBe(0)
  })
})

describe('a connection that is lost is never an end', () => {
  test.each<[string, (socket: WebSocket, tcp: Socket) => void]>([
    ['closed with a frame', socket => socket.close(1000)],
    ['closed by FIN', (_, tcp) => tcp.end()],
    ['destroyed', socket => socket.terminate()],
    ['reset', (_, tcp) => tcp.resetAndDestroy()]
  ])('%s', async (_name, cut) => {
    const kube = await openServer((socket, _query, _authorization, tcp) => {
      send(socket, 1, 'begun')
      setTimeout(cut, 20, socket, tcp)
    })
    const stream = await kube.exec({ ...target, stdin: true })
    const read: string[] = []
    stream.stdout.on('data', (chunk: Buffer) => read.push(chunk.toString()))
    const closed = new Promise(resolve => stream.stdout.once('close', resolve))
    await expect(stream.exit).rejects.toMatchObject({ code: 'STREAM_LOST', fault: 'cluster' })
    await closed
    expect(read).toEqual(['begun'])
    expect(stream.stdout.errored).toMatchObject({ code: 'STREAM_LOST' })
    await expect(stream.write('more')).rejects.toMatchObject({ code: 'STREAM_LOST' })
  })

  test('silent: neither data nor pongs', async () => {
    const kube = await openServer(() => undefined, { autoPong: false })
    await expect((await kube.exec(target)).exit).rejects.toMatchObject({
      code: 'STREAM_LOST',
      message: expect.stringContaining('answer to pings')
    })
  })

  test('silent, though words are still sent to it', async () => {
    const kube = await openServer(() => undefined, { autoPong: false })
    const stream = await kube.exec({ ...target, stdin: true })
    const words = setInterval(() => void stream.write('here\n').catch(() => undefined), 30)
    try {
      await expect(stream.exit).rejects.toMatchObject({ code: 'STREAM_LOST' })
    } finally {
      clearInterval(words)
    }
  })

  test('quiet for long with pongs is not lost', async () => {
    const kube = await openServer(socket => setTimeout(finish, 400, socket, exitStatus(5)))
    await expect((await kube.exec(target)).exit).resolves.toBe(5)
  })

  test('not lost while its reader is slow, though no pong can be heard', async () => {
    const kube = await openServer(
      socket => {
        send(socket, 1, Buffer.alloc(1024 * 1024))
        finish(socket, SUCCESS)
      },
      { autoPong: false }
    )
    const stream = await kube.exec(target)
    await sleep(400)
    await expect(outputs(stream)).resolves.toMatchObject({ code: 0 })
  })
})

test('a signal and close() end it as ABORTED', async () => {
  const gone: Promise<unknown>[] = []
  const kube = await openServer(socket => gone.push(once(socket, 'close')))
  const controller = new AbortController()
  const one = await kube.exec(target, { signal: controller.signal })
  const other = await kube.exec(target)
  controller.abort('stop')
  other.close()
  await expect(one.exit).rejects.toMatchObject({ code: 'ABORTED', cause: 'stop' })
  await expect(other.exit).rejects.toMatchObject({ code: 'ABORTED' })
  await Promise.all(gone)
  await expect(kube.exec(target, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
})

describe('a connection that was opened ahead', () => {
  /** The sockets of all connections to the server. */
  function connections(): Socket[] {
    const sockets: Socket[] = []
    opened[0]?.server.on('connection', (socket: Socket) => sockets.push(socket))
    return sockets
  }

  test.each(['without', 'with'])('is the next stream’s, %s TLS', async tls => {
    const run = (socket: WebSocket): void => finish(socket, SUCCESS)
    const kube = await openServer(run, tls === 'with' ? { tls: selfSigned() } : {})
    const sockets = connections()
    kube.connectAhead()
    while (sockets.length === 0) await sleep(1)
    expect((await outputs(await kube.exec(target))).code).toBe(0)
    expect(sockets).toHaveLength(1)
    expect((await outputs(await kube.exec(target))).code).toBe(0)
    expect(sockets).toHaveLength(2)
  })

  test('may still be opening when it is taken', async () => {
    const kube = await openServer(socket => finish(socket, SUCCESS))
    const sockets = connections()
    kube.connectAhead()
    expect((await outputs(await kube.exec(target))).code).toBe(0)
    expect(sockets).toHaveLength(1)
  })

  test('is left alone when the server has closed it, and closed with the client', async () => {
    const kube = await openServer(socket => finish(socket, SUCCESS))
    const sockets = connections()
    kube.connectAhead()
    while (sockets.length === 0) await sleep(1)
    sockets[0]?.destroy()
    await sleep(20)
    expect((await outputs(await kube.exec(target))).code).toBe(0)
    expect(sockets).toHaveLength(2)
    kube.connectAhead()
    while (sockets.length === 2) await sleep(1)
    kube.close()
    const [last] = sockets.slice(-1)
    if (last?.destroyed === false) await once(last, 'close')
  })
})

describe('standard input', () => {
  /** Collects the input, and ends with its length and what closed it. */
  const counting = (socket: WebSocket): void => {
    let length = 0
    let largest = 0
    socket.on('message', (message: Buffer) => {
      if (message[0] === 255) {
        send(socket, 1, JSON.stringify({ length, largest, closed: message[1] }))
        finish(socket, SUCCESS)
      } else if (message[0] === 0) {
        length += message.length - 1
        largest = Math.max(largest, message.length)
      }
    })
  }

  test('arrives whole, in frames of at most 32 KiB, and is closed alone', async () => {
    const kube = await openServer(counting)
    const stream = await kube.exec({ ...target, stdin: true })
    const result = outputs(stream)
    for (let index = 0; index < 100; index += 1) await stream.write(Buffer.alloc(100_000, index))
    await stream.write('é')
    stream.end()
    expect(JSON.parse((await result).stdout)).toEqual({ length: 10_000_002, largest: 32 * 1024, closed: 0 })
  })

  test('a server that does not read holds the writer back', async () => {
    let server: WebSocket | undefined
    const kube = await openServer(socket => {
      server = socket
      socket.pause()
      counting(socket)
    })
    const stream = await kube.exec({ ...target, stdin: true })
    const result = outputs(stream)
    let written = 0
    const total = 32 * 1024 * 1024
    const writing = (async () => {
      for (; written < total; written += 1024 * 1024) await stream.write(Buffer.alloc(1024 * 1024))
      stream.end()
    })()
    await sleep(200)
    // What the kernel's buffers took, and no more.
    expect(written).toBeLessThan(total / 2)
    server?.resume()
    await writing
    expect(JSON.parse((await result).stdout)).toMatchObject({ length: total })
  }, 30_000)

  test('a writer that waits is told when the connection is lost', async () => {
    const kube = await openServer(socket => {
      socket.pause()
      setTimeout(() => socket.terminate(), 200)
    })
    const stream = await kube.exec({ ...target, stdin: true })
    const writing = (async () => {
      for (;;) await stream.write(Buffer.alloc(1024 * 1024))
    })()
    await expect(writing).rejects.toMatchObject({ code: 'STREAM_LOST' })
    await expect(stream.exit).rejects.toMatchObject({ code: 'STREAM_LOST' })
  })

  test('a command that ends before it took its input is not a lost stream', async () => {
    const kube = await openServer(socket => finish(socket, exitStatus(2)))
    const stream = await kube.exec({ ...target, stdin: true })
    await expect(stream.exit).resolves.toBe(2)
    await expect(stream.write('x')).rejects.toMatchObject({ code: 'EXEC_FAILED', fault: 'user' })
  })

  test('with v4 its end is not sent, since it would end the command', async () => {
    const messages: number[] = []
    const kube = await openServer(
      socket => {
        socket.on('message', (message: Buffer) => messages.push(message[0] ?? -1))
        setTimeout(finish, 100, socket, SUCCESS)
      },
      { protocol: 'v4.channel.k8s.io' }
    )
    const stream = await kube.exec({ ...target, stdin: true })
    await stream.write('x')
    stream.end()
    await expect(stream.exit).resolves.toBe(0)
    expect(messages).toEqual([0])
  })

  test('cannot be written unless it was asked for', async () => {
    const kube = await openServer(socket => setTimeout(finish, 50, socket, SUCCESS))
    const stream = await kube.exec(target)
    await expect(stream.write('x')).rejects.toThrow('standard input is not open')
    await stream.exit
  })
})

test('200 MB to a slow reader: the server is held back and memory stays flat', async () => {
  const chunk = Buffer.alloc(32 * 1024, 'y')
  const total = 200 * 1024 * 1024
  let waiting = 0
  const kube = await openServer(
    socket => {
      let left = total
      const source = new Readable({
        read() {
          this.push(left > 0 ? chunk : null)
          left -= chunk.length
        }
      })
      void (async () => {
        for await (const part of source) {
          send(socket, 1, part as Buffer)
          while (socket.bufferedAmount > 1024 * 1024) {
            waiting += 1
            await sleep(1)
          }
        }
        finish(socket, SUCCESS)
      })()
    },
    {},
    { heartbeat: { everyMs: 5_000, deadlineMs: 10_000 } }
  )
  const stream = await kube.exec(target)
  stream.stderr.resume()
  let received = 0
  let most = 0
  let chunks = 0
  for await (const part of stream.stdout) {
    received += (part as Buffer).length
    chunks += 1
    if (chunks % 200 === 0) {
      await sleep(1)
      most = Math.max(most, stream.stdout.readableLength)
    }
  }
  await expect(stream.exit).resolves.toBe(0)
  expect(received).toBe(total)
  expect(waiting).toBeGreaterThan(0)
  expect(most).toBeLessThan(1024 * 1024)
}, 60_000)
