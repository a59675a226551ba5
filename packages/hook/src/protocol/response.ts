import { access, constants, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { HookError, messageOf } from '../errors.js'

/** A container as the workflow sees it in `job.container` and `job.services.*`. */
export interface ContainerContext {
  readonly id?: string
  readonly network?: string
}

/** A service; `ports` maps a container port to the port by which the job reaches it. Never null: the runner fails. */
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
      'configuration',
      `Bad input from the runner: the response file ${path} cannot be written: ${messageOf(error)}.`,
      { cause: error }
    )
  }
}

/** Writes the response whole or not at all. */
export async function writeResponse(path: string, response: Response): Promise<void> {
  const half = `${path}.half`
  try {
    await writeFile(half, JSON.stringify(response), { mode: 0o600 })
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}
