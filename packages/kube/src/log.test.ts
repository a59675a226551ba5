import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Kube } from './kube.js'
import { followLog } from './log.js'
import type { FollowedLog } from './log.js'
import { type ApiCall, localServer, type LocalServer, refused, respond } from '@kaniko-hooks/testing'

const target = { pod: 'a', container: 'main' }
const opened: LocalServer[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map(server => server.close()))
})

interface Line {
  /** `SS.fraction` of the minute. */
  readonly at: string
  readonly text: string
}

/** A kubelet: a log file that grows, the state of its container, and what happens to each connection. */
class FakeLog {
  lines: Line[] = []
  state: 'waiting' | 'running' | 'terminated' | 'gone' = 'running'
  /** Behind the last newline. */
  tail = ''
  /** What happens to the follow connections, in order; the last one goes on for the others. */
  connections: ((response: ServerResponse, call: ApiCall) => void | Promise<void>)[] = []
  readonly logCalls: ApiCall[] = []
  /** How often its pod was looked at. */
  looks = 0
  /** The kubelet is away: the API server says so to whoever asks for the log. */
  isAway = false

  stamp({ at, text }: Line): string {
    return `2026-01-02T03:04:${at.padEnd(12, '0')}Z ${text}`
  }

  /** The file from `sinceTime` on, which like the kubelet's knows only whole seconds. */
  content(query: URLSearchParams): string {
    const since = query.get('sinceTime')
    const from = since === null ? '' : since.slice(17, 19)
    const chosen = this.lines.filter(({ at }) => at >= from)
    const tail = Number(query.get('tailLines') ?? Infinity)
    return (
      chosen
        .slice(-tail)
        .map(line => `${this.stamp(line)}\n`)
        .join('') + this.tail
    )
  }

  answer(call: ApiCall, response: ServerResponse): unknown {
    if (this.state === 'gone') {
      respond(response, 404, refused(404, 'NotFound', 'pods "a" not found'))
      return undefined
    }
    // As the stock role has it.
    if (call.query.has('watch')) {
      respond(response, 403, refused(403, 'Forbidden', 'pods is forbidden'))
      return undefined
    }
    if (!call.path.endsWith('/log')) {
      this.looks += 1
      const state = this.state === 'terminated' ? { terminated: { exitCode: 0 } } : { [this.state]: {} }
      return { spec: { containers: [{ name: 'main' }] }, status: { containerStatuses: [{ name: 'main', state }] } }
    }
    this.logCalls.push(call)
    if (this.isAway) {
      const address = 'https://10.0.0.1:10250/containerLogs/arc/a/main'
      const said = `Get "${address}?follow=true&timestamps=true": dial tcp 10.0.0.1:10250: connect: connection refused`
      respond(response, 500, refused(500, 'InternalError', said))
      return undefined
    }
    if (this.state === 'waiting') {
      respond(response, 400, refused(400, 'BadRequest', 'container "main" is waiting to start'))
      return undefined
    }
    response.writeHead(200)
    response.flushHeaders()
    if (call.query.get('follow') !== 'true') {
      response.end(this.content(call.query))
      return undefined
    }
    const connection = this.connections.length > 1 ? this.connections.shift() : this.connections[0]
    void connection?.(response, call)
    return undefined
  }

  async follow(
    quietMs = 10_000,
    { settleMs = 0, ended = new AbortController().signal } = {}
  ): Promise<Pick<FollowedLog, 'complete'> & { readonly lines: string[]; readonly gaps: string[] }> {
    const server = await localServer((call, response) => this.answer(call, response))
    opened.push(server)
    const kube = new Kube(server.config, { retryForMs: 2_000 })
    const lines: string[] = []
    const gaps: string[] = []
    const onGap = (message: string): number => gaps.push(message)
    const { complete } = await followLog(kube, target, line => void lines.push(line), {
      ...{ onGap, quietMs, ended },
      settleMs: () => settleMs
    })
    return { complete, lines, gaps }
  }
}

function logOf(...lines: string[]): FakeLog {
  const log = new FakeLog()
  log.lines = lines.map(line => ({ at: line.slice(0, line.indexOf(' ')), text: line.slice(line.indexOf(' ') + 1) }))
  return log
}

