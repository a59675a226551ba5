import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from '@jest/globals'
import type { WebSocket } from 'ws'
import { execServer, finish, type LocalServer, send, SUCCESS } from '@kaniko-hooks/testing'

// A promise that nobody settles does not keep node alive: it ends with exit code 0. So a process of its own is watched.
const program = `
  const { Kube } = await import('./packages/kube/src/index.ts')
  const config = { server: new URL(process.argv[1]), namespace: 'arc', token: () => Promise.resolve(undefined) }
  const kube = new Kube(config, { heartbeat: JSON.parse(process.argv[2]) })
  const stream = await kube.exec({ pod: 'a', container: 'job', command: ['x'] })
  stream.stdout.pipe(process.stdout)
  stream.stderr.resume()
  process.exitCode = await stream.exit
`

const opened: LocalServer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(server => server.close()))
})

/** A busy machine keeps an answer for seconds. */
const PATIENT = { everyMs: 5_000, deadlineMs: 20_000 }
const SHORT = { everyMs: 100, deadlineMs: 200 }

async function run(
  command: (socket: WebSocket) => void,
  { autoPong = true, heartbeat = PATIENT } = {}
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const server = await execServer(command, { autoPong })
  opened.push(server)
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program, server.config.server.href, JSON.stringify(heartbeat)],
    { stdio: ['ignore', 'pipe', 'pipe'] }
  )
  const code = new Promise<number | null>(resolve => child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

test('a process whose exec ends well ends well, by itself', async () => {
  const command = (socket: WebSocket): void => {
    send(socket, 1, 'done')
    finish(socket, SUCCESS)
  }
  await expect(run(command)).resolves.toMatchObject({ code: 0, stdout: 'done' })
}, 30_000)

test.each<[string, (socket: WebSocket) => void, Parameters<typeof run>[1]]>([
  ['cut', socket => setTimeout(() => socket.terminate(), 50), {}],
  ['silent', () => undefined, { autoPong: false, heartbeat: SHORT }]
])(
  'a process whose exec is %s does not end with 0',
  async (_name, command, options) => {
    const { code, stderr } = await run(command, options)
    expect(stderr).toContain('STREAM_LOST')
    expect(code).not.toBe(0)
  },
  30_000
)
