import { open } from 'node:fs/promises'
import { constants } from 'node:fs'

/** GitHub sends no larger payload. */
const MAX_BYTES = 25 * 1024 * 1024

/**
 * The event that started the run, from the file that the runner names in `GITHUB_EVENT_PATH`. Steps of the job may have replaced it: no
 * link is followed, and no more than 25 MiB are read.
 *
 * @returns undefined when there is no such file, or no JSON object in it
 */
export async function readEvent(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const found = await file.stat()
      if (!found.isFile() || found.size > MAX_BYTES) return undefined
      const { buffer, bytesRead } = await file.read(Buffer.alloc(found.size), 0, found.size, 0)
      return asObject(JSON.parse(buffer.toString('utf8', 0, bytesRead)))
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

/**
 * Whether a run belongs to a pull request from a fork, or nobody can tell that it does not: its `push: auto` pushes nothing. That is a
 * pull request whose head lies in another repository, or whose head is gone, and a `workflow_run` that such a run started.
 *
 * @param name of the event, `GITHUB_EVENT_NAME`
 */
export function isFromFork(name: string, event: Readonly<Record<string, unknown>> | undefined): boolean {
  if (event === undefined) return true
  const own = nameOf(event['repository'])
  if (name === 'workflow_run') return isForeign(own, asObject(event['workflow_run'])?.['head_repository'])
  const pull = asObject(event['pull_request'])
  if (pull !== undefined) return isForeign(own, asObject(pull['head'])?.['repo'])
  return name.startsWith('pull_request')
}

function isForeign(own: string | undefined, head: unknown): boolean {
  return own === undefined || nameOf(head) !== own
}

function nameOf(repository: unknown): string | undefined {
  const name = asObject(repository)?.['full_name']
  return typeof name === 'string' && name !== '' ? name.toLowerCase() : undefined
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}
