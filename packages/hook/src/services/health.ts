import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError } from '@kaniko-hooks/kube'

import type { Cluster, Configuration, Report } from '../job/call.js'
import type { HealthOptions } from '../options/health.js'
import { HookError, messageOf } from '../report/errors.js'
import { runInContainer } from '../steps/run-in-container.js'
import { printLastWords } from './logs.js'
import type { Service } from './service.js'

/** Docker's, for what `options:` do not say; 0 means the same to Docker. */
const INTERVAL_MS = 30_000
const TIMEOUT_MS = 30_000
const RETRIES = 3

/** The runner looks after 2 seconds, then after twice as long each time. */
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 32_000

/** Longer words of a check say nothing more. */
const SAID_CHARACTERS = 500

/** A service, the pod in which it runs, and its check. */
export interface Checked {
  readonly service: Service
  readonly pod: string
  /** What is run in the service, and its input. */
  readonly command: readonly string[]
  readonly input?: string
}

/**
 * The services whose `options:` name a check, or whose image does where the hook may look into it.
 *
 * @param podOf gives the name of the pod in which a service runs
 */
export function checkedServices(services: readonly Service[], podOf: (service: Service) => string): Checked[] {
  return services.flatMap(service => {
    const { disabled, command = '', program = [] } = service.options.health
    const pod = podOf(service)
    if (disabled) return []
    if (command === '') return program.length === 0 ? [] : [{ service, pod, command: program }]
    // API audit logs record the words of a command, not its input. The check itself has none, as Docker's.
    return [{ service, pod, command: ['sh'], input: `{\n${command}\n} </dev/null\nexit $?\n` }]
  })
}

/** Whether `options:` change a check that only the image has. */
export function changesUnknownCheck({ disabled, command, program, ...rest }: HealthOptions): boolean {
  return !disabled && command === undefined && program === undefined && Object.keys(rest).length > 0
}

/**
 * Waits until all these services are healthy. A service is asked at once, and then ever more seldom as the runner does, but at
 * least once in its interval; as Docker counts, a check that fails counts once in an interval, and not within the start period.
 *
 * @throws HookError POD_FAILED of the first service that is unhealthy, whose log is printed
 */
export async function awaitHealthy(
  call: Cluster & Configuration & Report,
  checked: readonly Checked[],
  signal: AbortSignal
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  try {
    await Promise.all(checked.map(async one => awaitOne(call, one, either)))
  } finally {
    failed.abort()
  }
}

async function awaitOne(call: Cluster & Configuration & Report, checked: Checked, signal: AbortSignal): Promise<void> {
  const { service, pod } = checked
  const { container, title, image } = service
  const { intervalMs, startPeriodMs = 0, retries } = service.options.health
  const interval = given(intervalMs, INTERVAL_MS)
  const allowed = given(retries, RETRIES)
  let counted = Date.now() + Math.max(0, startPeriodMs - interval)
  let failures = 0
  for (let tries = 0; ; tries += 1) {
    const problem = await probe(call, checked, signal)
    if (problem === undefined) {
      call.print(`${title} service is healthy.`)
      return
    }
    if (Date.now() - counted >= interval) {
      failures += 1
      counted = Date.now()
    }
    if (failures >= allowed) {
      await printLastWords(call, { pod, container, title })
      throw new HookError(
        'POD_FAILED',
        `The service ${title} (${image}) is unhealthy: its health check failed ${failures === 1 ? 'once' : `${failures} times`}, at last ${problem}`,
        { fault: 'user' }
      )
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS, interval)
    if (pause >= FIRST_PAUSE_MS) {
      call.print(`${title} service is starting, waiting ${Math.round(pause / 1000)} seconds before checking again.`)
    }
    await sleep(pause, undefined, { signal })
  }
}

function given(value: number | undefined, otherwise: number): number {
  return value !== undefined && value > 0 ? value : otherwise
}

/** Asks a service once; says what is wrong, or nothing of a healthy one. */
async function probe(
  { kube }: Cluster,
  { service, pod, command, input = '' }: Checked,
  signal: AbortSignal
): Promise<string | undefined> {
  const { container, title, image, options } = service
  const timeoutMs = given(options.health.timeoutMs, TIMEOUT_MS)
  try {
    const result = await runInContainer(kube, { pod, container }, command, { signal, timeoutMs, input })
    if (result.code === 0) return undefined
    const said = `${result.stdout}${result.stderr}`.trim().slice(-SAID_CHARACTERS)
    return `with exit code ${result.code}${said === '' ? '.' : `: ${said}`}`
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof HookError) return `without an answer: ${error.message}`
    if (isKubeError(error, 'EXEC_FAILED') || isKubeError(error, 'POD_FAILED')) {
      const status = (await kube.get('pods', pod, { signal })).status?.containerStatuses
      const ended = status?.find(({ name }) => name === container)?.state?.terminated
      if (ended === undefined) return `without an exit code: ${messageOf(error)}`
      throw new HookError(
        'POD_FAILED',
        `The service ${title} (${image}) ended with exit code ${ended.exitCode} (${ended.reason ?? 'Error'}) before it was healthy.`,
        { fault: 'user', cause: error }
      )
    }
    throw error
  }
}
