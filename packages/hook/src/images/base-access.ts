import type { BaseAccess } from '@kaniko-hooks/build'

import type { Call } from '../call.js'
import { messageOf } from '../errors.js'
import { secretName } from '../pods/names.js'
import { ownedBy, type Owner } from '../pods/owner.js'
import { pullSecret } from '../pods/secrets.js'
import { tokenEntry } from './account-token.js'
import { baseTokens } from './base-tokens.js'
import type { Bases } from './bases.js'
import { secretValue } from './registry-place.js'

/** A token outlasts its build by so much; mostly it ends with it. */
const MARGIN_SECONDS = 300

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
  const { kube, settings, cancelled } = call
  const life = { apiVersion: 'v1', kind: 'Secret', metadata: ownedBy(owner, secretName(owner.runnerPod)) }
  const made = [life.metadata.name]
  try {
    const { metadata } = await kube.create('secrets', life, { signal: cancelled })
    const boundTo = { kind: 'Secret', name: metadata?.name ?? '', uid: metadata?.uid ?? '' } as const
    const seconds = settings.kaniko.timeoutSeconds + MARGIN_SECONDS
    const tokens = await baseTokens(call, proxies, seconds, boundTo)
    const own = credentials === undefined ? '{}' : await dockerConfig(call, credentials.secret)
    const secret = pullSecret(owner, withTokens(own, tokens))
    made.push(secret.metadata?.name)
    await kube.create('secrets', secret, { signal: cancelled })
    return await build({ proxies, credentials: secret.metadata?.name ?? '' })
  } finally {
    await Promise.all(made.map(async name => remove(call, name ?? '')))
  }
}

async function dockerConfig(call: Call, secret: string): Promise<string> {
  return secretValue(call, { secret, key: '.dockerconfigjson' })
}

/** A docker configuration with these hosts besides its own; whatever else is in it stays as it is. */
function withTokens(config: string, tokens: Awaited<ReturnType<typeof baseTokens>>): string {
  const { auths, ...rest } = JSON.parse(config) as { readonly auths?: object }
  const added = [...tokens].map(([host, { password }]) => [host, tokenEntry(password)] as const)
  return JSON.stringify({ ...rest, auths: { ...auths, ...Object.fromEntries(added) } })
}

/** Never throws: it must not hide how the build went. */
async function remove({ kube, note }: Call, name: string): Promise<void> {
  try {
    await kube.delete('secrets', name, { signal: AbortSignal.timeout(CLEANUP_MS) })
  } catch (error) {
    note(messageOf(error))
  }
}