/** Sends all there is, ends the container, and closes cleanly. */
const toTheEnd =
  (log: FakeLog) =>
  (response: ServerResponse, call: ApiCall): void => {
    log.state = 'terminated'
    response.end(log.content(call.query))
  }

/** Sends the first bytes of what there is, and resets the connection. */
const cutAfter =
  (log: FakeLog, length: (content: string) => number) =>
  async (response: ServerResponse, call: ApiCall): Promise<void> => {
    const content = log.content(call.query)
    response.write(content.slice(0, length(content)))
    await sleep(20)
    call.socket.resetAndDestroy()
  }

describe('followLog', () => {
  test('looks once where a container is told as ended some time after its log', async () => {
    const log = logOf('01.1 one')
    log.connections = [
      (response, call) => {
        response.end(log.content(call.query))
        setTimeout(() => (log.state = 'terminated'), 100)
      }
    ]
    await expect(log.follow(10_000, { settleMs: 400 })).resolves.toEqual({ complete: true, lines: ['one'], gaps: [] })
    expect(log.looks).toBe(1)
    expect(log.logCalls.map(({ query }) => query.get('follow'))).toEqual(['true', 'false'])
  })

  test('opens a log again whose end was none, after that time', async () => {
    const log = logOf('01.1 one', '01.2 two')
    log.connections = [(response, call) => void response.end(log.content(call.query).slice(0, 36)), toTheEnd(log)]
    await expect(log.follow(10_000, { settleMs: 100 })).resolves.toEqual({
      complete: true,
      lines: ['one', 'two'],
      gaps: []
    })
    expect(log.logCalls.map(({ query }) => query.get('follow'))).toEqual(['true', 'true', 'false'])
  })

  test('reads to the container’s end, without the times', async () => {
    const log = logOf('01.1 one', '01.2 ', '02.0 three')
    log.tail = '2026-01-02T03:04:02.5Z no newline'
    log.connections = [toTheEnd(log)]
    await expect(log.follow()).resolves.toEqual({
      complete: true,
      gaps: [],
      lines: ['one', '', 'three', 'no newline']
    })
    expect(log.logCalls.map(({ query }) => query.get('sinceTime'))).toEqual([null, '2026-01-02T03:04:01.000Z'])
  })

  test('an end of the stream before the container’s end is not the end', async () => {
    const log = logOf('01.1 one')
    log.connections = [
      (response, call) => {
        response.end(log.content(call.query))
        log.lines.push({ at: '01.5', text: 'two' })
      },
      toTheEnd(log)
    ]
    await expect(log.follow()).resolves.toMatchObject({ complete: true, lines: ['one', 'two'] })
  })

  test('a container that is known to have ended is read to its last line, while the stream stays open', async () => {
    const log = logOf('01.1 one', '01.2 two')
    const ended = new AbortController()
    log.connections = [
      (response, call) => {
        response.write(log.content(call.query).replace(/\n.*/s, '\n'))
        log.state = 'terminated'
        setTimeout(() => ended.abort(), 20)
      }
    ]
    await expect(log.follow(10_000, { ended: ended.signal })).resolves.toEqual({
      complete: true,
      gaps: [],
      lines: ['one', 'two']
    })
    expect(log.logCalls.map(({ query }) => query.get('follow'))).toEqual(['true', 'false'])
  })

  test('lines that the last stream kept back are read at the end', async () => {
    const log = logOf('01.1 one', '01.2 two', '01.3 three')
    log.connections = [
      (response, call) => {
        log.state = 'terminated'
        response.end(log.content(call.query).split('two')[0])
      }
    ]
    await expect(log.follow()).resolves.toMatchObject({ complete: true, lines: ['one', 'two', 'three'] })
  })

  test.each<[string, string[]]>([
    ['different seconds', ['01.1 one', '02.1 two', '03.1 three', '04.1 four', '05.1 five']],
    ['one second', ['01.1 one', '01.2 two', '01.3 three', '01.4 four', '01.5 five']],
    ['equal times', ['01.1 one', '01.1 two', '01.1 three', '01.1 four', '01.1 five']],
    ['equal lines', ['01.1 x', '01.1 x', '01.1 x', '01.1 x', '01.1 x']],
    ['times out of order', ['01.5 one', '01.1 two', '01.3 three', '01.2 four', '02.0 five']],
    ['a second that goes back', ['01.5 one', '02.1 two', '01.9 three', '02.0 four', '02.2 five']]
  ])(
    'cut at any byte it goes on after the last line: %s',
    async (_name, lines) => {
      const expected = lines.map(line => line.slice(line.indexOf(' ') + 1))
      const length = logOf(...lines).content(new URLSearchParams()).length
      // One cut in the middle of each line, one right after it, one right before its newline.
      const perLine = length / lines.length
      const cuts = lines.flatMap((_line, index) => [
        perLine * index + 20,
        perLine * (index + 1),
        perLine * (index + 1) - 1
      ])
      const results = await Promise.all(
        cuts.map(async cut => {
          const log = logOf(...lines)
          log.connections = [cutAfter(log, () => Math.floor(cut)), toTheEnd(log)]
          return { cut, ...(await log.follow()) }
        })
      )
      expect(results).toEqual(cuts.map(cut => ({ cut, complete: true, gaps: [], lines: expected })))
    },
    30_000
  )

  test('cut again and again, it neither loses nor doubles', async () => {
    const lines = Array.from(
      { length: 60 },
      (_, index) => `${String(10 + Math.floor(index / 20))}.${index % 3} line ${index}`
    )
    const log = logOf(...lines)
    let left = 8
    const cut = cutAfter(log, content => Math.floor(content.length * 0.4))
    log.connections = [
      (response, call) => {
        left -= 1
        if (left === 0) toTheEnd(log)(response, call)
        else void cut(response, call)
      }
    ]
    const result = await log.follow()
    expect(result).toEqual({ complete: true, gaps: [], lines: lines.map(line => line.slice(5)) })
  }, 30_000)

  /** Sends all there is, and goes away with the kubelet, as the API server does: cleanly. */
  const goAway =
    (log: FakeLog, then: () => void) =>
    (response: ServerResponse, call: ApiCall): void => {
      response.end(log.content(call.query))
      log.isAway = true
      then()
    }

  test('a kubelet that is away for some seconds is waited for', async () => {
    const log = logOf('01.1 one', '01.2 two')
    log.connections = [
      goAway(log, () => {
        setTimeout(() => {
          log.lines.push({ at: '04.0', text: 'three' })
          log.isAway = false
        }, 900)
      }),
      toTheEnd(log)
    ]
    await expect(log.follow()).resolves.toEqual({ complete: true, gaps: [], lines: ['one', 'two', 'three'] })
  }, 20_000)

  test('a kubelet that does not come back is told, without the query of its address', async () => {
    const log = logOf('01.1 one')
    log.connections = [goAway(log, () => undefined)]
    const failed = log.follow()
    await expect(failed).rejects.toMatchObject({ code: 'API', status: 500 })
    await expect(failed).rejects.toThrow(/containerLogs\/arc\/a\/main": dial tcp .* connection refused\.$/)
  }, 20_000)

  test('of a container that has ended, what its node does not give any more is a gap', async () => {
    const log = logOf('01.1 one')
    log.connections = [goAway(log, () => (log.state = 'terminated'))]
    const { lines, complete, gaps } = await log.follow()
    expect({ lines, complete }).toEqual({ lines: ['one'], complete: false })
    expect(gaps).toEqual([expect.stringMatching(/its node does not give it any more/)])
  }, 20_000)

  test('a pod that goes with its node is not waited for', async () => {
    const log = logOf('01.1 one')
    log.connections = [goAway(log, () => setTimeout(() => (log.state = 'gone'), 300))]
    const { lines, complete } = await log.follow(10_000)
    expect({ lines, complete }).toEqual({ lines: ['one'], complete: false })
  }, 20_000)

  test('a kubelet that has just begun does not know its pods yet', async () => {
    const log = logOf('01.1 one')
    let unknown = 2
    const answer = log.answer.bind(log)
    log.answer = (call, response) => {
      if (!call.path.endsWith('/log') || unknown === 0) return answer(call, response)
      unknown -= 1
      respond(response, 404, refused(404, 'NotFound', 'the server could not find the requested resource'))
      return undefined
    }
    log.connections = [toTheEnd(log)]
    await expect(log.follow()).resolves.toMatchObject({ complete: true, lines: ['one'] })
  }, 20_000)

  test('lines that were rotated away while the connection was down are a gap that is told', async () => {
    const log = logOf('01.1 one', '01.2 two')
    log.connections = [
      async (response, call) => {
        response.write(log.content(call.query))
        await sleep(20)
        call.socket.resetAndDestroy()
        log.lines = [{ at: '05.0', text: 'later' }]
      },
      toTheEnd(log)
    ]
    await expect(log.follow()).resolves.toMatchObject({
      complete: false,
      lines: ['one', 'two', 'later'],
      gaps: [expect.stringContaining('rotation')]
    })
  })

  test('known lines that were rotated away are no gap', async () => {
    const log = logOf('01.1 one', '01.2 two', '01.3 three')
    log.connections = [
      async (response, call) => {
        response.write(log.content(call.query))
        await sleep(20)
        call.socket.resetAndDestroy()
        log.lines = [...log.lines.slice(2), { at: '01.4', text: 'four' }]
      },
      toTheEnd(log)
    ]
    await expect(log.follow()).resolves.toMatchObject({ complete: true, lines: ['one', 'two', 'three', 'four'] })
  })

  test('waits for a container that has not begun', async () => {
    const log = logOf('01.1 one')
    log.state = 'waiting'
    log.connections = [toTheEnd(log)]
    setTimeout(() => (log.state = 'running'), 300)
    await expect(log.follow()).resolves.toMatchObject({ complete: true, lines: ['one'] })
  })

  test('a stream that stalls is noticed, since the log goes on', async () => {
    const log = logOf('01.1 one')
    log.connections = [
      (response, call) => {
        response.write(log.content(call.query))
        log.lines.push({ at: '02.0', text: 'two' })
      },
      toTheEnd(log)
    ]
    await expect(log.follow(50)).resolves.toMatchObject({ complete: true, lines: ['one', 'two'] })
  })

  test('a container that is only quiet keeps its connection', async () => {
    const log = logOf('01.1 one')
    log.connections = [
      async (response, call) => {
        response.write(log.content(call.query))
        await sleep(500)
        log.lines.push({ at: '02.0', text: 'two' })
        log.state = 'terminated'
        response.end(log.content(new URLSearchParams({ tailLines: '1' })))
      }
    ]
    await expect(log.follow(50)).resolves.toMatchObject({ complete: true, lines: ['one', 'two'] })
    expect(log.logCalls.filter(({ query }) => query.get('follow') === 'true')).toHaveLength(1)
  })

  test('a pod that vanishes in the middle is told', async () => {
    const log = logOf('01.1 one')
    log.connections = [
      async (response, call) => {
        response.write(log.content(call.query))
        await sleep(20)
        log.state = 'gone'
        call.socket.resetAndDestroy()
      }
    ]
    await expect(log.follow()).resolves.toMatchObject({
      complete: false,
      lines: ['one'],
      gaps: [expect.stringContaining('pod is gone')]
    })
  })

  test('a pod that never was is an error', async () => {
    const log = logOf()
    log.state = 'gone'
    await expect(log.follow()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('a log without times is still handed over, once', async () => {
    const log = logOf()
    log.connections = [
      response => {
        log.state = 'terminated'
        response.end('plain\nlines\n')
      }
    ]
    await expect(log.follow()).resolves.toMatchObject({ complete: false, lines: ['plain', 'lines'] })
  })
})

test('followLog waits for the reader, and passes its errors on', async () => {
  const log = logOf('01.1 one', '01.2 two')
  log.connections = [toTheEnd(log)]
  const server = await localServer((call, response) => log.answer(call, response))
  opened.push(server)
  const kube = new Kube(server.config)
  const order: string[] = []
  const onLine = async (line: string): Promise<void> => {
    order.push(`begin ${line}`)
    await sleep(20)
    order.push(`end ${line}`)
  }
  await followLog(kube, target, onLine)
  expect(order).toEqual(['begin one', 'end one', 'begin two', 'end two'])
  log.state = 'running'
  const full = new Error('disk full')
  await expect(followLog(kube, target, () => Promise.reject(full))).rejects.toBe(full)
})

test('followLog ends with its signal', async () => {
  const log = logOf('01.1 one')
  log.connections = [(response, call) => void response.write(log.content(call.query))]
  const server = await localServer((call, response) => log.answer(call, response))
  opened.push(server)
  const controller = new AbortController()
  const onLine = (): void => controller.abort()
  await expect(followLog(new Kube(server.config), target, onLine, { signal: controller.signal })).rejects.toMatchObject(
    { code: 'ABORTED' }
  )
})
