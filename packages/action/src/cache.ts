import { formatReference, parseReference, type ImageReference } from '@kaniko-hooks/registry'
import { readAttributes } from './attributes.js'

/** What the inputs say of the layer cache. */
export interface CacheInputs {
  readonly cache: string
  readonly noCache: boolean
  readonly repository: string
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** Of the image, as whole references. */
  readonly tags: readonly string[]
}

interface Told {
  readonly problem: (sentence: string) => void
  readonly notice: (sentence: string) => void
}

/**
 * The repository in which layers are looked for and kept; undefined for no cache.
 *
 * `cache-from` and `cache-to` name one repository: Kaniko keeps each layer under a tag of its own, so a tag in these inputs means nothing,
 * and the image's own repository gets `/cache` behind its name.
 */
export function readCache(inputs: CacheInputs, told: Told): string | undefined {
  const { cache, repository, tags } = inputs
  if (!['auto', 'true', 'false'].includes(cache.toLowerCase())) {
    told.problem(`\`cache\` is true, false or auto, not ${JSON.stringify(cache)}`)
    return undefined
  }
  const named = namedRepository(repository, told) ?? referencedRepository(inputs, told)
  if (inputs.noCache || cache.toLowerCase() === 'false') return undefined
  if (named !== undefined) return onHub(named, told)
  if (cache.toLowerCase() === 'auto') return undefined
  const [first] = tags
  if (first === undefined) {
    told.problem('`cache: true` needs `cache-repository`, or `tags` to derive a repository from')
    return undefined
  }
  return onHub(below(parseReference(first)), told)
}

function namedRepository(text: string, told: Told): string | undefined {
  if (text === '') return undefined
  const parsed = parsedOr(text, '`cache-repository`', told)
  if (parsed === undefined) return undefined
  if (parsed.tag === undefined && parsed.digest === undefined) return nameOf(parsed)
  told.problem('`cache-repository` is a repository without a tag')
  return undefined
}

function referencedRepository({ from, to, tags }: CacheInputs, told: Told): string | undefined {
  const found = [
    ...from.flatMap(element => referenceOf('cache-from', element, told) ?? []),
    ...to.flatMap(element => referenceOf('cache-to', element, told) ?? [])
  ]
  const repositories = [...new Set(found.map(nameOf))]
  const [first] = found
  if (first === undefined) return undefined
  if (repositories.length > 1) {
    told.problem(
      `\`cache-from\` and \`cache-to\` name ${repositories.join(' and ')}; Kaniko looks for layers where it keeps them: name one repository`
    )
    return undefined
  }
  const isImages = tags.some(tag => nameOf(parseReference(tag)) === nameOf(first))
  const repository = isImages ? below(first) : nameOf(first)
  told.notice(`Layers are kept in the repository ${repository}, each under a tag of its own.`)
  if (to.length === 0) told.notice('`cache-from` is written to as well; `no-cache: true` leaves the cache out.')
  return repository
}

function referenceOf(input: string, element: string, told: Told): ImageReference | undefined {
  const attributes = readAttributes(element, 'ref')
  const type = attributes.get('type') ?? 'registry'
  if (type !== 'registry') {
    told.problem(
      `\`${input}\` has type=${type}, but layers are cached in a registry alone: write \`cache-repository\`, or type=registry,ref=…`
    )
    return undefined
  }
  const extra = [...attributes.keys()].filter(key => !['type', 'ref', 'mode'].includes(key))
  if (extra.length > 0) told.notice(`\`${input}\`: ${extra.join(', ')} means nothing to Kaniko's layers.`)
  const reference = attributes.get('ref')
  if (reference !== undefined && reference !== '') return parsedOr(reference, `\`${input}\``, told)
  told.problem(`\`${input}\` has no ref=`)
  return undefined
}

/** Docker Hub has no repositories below repositories. */
function onHub(repository: string, told: Told): string | undefined {
  const parts = repository.split('/')
  if (parts[0] !== 'docker.io' || parts.length <= 3) return repository
  const flat = parts.slice(1, 3).join('/')
  told.problem(
    `Docker Hub has no repository ${repository}, since names have two parts there: write \`cache-repository: ${flat}-cache\``
  )
  return undefined
}

function below(reference: ImageReference): string {
  return `${nameOf(reference)}/cache`
}

function nameOf({ domain, repository }: ImageReference): string {
  return formatReference({ domain, repository })
}

function parsedOr(text: string, input: string, told: Told): ImageReference | undefined {
  try {
    return parseReference(text)
  } catch (error) {
    told.problem(`${input}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
