import {
  formatDockerConfig,
  secretsOf,
  type Credential,
  type ImageReference,
  type LocalDockerConfig
} from '@kaniko-hooks/registry'
import { askHelper, HelperError } from './helper.js'
import type { CredentialSource, Environment } from './sources.js'

const DOCKER_HUB = 'https://index.docker.io/v1/'

/** Names of repositories; a tag does not matter. */
type Repository = Pick<ImageReference, 'domain' | 'repository'>

/** A credential, and where it is from. */
export interface FoundCredential {
  readonly credential: Credential
  /** For messages: `~/.docker/config.json`. */
  readonly origin: string
}

/** What a build is let in with, and nothing else that a machine has. */
export class Credentials {
  readonly #found: ReadonlyMap<string, FoundCredential>
  /** Sentences about helpers that could not be asked. */
  readonly warnings: readonly string[]

  constructor(found: ReadonlyMap<string, FoundCredential>, warnings: readonly string[]) {
    this.#found = found
    this.warnings = warnings
  }

  for(repository: Repository): FoundCredential | undefined {
    return this.#found.get(nameOf(repository))
  }

  /**
   * The text of a docker `config.json` for these repositories alone, undefined when none of them has a credential. Of two that
   * differ in one registry it has the first: who needs both makes two texts.
   */
  configFor(repositories: readonly Repository[]): string | undefined {
    const credentials = new Map<string, Credential>()
    for (const repository of repositories) {
      const found = this.for(repository)
      if (found !== undefined && !credentials.has(repository.domain)) {
        credentials.set(repository.domain, found.credential)
      }
    }
    return credentials.size === 0 ? undefined : formatDockerConfig(credentials)
  }

  /** All that must never be printed. A getter, so that a value that somebody logs does not show it. */
  get secrets(): readonly string[] {
    return [...new Set([...this.#found.values()].flatMap(({ credential }) => secretsOf(credential)))]
  }
}

/**
 * Finds the credential of each repository that a build pushes to or fetches from. The first source that has one counts; a
 * source's helper is asked before its file, and one that cannot be asked is a warning, since another place may have what is
 * needed.
 *
 * @param env of the helpers
 * @throws RegistryError `BAD_CREDENTIALS` for a source that cannot be read
 */
export async function findCredentials(
  repositories: readonly Repository[],
  sources: readonly CredentialSource[],
  env: Environment,
  signal?: AbortSignal
): Promise<Credentials> {
  const found = new Map<string, FoundCredential>()
  const warnings = new Set<string>()
  const asked = new Map<string, Promise<Credential | undefined>>()
  const ask = async (helper: string, domain: string): Promise<Credential | undefined> => {
    const key = `${helper} ${domain}`
    const answer = asked.get(key) ?? askHelper(helper, domain === 'docker.io' ? DOCKER_HUB : domain, env, signal)
    asked.set(key, answer)
    return answer.catch((error: unknown) => {
      if (!(error instanceof HelperError) || signal?.aborted === true) throw error
      warnings.add(`No credential for ${domain} from a helper: ${error.message}`)
      return undefined
    })
  }
  for (const { name, config } of sources) {
    const missing = repositories.filter(repository => !found.has(nameOf(repository)))
    if (missing.length === 0) break
    const read = await config()
    for (const repository of missing) {
      const credential = await credentialIn(read, repository, ask)
      if (credential !== undefined) found.set(nameOf(repository), { credential, origin: name })
    }
  }
  return new Credentials(found, [...warnings])
}

async function credentialIn(
  { keychain, helperFor }: LocalDockerConfig,
  { domain, repository }: Repository,
  ask: (helper: string, domain: string) => Promise<Credential | undefined>
): Promise<Credential | undefined> {
  const helper = helperFor(domain)
  const told = helper === undefined ? undefined : await ask(helper, domain)
  return told ?? keychain.credentialFor(domain, repository)
}

function nameOf({ domain, repository }: Repository): string {
  return `${domain}/${repository}`
}
