import type { Target } from '@kaniko-hooks/builder'
import { parseReference, type ImageReference } from '@kaniko-hooks/registry'
import type { Credentials } from '../../credentials/find.js'

/** A repository that a build pushes to, with its tags. */
export interface Place {
  readonly reference: ImageReference
  /** As the user wrote them, by the tag. */
  readonly written: ReadonlyMap<string, string>
}

/**
 * Groups references by repository: an image is uploaded once to each, and its further tags cost a request.
 *
 * @param references whole ones with a tag
 */
export function placesOf(references: readonly string[]): readonly Place[] {
  const places = new Map<string, { readonly reference: ImageReference; readonly written: Map<string, string> }>()
  for (const text of references) {
    const { domain, repository, tag = 'latest' } = parseReference(text)
    const name = `${domain}/${repository}`
    const place = places.get(name) ?? { reference: { domain, repository, tag }, written: new Map<string, string>() }
    places.set(name, place)
    if (!place.written.has(tag)) place.written.set(tag, text)
  }
  return [...places.values()]
}

/**
 * The place in the words of an engine.
 *
 * @param credential the Secret with its credential; undefined for none
 */
export function targetOf(
  { reference, written }: Place,
  credential: string | undefined,
  insecureRegistries: readonly string[]
): Target {
  const { domain, repository } = reference
  const [first = 'latest', ...tags] = written.keys()
  return {
    pushRef: `${domain}/${repository}:${first}`,
    insecureRegistries: insecureRegistries.includes(domain) ? [domain] : [],
    ...(tags.length === 0 ? {} : { tags }),
    ...(credential === undefined ? {} : { access: { kind: 'docker-config', secret: credential } })
  }
}

/** The `config.json` for one place alone: the container that pushes there has no other credential. */
export function configOf(place: Place, credentials: Credentials): string | undefined {
  return credentials.configFor([place.reference])
}
