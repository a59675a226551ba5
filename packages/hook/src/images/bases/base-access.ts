import type { BaseAccess } from '@kaniko-hooks/builder'

import type { Call, Cluster, Report } from '../../job/call.js'
import { messageOf } from '../../report/errors.js'
import { secretName } from '../../pods/names.js'
import { ownedBy, type Owner } from '../../pods/owner.js'
import { pullSecret } from '../../pods/secrets.js'
import { warningCommand } from '../../report/workflow-commands.js'
import { buildTokenSeconds } from '../../settings/token-life.js'
import { tokenEntry } from '../connector/account-token.js'
import { baseTokens } from './base-tokens.js'
import type { Bases } from './bases.js'

/** For the deletion of the Secrets, whatever became of the build. */
const CLEANUP_MS = 3_000

/**
 * Lends a build what it needs to fetch its base images. The container that gets it runs `RUN` lines, which can read it and
 * send it away. So the tokens of connectors' accounts are bound to an empty Secret, and end when that is deleted: with the
 * build, however it went. Where nobody deleted it, `cleanup_job` does, or the end of the runner's pod.
 *
 * @throws HookError SETTING when a token cannot be had; whatever `build` throws
 */
export async function withBaseAccess<T>(
  call: Call,
  owner: Owner,
  { proxies, credentials }: Bases,
  build: (access: BaseAccess) => Promise<T>
): Promise<T> {
  if (proxies.length === 0) return build(credentials === undefined ? {} : { credentials: credentials.secret })
  const { kube, cancelled } = call
  const life = secretName(owner.runnerPod)
  const config = secretName(owner.runnerPod)
  const seconds = buildTokenSeconds(call.settings)
  let lent = false
  try {
    const marker = { apiVersion: 'v1', kind: 'Secret', metadata: ownedBy(owner, life) }
    const { metadata } = await kube.create('secrets', marker, { signal: cancelled })
    const boundTo = { kind: 'Secret', name: life, uid: metadata?.uid ?? '' } as const
    const tokens = await baseTokens(call, proxies, seconds, boundTo)
    lent = true
    const text = withTokens(credentials?.config ?? '{}', tokens)
    await kube.create(
      'secrets',
      { ...pullSecret(owner, text), metadata: ownedBy(owner, config) },
      { signal: cancelled }
    )
    return await build({ proxies, credentials: config })
  } finally {
    const [problem] = await Promise.all([remove(call, life), remove(call, config)])
    if (lent && problem !== undefined) call.print(warningCommand(outlives(life, problem, proxies, seconds)))
  }
}

function outlives(life: string, problem: string, proxies: Bases['proxies'], seconds: number): string {
  const accounts = [...new Set(proxies.map(({ serviceAccount }) => serviceAccount))].join(', ')
  return (
    `The Secret ${life} could not be deleted (${problem}). Until it is, which cleanup_job tries again, ` +
    `a token of service account ${accounts} that RUN lines could read is good, for ${Math.ceil(seconds / 60)} minutes at most.`
  )
}

/** A docker configuration with these hosts besides its own; whatever else is in it stays as it is. */
function withTokens(config: string, tokens: Awaited<ReturnType<typeof baseTokens>>): string {
  const { auths, ...rest } = JSON.parse(config) as { readonly auths?: object }
  const added = [...tokens].map(([host, { password }]) => [host, tokenEntry(password)] as const)
  return JSON.stringify({ ...rest, auths: { ...auths, ...Object.fromEntries(added) } })
}

/** Returns why it could not be done. Never throws: it must not hide how the build went. */
async function remove({ kube, note }: Cluster & Report, name: string): Promise<string | undefined> {
  try {
    await kube.delete('secrets', name, { signal: AbortSignal.timeout(CLEANUP_MS) })
    return undefined
  } catch (error) {
    const problem = messageOf(error)
    note(problem)
    return problem
  }
}
