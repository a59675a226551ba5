import { dirname, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'

import type { Call } from './job/call.js'
import { connect } from './job/cluster.js'
import type { Environment } from './settings/environment.js'
import { codeOf, describe, HookError, redact } from './report/errors.js'
import { writeCallRecord } from './report/operator-log.js'
import { handOver } from './job/hand-over.js'
import { readCommand } from './protocol/read-command.js'
import { checkResponseFile, type Response } from './protocol/response.js'
import type { Command } from './protocol/schema.js'
import { errorCommand, plainLine } from './report/workflow-commands.js'
import { WorkflowLog } from './report/workflow-log.js'
import { run } from './run.js'
import { readSettings } from './settings/settings.js'

/** Values of these names are blotted out of our own messages; the runner masks its secrets in everything else. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE_KEY/i

/** What a process of the hook has. */
export interface HookProcess {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly environment: Environment
  /** Aborted when the runner cancels. */
  readonly cancelled: AbortSignal
}

/** Reads the runner's call, does it, and answers. The exit code is 0 only when this came to its end. */
export async function runHook({ stdin, stdout, stderr, environment, cancelled }: HookProcess): Promise<number> {
  const start = Date.now()
  const log = new WorkflowLog(async chunk => write(stdout, chunk), environment.debug)
  const phases: Record<string, number> = {}
  let retries = 0
  let command: Command | undefined
  const secrets = new Set<string>()
  let requests = (): number => 0
  let exitCode = 1
  let response: Response | undefined
  let workDirectory: string | undefined
  let error: unknown
  try {
    command = await readCommand(stdin)
    for (const secret of secretsOf(command)) secrets.add(secret)
    // <_work>/_temp/_runner_hook_responses/<id>.json. Known first: whatever fails from here on, what the runner reads is made safe.
    workDirectory = resolve(dirname(command.responseFile), '..', '..')
    await checkResponseFile(command.responseFile)
    const settings = await readSettings(environment)
    const clients = await connect(environment, command.state !== null, {
      onRetry: why => {
        retries += 1
        log.note(why)
      },
      onWatch: log.note,
      // Not in stdout: the step's output may have stopped within a line, and the runner reads each stream by lines.
      onOutage: sentence => stderr.write(`${plainLine(sentence)}\n`)
    })
    requests = () => clients.kube.requests + (clients.kube === clients.runnerKube ? 0 : clients.runnerKube.requests)
    const call: Call = {
      environment,
      settings,
      ...clients,
      workDirectory,
      print: log.print,
      note: log.note,
      secrets,
      output: log.output,
      cancelled,
      phase: (name, ms) => (phases[name] = (phases[name] ?? 0) + ms)
    }
    try {
      ;({ exitCode, response } = await run(call, command))
    } finally {
      clients.kube.close()
      clients.runnerKube.close()
    }
  } catch (caught) {
    error = cancelled.aborted ? new HookError('CANCELLED', 'The step was cancelled.', { cause: caught }) : caught
    log.print(errorCommand(describe(error, [...secrets])))
    if (caught instanceof Error) log.note(redact(caught.stack ?? caught.message, [...secrets]))
  }
  if (command !== undefined && workDirectory !== undefined) {
    exitCode = await handOver(
      { workDirectory, responseFile: command.responseFile, print: log.print },
      exitCode,
      response
    )
  }
  await writeCallRecord(environment.operatorLog, {
    command: command?.command ?? 'none',
    ms: Date.now() - start,
    exitCode,
    ...(error === undefined ? {} : { error: codeOf(error) }),
    requests: requests(),
    retries,
    phases
  })
  return exitCode
}

async function write(stdout: Writable, chunk: Uint8Array | string): Promise<void> {
  if (stdout.write(chunk)) return
  await new Promise<void>(resolve => stdout.once('drain', resolve))
}

/** The call's own secrets, by the names of their variables. */
function secretsOf(command: Command): string[] {
  if (command.command === 'cleanup_job') return []
  const containers =
    command.command === 'prepare_job' ? [command.args.container, ...command.args.services] : [command.args]
  return containers.flatMap(container => {
    if (container === null) return []
    const named = Object.entries(container.environmentVariables).flatMap(([name, value]) =>
      SECRET_NAME.test(name) && value !== '' ? [value] : []
    )
    const password = 'registry' in container ? container.registry?.password : undefined
    return password == null || password === '' ? named : [...named, password]
  })
}
