import { mkdir, writeFile } from 'node:fs/promises'
import { checkout, emptyDirectory } from './checkout.js'
import type { RunRequest } from './runner.js'

/** Lays out the work directory for a job: an empty `_temp`, no actions, the event, and the workspace with the source in it. */
export async function prepareDisk(request: Pick<RunRequest, 'dirs' | 'source' | 'facts'>): Promise<void> {
  const { dirs } = request
  await mkdir(dirs.temp, { recursive: true })
  await emptyDirectory(dirs.temp)
  await mkdir(dirs.actions, { recursive: true })
  await emptyDirectory(dirs.actions)
  for (const directory of [dirs.workspace, dirs.tools, dirs.home, dirs.workflow, dirs.fileCommands, dirs.responses]) {
    await mkdir(directory, { recursive: true })
  }
  await writeEvent(request)
  if (request.source !== undefined) await checkout(request.source, dirs.workspace)
}

/** Writes the event, as the runner does before each step, whatever stands in its place by then. */
export async function writeEvent({ dirs, facts }: Pick<RunRequest, 'dirs' | 'facts'>): Promise<void> {
  await mkdir(dirs.workflow, { recursive: true })
  await writeFile(`${dirs.workflow}/event.json`, JSON.stringify(facts.event, null, 2))
}
