import { readFile } from 'node:fs/promises'

import type { BuildSecret } from '@kaniko-hooks/client'

import type { SecretSource } from './plan.js'

/** What RUN lines read into a variable, or a key; BuildKit has the same limit (`secretsprovider`, MaxSecretSize). */
const MAX_BYTES = 500 * 1024

/**
 * Reads the values of secrets.
 *
 * @returns the secrets, or what is wrong with all that cannot be read, without their values
 */
export async function readSecrets(
  sources: readonly SecretSource[],
  env: Readonly<Record<string, string | undefined>>
): Promise<{ readonly secrets: readonly BuildSecret[]; readonly problems: readonly string[] }> {
  const problems: string[] = []
  const secrets: BuildSecret[] = []
  for (const { id, from } of sources) {
    const wrong = (why: string): void => void problems.push(`--secret id=${id}: ${why}.`)
    if ('variable' in from) {
      const text = env[from.variable]
      if (text === undefined) wrong(`the variable ${from.variable} is not set`)
      else secrets.push({ id, value: Buffer.from(text) })
      continue
    }
    try {
      const value = await readFile(from.file)
      if (value.length > MAX_BYTES) wrong(`the file ${from.file} is longer than ${MAX_BYTES} bytes`)
      else secrets.push({ id, value })
    } catch (error) {
      wrong(`the file ${from.file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`)
    }
  }
  return { secrets, problems }
}
