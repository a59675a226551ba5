import { writeSync } from 'node:fs'

import { abortBySignals } from './abort-by-signals.js'
import { EXIT } from './exit-code.js'
import { run } from './run.js'

/** Set by the build of the file. */
declare const KBUILD_VERSION: string | undefined

const signal = abortBySignals(process, code => process.exit(code))

/** Written at once: the process may end right after, and in a container whose files are gone nothing else is certain. */
function writer(descriptor: 1 | 2): (text: string) => void {
  return text => {
    let rest = Buffer.from(text)
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // Nobody listens any more, which is no reason to leave a build half done.
        if (code === 'EPIPE') return
        if (code !== 'EAGAIN') throw error
      }
    }
  }
}

async function main(): Promise<number> {
  const stderr = writer(2)
  try {
    return await run(process.argv.slice(2), {
      directory: process.cwd(),
      // eslint-disable-next-line n/no-process-env -- the one place where it is read
      env: process.env,
      stdin: process.stdin,
      stdout: writer(1),
      stderr,
      columns: process.stderr.isTTY ? process.stderr.columns : undefined,
      version: typeof KBUILD_VERSION === 'undefined' ? 'from its sources' : KBUILD_VERSION,
      signal
    })
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    stderr(`kbuild: a fault of kbuild itself: ${what}\n`)
    return EXIT.infrastructure
  }
}

// A connection that somebody left open must not keep the process.
void main().then(code => process.exit(code))
