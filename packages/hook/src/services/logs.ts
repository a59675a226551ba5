import type { Cluster, Configuration, Report } from '../job/call.js'
import { messageOf } from '../report/errors.js'
import { quotedLines } from '../report/workflow-commands.js'
import { readLogEnd } from '../steps/log-end.js'
import { listServices, type RunningService } from './announced.js'

/** The last words of a service that failed. */
const LAST_LINES = 50
/** What the job's log keeps of a service that did its work. */
const ALL_LINES = 1_000
const LOGS_MS = 15_000

type Call = Cluster & Configuration & Report
type Place = Pick<RunningService, 'pod' | 'container' | 'title'>

/** A service that ended tells why only in its log, and its pod is about to go. */
export async function printLogsOfEnded(call: Call): Promise<void> {
  const signal = AbortSignal.timeout(LOGS_MS)
  const services = await listServices(call, signal).catch(() => [])
  for (const service of services)
    if (service.state.terminated !== undefined) await printLastWords(call, service, signal)
}

/** Prints the end of a service's log. */
export async function printLastWords(
  call: Call,
  service: Place,
  signal: AbortSignal = AbortSignal.timeout(LOGS_MS)
): Promise<void> {
  const lines = await readLogEnd(call.kube, service, LAST_LINES, signal)
  await quotedLines(`Log of service ${service.title}`, call.print, lines)
}

/** Prints the logs of the job's services when the job ends, as a Docker runner does; of each the last 1,000 lines. */
export async function printServiceLogs(call: Call): Promise<void> {
  const signal = AbortSignal.any([call.cancelled, AbortSignal.timeout(LOGS_MS)])
  const services = await listServices(call, signal).catch((error: unknown) => {
    call.note(`Logs of services: ${messageOf(error)}`)
    return []
  })
  // Read all at once, printed in their order.
  const logs = await Promise.all(services.map(async service => readLogEnd(call.kube, service, ALL_LINES, signal)))
  for (const [index, { title }] of services.entries()) {
    const lines = logs[index] ?? []
    if (lines.length > 0) await quotedLines(`Print service container logs: ${title}`, call.print, lines)
  }
}
