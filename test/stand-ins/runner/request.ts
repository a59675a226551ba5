import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, resolve } from 'node:path'
import type { RunArguments } from './arguments.js'
import { defaultEvent } from './contexts.js'
import { RunnerError } from './error.js'
import { isJsonObject } from './json.js'
import type { JsonObject } from './json.js'
import { readKeyValueFile } from './key-value-file.js'
import type { Print } from './log.js'
import { directories } from './path-map.js'
import type { RunRequest } from './runner.js'
import { readJob } from './workflow.js'

/**
 * Reads the files that a command line names and makes the run's request of them.
 *
 * @param environment the worker's environment
 * @throws RunnerError USAGE or WORKFLOW; the file system's error for a file that cannot be read
 */
export async function readRequest(
  args: RunArguments,
  environment: Readonly<Record<string, string>>,
  out: { readonly print: Print; readonly isTerminal: boolean },
  cancel: AbortSignal
): Promise<RunRequest> {
  const workflow = resolve(args.workflow)
  const content = await readFile(workflow, 'utf8')
  const job = readJob({ name: basename(workflow), content }, args.job)
  const secrets = args.secrets === undefined ? {} : readKeyValueFile(await readFile(args.secrets, 'utf8'), args.secrets)
  const token =
    secrets['GITHUB_TOKEN'] ?? `ghs_standin${createHash('sha256').update(content).digest('hex').slice(0, 28)}`
  const sha = createHash('sha1').update(content).digest('hex')
  const externals = resolve(args.externals)
  return {
    job,
    facts: {
      repository: args.repository,
      workflowName: job.workflowName,
      workflowFile: workflowPath(workflow),
      jobId: job.id,
      eventName: args.eventName ?? (job.events.includes('push') ? 'push' : (job.events[0] ?? 'push')),
      event:
        args.event === undefined
          ? defaultEvent(args.repository, args.actor, sha, args.ref)
          : parseObject(await readFile(args.event, 'utf8'), args.event),
      actor: args.actor,
      sha,
      ref: args.ref,
      runId: '1',
      token
    },
    dirs: directories(resolve(args.work), externals, args.repository),
    hook: args.hook === '' ? '' : resolve(args.hook),
    ...(args.docker === undefined
      ? {}
      : { docker: { program: resolve(args.docker), socket: resolve(args.dockerSocket) } }),
    node: args.node ?? `${externals}/node20/bin/node`,
    environment,
    ...(args.source === undefined ? {} : { source: resolve(args.source) }),
    ...(args.actions === undefined ? {} : { actions: resolve(args.actions) }),
    secrets: { ...secrets, GITHUB_TOKEN: token },
    vars: args.vars === undefined ? {} : readKeyValueFile(await readFile(args.vars, 'utf8'), args.vars),
    matrix: parseObject(args.matrix, '--matrix'),
    runnerName: environment['ACTIONS_RUNNER_POD_NAME'] ?? hostname(),
    requireContainer: environment['ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER']?.toLowerCase() === 'true',
    debug: args.debug,
    cancelAt: args.cancelAt,
    cancel,
    print: out.print,
    style: { color: args.color ?? out.isTerminal, timestamps: args.timestamps, keptLines: args.keepLines }
  }
}

// On GitHub the path within the repository; a workflow elsewhere keeps its file name.
function workflowPath(workflow: string): string {
  const start = workflow.lastIndexOf('/.github/workflows/')
  return start < 0 ? `.github/workflows/${basename(workflow)}` : workflow.slice(start + 1)
}

function parseObject(text: string, name: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new RunnerError('USAGE', `${name} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (!isJsonObject(value)) throw new RunnerError('USAGE', `${name} is not a JSON object.`)
  return value
}
