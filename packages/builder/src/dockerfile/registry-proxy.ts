import { parseReference, RegistryError } from '@kaniko-hooks/registry'

/** A registry whose images are fetched from another place, and never from itself. */
export interface RegistryProxy {
  /** As `registryOf` has it: `docker.io`, `registry.example.com:5000`. */
  readonly registry: string
  /** How else images may spell it: the builder compares letter by letter. */
  readonly spellings?: readonly string[]
  /** Where they are fetched instead. Registry clients put the path before the repository; it may be empty. */
  readonly place: { readonly host: string; readonly path: string; readonly plainHttp: boolean }
  /** What stands there, for messages: `the connector team/harbor`. */
  readonly name: string
  /** Where its credential is from, for messages. */
  readonly origin: string
}

/** In which registry an image is, by `registryName`; undefined for a text that is no image's name. */
export function registryOf(reference: string): string | undefined {
  const spelled = spelledRegistry(reference)
  return spelled === undefined ? undefined : registryName(spelled)
}

/** The same as it is spelled there: `host[:port]`. */
export function spelledRegistry(reference: string): string | undefined {
  try {
    return parseReference(reference).domain
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return undefined
  }
}

/** One name for a registry, however it is spelled. Docker Hub has several. */
export function registryName(host: string): string {
  const name = host.toLowerCase().replace(/:443$/, '')
  return ['index.docker.io', 'registry-1.docker.io'].includes(name) ? 'docker.io' : name
}
