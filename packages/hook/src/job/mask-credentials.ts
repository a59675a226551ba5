import { createHash } from 'node:crypto'

import type { Cluster, Report } from './call.js'
import { maskCommand } from '../report/workflow-commands.js'
import type { RegistryArgs } from '../protocol/schema.js'

/** Lets the runner blot out a container's credentials, in every form in which they travel, before anything could print them. */
export function maskCredentials(report: Report, registry: RegistryArgs | null | undefined): void {
  const { username, password } = registry ?? {}
  if (password == null || password === '') return
  report.print(maskCommand(password))
  report.print(maskCommand(Buffer.from(`${username ?? ''}:${password}`).toString('base64')))
}

/**
 * Lets the runner mask the token that this hook sends to the API server, should a step ever find it. The kubelet
 * renews it within the hour, and the runner keeps what it masks for the job.
 *
 * @param known what this gave in an earlier call of the job
 * @returns a hash of the token, for the job's state; undefined where there is no token
 */
export async function maskOwnToken(call: Cluster & Report, known?: string): Promise<string | undefined> {
  const token = await call.ownToken()
  if (token === undefined || token === '') return undefined
  call.secrets.add(token)
  const hash = createHash('sha256').update(token).digest('hex').slice(0, 16)
  if (hash !== known) call.print(maskCommand(token))
  return hash
}
