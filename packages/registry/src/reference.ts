import { RegistryError } from './errors.js'

/**
 * The name of an image, parsed once and passed on as a value.
 * `localhost:31500/a/b@sha256:…` has the domain `localhost:31500`, the repository `a/b` and a digest.
 */
export interface ImageReference {
  /** Registry host with port, `docker.io` when the text named none. */
  readonly domain: string
  /** Path in that registry, without tag or digest, such as `library/alpine`. */
  readonly repository: string
  readonly tag?: string
  /** `<algorithm>:<hex>`. */
  readonly digest?: string
}

/*
 * The grammar of github.com/distribution/reference (regexp.go), part by part:
 *
 *   reference := name [ ":" tag ] [ "@" digest ]
 *   name      := [ domain "/" ] remote-name
 */

/** A lower-case atom of a path. */
const ALPHANUMERIC = '[a-z0-9]+'

/** One period, one or two underscores, or any number of dashes. */
const SEPARATOR = '(?:[._]|__|-+)'

const PATH_COMPONENT = `${ALPHANUMERIC}(?:${SEPARATOR}${ALPHANUMERIC})*`

const REMOTE_NAME = `${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`

const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'

/** Without zone identifiers and without embedded IPv4 addresses, as the specification has it. */
const IPV6_ADDRESS = '\\[[a-fA-F0-9:]+\\]'

const HOST = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|${IPV6_ADDRESS})`

const DOMAIN = `${HOST}(?::[0-9]+)?`

const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}'

const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'

const REFERENCE = new RegExp(`^(${DOMAIN})/(${REMOTE_NAME})(?::(${TAG}))?(?:@(${DIGEST}))?$`)

/** 64 hex digits alone name an image by id, never a repository (`docker run <id>`). */
const IDENTIFIER = /^[a-f0-9]{64}$/

/** Hex digits of the algorithms that registries know (OCI image specification, "Registered algorithms"). */
const DIGEST_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }

const MAX_REPOSITORY_LENGTH = 255

const DOCKER_HUB = 'docker.io'

/**
 * Parses an image reference by the rules of Docker's command line (`ParseNormalizedNamed` of distribution/reference):
 * a first element without `.`, `:` or capitals that is not `localhost` belongs to the path on Docker Hub, and a single
 * element there is in `library/`. No tag is invented.
 *
 * @throws RegistryError `INVALID_REFERENCE` that says which part is wrong
 */
export function parseReference(text: string): ImageReference {
  const invalid = (why: string): RegistryError =>
    new RegistryError('INVALID_REFERENCE', `"${text.slice(0, 300)}" is not an image reference: ${why}`)

  if (text === '') throw invalid('it is empty')
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(text)) throw invalid('leave out the scheme (https://)')
  if (IDENTIFIER.test(text)) throw invalid('64 hex digits are an image id, not a name')

  const [domain, remainder] = splitDomain(text)
  const path = remainder.split(/[:@]/, 1)[0] ?? ''
  if (path !== path.toLowerCase()) throw invalid('the repository name must be lower case')
  if (path.length > MAX_REPOSITORY_LENGTH) throw invalid(`the repository name is longer than ${MAX_REPOSITORY_LENGTH}`)

  const match = REFERENCE.exec(`${domain}/${remainder}`)
  if (match?.[1] === undefined || match[2] === undefined) throw invalid('expected [host[:port]/]path[:tag][@digest]')
  const [, , repository, tag, digest] = match
  if (digest !== undefined) checkDigest(digest, invalid)
  return {
    domain,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest })
  }
}

/** The canonical text of a reference: `domain/repository[:tag][@digest]`. */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`
  return `${reference.domain}/${reference.repository}${tag}${digest}`
}

/** Whether a text is a digest with the length that its algorithm has; `sha256:` with 64 hex digits, for one. */
export function isDigest(text: string): boolean {
  const [algorithm = '', hex = ''] = text.split(':', 2)
  return new RegExp(`^${DIGEST}$`).test(text) && DIGEST_LENGTHS[algorithm] === hex.length && hex === hex.toLowerCase()
}

function splitDomain(text: string): readonly [domain: string, remainder: string] {
  const slash = text.indexOf('/')
  const first = slash === -1 ? '' : text.slice(0, slash)
  const rest = text.slice(slash + 1)
  if (first === DOCKER_HUB || first === `index.${DOCKER_HUB}`) return [DOCKER_HUB, inLibrary(rest)]
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  return isDomain ? [first, rest] : [DOCKER_HUB, inLibrary(text)]
}

function inLibrary(remainder: string): string {
  return remainder.includes('/') ? remainder : `library/${remainder}`
}

function checkDigest(digest: string, invalid: (why: string) => RegistryError): void {
  const [algorithm = '', hex = ''] = digest.split(':', 2)
  const length = DIGEST_LENGTHS[algorithm]
  if (length === undefined) throw invalid(`the digest algorithm ${algorithm} is unknown`)
  if (hex.length !== length) throw invalid(`a ${algorithm} digest has ${length} hex digits, this one ${hex.length}`)
  if (hex !== hex.toLowerCase()) throw invalid('the hex digits of a digest are lower case')
}
