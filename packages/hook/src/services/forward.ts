import { spawn } from 'node:child_process'
import { once } from 'node:events'

import type { Report } from '../job/call.js'
import { messageOf } from '../report/errors.js'
import { warningCommand } from '../report/workflow-commands.js'
import type { Service } from './service.js'
import { publishedPorts } from './ports.js'

/** Where a service is, and one of its ports as the workflow publishes it; without `hostPort` any free one. */
interface Way {
  readonly ip: string
  readonly port: number
  readonly hostPort?: number
}

/** For a program that starts. */
const START_MS = 10_000

/**
 * Passes connections on. Its argument is a process and the ways. It prints the ports on which it listens, in the order of the
 * ways, 0 for one that is taken, and ends with that process.
 */
const PROGRAM = `
const net = require('node:net')
const { worker, ways } = JSON.parse(process.argv[1])
const listen = (server, port, host) => new Promise(resolve => {
  server.once('error', () => resolve(0)).listen(port, host, () => resolve(server.address().port))
})
const open = ({ ip, port }) => net.createServer({ allowHalfOpen: true }, near => {
  const far = net.connect({ host: ip, port, allowHalfOpen: true })
  near.on('error', () => far.destroy())
  far.on('error', () => near.destroy())
  near.pipe(far).pipe(near)
})
Promise.all(ways.map(async way => {
  const port = await listen(open(way), way.hostPort ?? 0, '127.0.0.1')
  if (port !== 0) await listen(open(way), port, '::1')
  return port
})).then(ports => {
  console.log(JSON.stringify(ports))
  setInterval(() => { try { process.kill(worker, 0) } catch { process.exit() } }, 1000)
})
`

/**
 * Lets the steps of a job without a container reach its services: they run beside the runner, and expect the published ports on
 * localhost. A process listens there until the worker that called the hook ends.
 *
 * @param services each with the address of its pod
 * @returns of each service the ports by which it is reached, as the runner takes them
 */
export async function forwardPorts(
  { print }: Pick<Report, 'print'>,
  services: readonly { readonly service: Service; readonly ip: string }[]
): Promise<Record<string, string>[]> {
  const ways = services.flatMap(({ service, ip }, index) =>
    publishedPorts(service.args.portMappings).map(published => ({ index, title: service.title, ip, ...published }))
  )
  let ports: readonly number[] | undefined = []
  try {
    if (ways.length > 0) ports = await listen(ways)
  } catch (error) {
    ports = undefined
    print(sorry(messageOf(error)))
  }
  const answers = services.map((): Record<string, string> => ({}))
  for (const [at, { index, title, port, hostPort }] of ways.entries()) {
    const got = ports?.[at] ?? 0
    const answer = answers[index]
    if (got !== 0 && answer !== undefined) answer[String(port)] = String(got)
    else if (ports !== undefined) print(sorry(`port ${hostPort ?? ''} for service ${title} is taken.`))
  }
  return answers
}

function sorry(why: string): ReturnType<typeof warningCommand> {
  return warningCommand(`A service is not reached on localhost: ${why}`)
}

async function listen(ways: readonly Way[]): Promise<number[]> {
  const argument = JSON.stringify({
    worker: process.ppid,
    ways: ways.map(({ ip, port, hostPort }) => ({ ip, port, hostPort }))
  })
  const child = spawn(process.execPath, ['-e', PROGRAM, argument], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore']
  })
  const failed = new AbortController()
  child.on('error', error => failed.abort(error))
  const signal = AbortSignal.any([failed.signal, AbortSignal.timeout(START_MS)])
  try {
    const [line] = (await once(child.stdout, 'data', { signal })) as [Buffer]
    return JSON.parse(line.toString()) as number[]
  } catch (error) {
    child.kill()
    throw failed.signal.aborted ? failed.signal.reason : error
  } finally {
    child.stdout.destroy()
    child.unref()
  }
}
