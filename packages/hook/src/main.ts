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

// A process that ends because nothing keeps it alive must not look like success.
process.exitCode = 1
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
