import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { readArguments, usage } from './arguments.js'
import type { CallArguments, RunArguments } from './arguments.js'
import { callRaw } from './call.js'
import { messageOf, RunnerError } from './error.js'
import { runJob } from './job.js'
import { readRequest } from './request.js'

const environment = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
)

async function main(argv: readonly string[]): Promise<number> {
  const args = readArguments(argv)
  switch (args.command) {
    case 'help':
      process.stdout.write(usage)
      return 0
    case 'call':
      return call(args)
    case 'run':
      return run(args)
  }
}

async function run(args: RunArguments): Promise<number> {
  // The name of the process that calls a hook.
  process.title = 'Runner.Worker'
  const cancel = new AbortController()
  process.once('SIGINT', () => cancel.abort())
  const watch =
    args.cancelFile === undefined
      ? undefined
      : setInterval(() => existsSync(args.cancelFile ?? '') && cancel.abort(), 200)
  const isTerminal = process.stdout.isTTY
  const request = await readRequest(args, environment, { print, isTerminal }, cancel.signal)
  const result = await runJob(request)
  clearInterval(watch)
  if (args.result !== undefined) await writeFile(args.result, `${JSON.stringify(result, null, 2)}\n`)
  await drained()
  return result.conclusion === 'success' ? 0 : 1
}

async function call(args: CallArguments): Promise<number> {
  const input = await buffer(process.stdin)
  const report = await callRaw({
    hook: args.hook,
    node: args.node ?? `${args.externals}/node20/bin/node`,
    cwd: args.cwd ?? process.cwd(),
    environment,
    input,
    createResponse: !args.noResponseFile,
    ...(args.response === undefined ? {} : { response: args.response }),
    ...(args.cancelAfter === undefined ? {} : { cancelAfter: args.cancelAfter })
  })
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  await drained()
  return 0
}

function print(text: string): Promise<void> | void {
  if (!process.stdout.write(text)) return once(process.stdout, 'drain').then(() => undefined)
}

async function drained(): Promise<void> {
  if (process.stdout.writableLength > 0) await once(process.stdout, 'drain')
}

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`)
    process.exitCode = error instanceof RunnerError && error.code === 'USAGE' ? 2 : 1
  }
)
