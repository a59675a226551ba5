import { writeSync } from 'node:fs'

import { runHook } from './hook.js'
import { describe } from './report/errors.js'
import { errorCommand } from './report/workflow-commands.js'
import { readEnvironment } from './settings/environment.js'

/** The runner sends SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL. */
function cancellation(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => controller.abort())
  return controller.signal
}

/** Writes at once, since the process ends: the runner's own line says nothing. The output may stand within a line. */
function printLast(error: unknown): void {
  try {
    writeSync(1, `\n${errorCommand(describe(error)).text}\n`)
  } catch {
    // Nobody reads any more.
  }
}

process.on('uncaughtExceptionMonitor', printLast)
// A process that ends because nothing keeps it alive must not look like success.
process.exitCode = 1
process.once('beforeExit', () => printLast(new Error('it waited for something that will never come.')))
void runHook({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: readEnvironment(),
  cancelled: cancellation()
}).then(
  code => process.stdout.write('', () => process.exit(code)),
  (error: unknown) => process.stdout.write(`${errorCommand(describe(error)).text}\n`, () => process.exit(1))
)
