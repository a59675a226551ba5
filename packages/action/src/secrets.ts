import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { BuildSecret } from '@kaniko-hooks/client'
import { splitPair, variableOf } from './key-values.js'

/** A build secret whose value lies in a file. */
export interface SecretFile {
  readonly id: string
  readonly path: string
}

/** BuildKit takes no larger secret. */
const MAX_BYTES = 500 * 1024

/** Ids become names of files. */
const ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/

/**
 * Build secrets of `secrets` and `secret-envs`, and those that lie in files. No sentence quotes a value.
 *
 * @param environment of the step
 */
export function readSecrets(
  inputs: { readonly values: readonly string[]; readonly envs: readonly string[]; readonly files: readonly string[] },
  place: { readonly workspace: string; readonly environment: Readonly<Record<string, string | undefined>> },
  problem: (sentence: string) => void
): { readonly secrets: readonly BuildSecret[]; readonly files: readonly SecretFile[] } {
  const ids = new Set<string>()
  const pairs = (input: string, elements: readonly string[]): (readonly [id: string, value: string])[] =>
    elements.flatMap(element => {
      const pair = splitPair(element)
      if (pair === undefined || pair[0] === '' || pair[1] === '') {
        const about = input === 'secrets' ? '; a secret that does not exist is empty' : ''
        problem(
          `\`${input}\` has ${pair?.[1] === '' ? `no value for ${shownId(pair[0])}` : 'a line that is not ID=VALUE'}${about}`
        )
        return []
      }
      if (!ID.test(pair[0]))
        problem(`\`${input}\` has an id that is none: letters, digits, "_", "-" and "." are possible`)
      else if (ids.has(pair[0])) problem(`two build secrets have the id ${pair[0]}`)
      else {
        ids.add(pair[0])
        return [pair]
      }
      return []
    })
  const values = pairs('secrets', inputs.values).map(([id, value]) => ({ id, value: Buffer.from(value) }))
  const envs = pairs('secret-envs', inputs.envs).flatMap(([id, variable]) => {
    const value = variableOf(place.environment, variable)
    if (value !== undefined && value !== '') return [{ id, value: Buffer.from(value) }]
    problem(`\`secret-envs\` names for ${id} a variable that is not set; give it in \`env\` of the step`)
    return []
  })
  const files = pairs('secret-files', inputs.files).map(([id, path]) => ({ id, path: resolve(place.workspace, path) }))
  return { secrets: [...values, ...envs], files }
}

/**
 * The secret in a file of at most 500 KiB.
 *
 * @throws Error that names id and path
 */
export async function readSecretFile({ id, path }: SecretFile): Promise<BuildSecret> {
  const wrong = (why: string): Error => new Error(`\`secret-files\`: ${path}, for ${id}, ${why}`)
  // A pipe that nobody writes to is waited for otherwise.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw wrong(
      `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}); is the path relative to the workspace?`
    )
  })
  try {
    const found = await file.stat()
    if (!found.isFile()) throw wrong('is no file')
    if (found.size > MAX_BYTES) throw wrong('has more than 500 KiB, which is too much for a build secret')
    return { id, value: await file.readFile() }
  } finally {
    await file.close()
  }
}

function shownId(id: string): string {
  return ID.test(id) ? id : 'an id'
}
