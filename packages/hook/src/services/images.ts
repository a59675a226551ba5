import { setTimeout as sleep } from 'node:timers/promises'

import {
  parseReference,
  readImageConfig,
  RegistryClient,
  type Credential,
  type ImageConfig
} from '@kaniko-hooks/registry'

import type { Call } from '../job/call.js'
import type { HealthOptions } from '../options/health.js'
import { optionPolicy } from '../options/policy.js'
import type { ContainerArgs, RegistryArgs } from '../protocol/schema.js'
import { messageOf } from '../report/errors.js'

/** For all images together: a job must not wait for what is only good to know. */
const LIMIT_MS = 2_000
const NANOSECONDS = 1_000_000

/**
 * Reads what the images of services say of checks and ports. Only registries that `services.imageRegistries` names are asked,
 * anonymously or with the credentials that the workflow has for that service; a registry that does not answer says nothing.
 *
 * @returns for each service what its image says, or undefined
 */
export async function readServiceImages(
  call: Call,
  services: readonly ContainerArgs[]
): Promise<(ImageConfig | undefined)[]> {
  const over = new AbortController()
  const signal = AbortSignal.any([call.cancelled, AbortSignal.timeout(LIMIT_MS), over.signal])
  const late = sleep(LIMIT_MS, undefined, { signal: over.signal }).catch(() => undefined)
  try {
    return await Promise.all(services.map(async service => Promise.race([read(call, service, signal), late])))
  } finally {
    over.abort()
  }
}

async function read(
  { settings, note }: Call,
  { image, registry }: ContainerArgs,
  signal: AbortSignal
): Promise<ImageConfig | undefined> {
  try {
    const { domain, repository, tag, digest } = parseReference(image ?? '')
    if (!settings.services.imageRegistries.includes(domain)) return undefined
    const client = new RegistryClient(domain, {
      plainHttp: settings.build.insecureRegistries.includes(domain),
      credential: credentialFor(domain, registry),
      retries: 0
    })
    return await readImageConfig(client, repository, digest ?? tag ?? 'latest', optionPolicy(settings).arch, signal)
  } catch (error) {
    note(`What the image ${image ?? ''} says of its check and its ports is not known: ${messageOf(error)}`)
    return undefined
  }
}

/** The workflow's own, and for the registry of the image only: `credentials:` are for whom the runner names. */
function credentialFor(domain: string, registry: RegistryArgs | null): Credential | undefined {
  const { username, password, serverUrl } = registry ?? {}
  if (username == null || username === '' || password == null || password === '') return undefined
  const host = (serverUrl ?? '').replace(/^https?:\/\//, '').split('/', 1)[0] ?? ''
  const isHub = host === '' || host === 'index.docker.io'
  return (isHub ? 'docker.io' : host) === domain ? { username, password } : undefined
}

/** The check of a service: what its options do not say, its image does, as docker merges both. */
export function withImage(options: HealthOptions, image: ImageConfig | undefined): HealthOptions {
  const [form, ...words] = image?.healthTest ?? []
  if (image === undefined || options.disabled || (form !== 'CMD' && form !== 'CMD-SHELL')) return options
  const { healthTimes: times, healthRetries } = image
  const ms = (name: keyof typeof times): number => times[name] / NANOSECONDS
  const command = form === 'CMD-SHELL' ? { command: words.join(' ') } : { program: words }
  return {
    ...(options.command === undefined ? command : {}),
    ...(times.Interval === 0 ? {} : { intervalMs: ms('Interval') }),
    ...(times.Timeout === 0 ? {} : { timeoutMs: ms('Timeout') }),
    ...(times.StartPeriod === 0 ? {} : { startPeriodMs: ms('StartPeriod') }),
    ...(healthRetries === 0 ? {} : { retries: healthRetries }),
    ...options
  }
}
