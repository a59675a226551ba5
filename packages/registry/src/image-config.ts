import type { RegistryClient } from './client.js'
import { isDigest } from './reference.js'

/** What an image says of containers of it, as far as Kubernetes does not look at it. All of it is its author's word. */
export interface ImageConfig {
  /** `HEALTHCHECK`, as it was written: `["CMD", …]`, `["CMD-SHELL", line]` or `["NONE"]`. */
  readonly healthTest: readonly string[]
  /** In nanoseconds; 0 for the default. */
  readonly healthTimes: Readonly<Record<'Interval' | 'Timeout' | 'StartPeriod', number>>
  /** 0 for the default. */
  readonly healthRetries: number
  /** `EXPOSE`: `80/tcp`. */
  readonly exposedPorts: readonly string[]
}

/** Registries need not take larger ones, and the largest that are known have some tens of KiB. */
const MAX_CONFIG_BYTES = 1024 * 1024

/**
 * Reads the configuration of an image, by two or three requests.
 *
 * @param reference tag or digest
 * @param arch as images name architectures: `amd64`; of an index, that one of Linux is taken
 * @returns undefined when the registry has no such image, or the image has no configuration that can be read
 * @throws RegistryError when it is not known
 * @see https://github.com/moby/docker-image-spec/blob/main/spec.md
 */
export async function readImageConfig(
  client: RegistryClient,
  repository: string,
  reference: string,
  arch: string,
  signal?: AbortSignal
): Promise<ImageConfig | undefined> {
  const first = objectOf(await manifest(client, repository, reference, signal))
  const ofArch = listOf(first['manifests'])
    .map(objectOf)
    .find(({ platform }) => objectOf(platform)['os'] === 'linux' && objectOf(platform)['architecture'] === arch)
  const digest = ofArch === undefined ? undefined : digestOf(ofArch)
  const image = digest === undefined ? first : objectOf(await manifest(client, repository, digest, signal))
  const config = digestOf(objectOf(image['config']))
  const blob = config === undefined ? undefined : await client.getBlob(repository, config, MAX_CONFIG_BYTES, signal)
  return blob === undefined ? undefined : configOf(objectOf(objectOf(parsed(blob))['config']))
}

async function manifest(
  client: RegistryClient,
  repository: string,
  reference: string,
  signal: AbortSignal | undefined
): Promise<unknown> {
  const found = await client.getManifest(repository, reference, signal)
  return found === undefined ? undefined : parsed(found.content)
}

function configOf(config: Readonly<Record<string, unknown>>): ImageConfig {
  const health = objectOf(config['Healthcheck'])
  const number = (name: string): number => {
    const value = health[name]
    return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0
  }
  return {
    healthTest: listOf(health['Test']).filter(word => typeof word === 'string'),
    healthTimes: { Interval: number('Interval'), Timeout: number('Timeout'), StartPeriod: number('StartPeriod') },
    healthRetries: number('Retries'),
    exposedPorts: Object.keys(objectOf(config['ExposedPorts']))
  }
}

function digestOf({ digest }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString())
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
