import { randomUUID } from 'node:crypto'
import { closeSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { basename, dirname, relative } from 'node:path'

import { HookError, messageOf } from '../report/errors.js'
import { inDirectory } from '../files/directory.js'

/** A container as the workflow sees it in `job.container` and `job.services.*`. */
export interface ContainerContext {
  readonly id?: string
  readonly network?: string
}

/** A service; `ports` maps a container port to the port at which the job reaches it. Never null: the runner fails. */
export interface ServiceContext extends ContainerContext {
  readonly image?: string
  readonly ports: Readonly<Record<string, string>>
}

/**
 * What the hook answers. The runner reads it only after exit code 0.
 * `services` answer the request's services by index; `isAlpine` is required when the job has a container.
 */
export interface Response {
  readonly state?: object
  readonly isAlpine?: boolean
  readonly context?: {
    readonly container?: ContainerContext & { readonly ports?: Readonly<Record<string, string>> }
    readonly services?: readonly ServiceContext[]
  }
}

/**
 * Checks, before anything is made, that the answer can be written.
 *
 * @throws HookError INPUT
 */
export async function checkResponseFile(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (error) {
    throw new HookError(
      'INPUT',
      `Bad input from the runner: the response file ${path} cannot be written: ${messageOf(error)}.`,
      { fault: 'configuration', cause: error }
    )
  }
}

/**
 * Writes the response whole or not at all, through no link. Also when there is nothing to say: on a shared volume the job's
 * container sees the file that the runner made, and the runner would take a state that the job wrote there.
 *
 * @param workDirectory the runner's `_work`; the way to it is trusted
 * @param path below it
 * @param response undefined for an empty file
 */
export function writeResponse(workDirectory: string, path: string, response: Response | undefined): void {
  const names = relative(workDirectory, dirname(path)).split('/')
  inDirectory(workDirectory, names, directory => {
    const half = `.${randomUUID()}`
    const file = directory.create(half, 0o600)
    try {
      if (response !== undefined) writeFileSync(file, JSON.stringify(response))
      renameSync(directory.at(half), directory.at(basename(path)))
    } catch (error) {
      unlinkSync(directory.at(half))
      throw error
    } finally {
      closeSync(file)
    }
  })
}
