import { parseReference, RegistryError } from '@kaniko-hooks/registry'

/** A registry whose images are fetched from another place, and never from itself. */
export interface RegistryProxy {
  /** As `registryOf` has it: `docker.io`, `registry.example.com:5000`. */
  readonly registry: string
  /** Where they are fetched instead. Registry clients put the path before the repository; it may be empty. */
  readonly place: { readonly host: string; readonly path: string; readonly plainHttp: boolean }
  /** What stands there, for messages: `the connector team/harbor`. */
  readonly name: string
  /** Where its credential is from, for messages. */
  readonly origin: string
}

/** In which registry an image is: `host[:port]`. A text that names no image is in none: the builder will refuse it. */
export function registryOf(reference: string): string | undefined {
  try {
    return registryName(parseReference(reference).domain)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return undefined
  }
}

/** Docker Hub has several names, and one here. */
export function registryName(host: string): string {
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host
}
