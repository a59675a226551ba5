import * as v from 'valibot'

import { MAX_REQUEST, PROTOCOL_VERSION } from './mailbox.js'

/** Of tags, secrets and credentials; labels and the like are bounded by the whole. */
const MAX_MANY = 50

/** A day; the hook's own limit may be shorter. */
const MAX_TIMEOUT_MS = 24 * 3_600_000

/** More sentences are no help. */
const MAX_PROBLEMS = 50

const FEW = `has more than ${MAX_MANY} entries`

const text = v.pipe(v.string(), v.nonEmpty('is empty'))
/** Of names that stand before `=` in an argument of a builder. */
const key = v.pipe(v.string(), v.regex(/^[^=\s\p{Cc}]{1,256}$/u, 'is no name: it has blanks, control characters or ='))
const plain = v.pipe(
  v.string(),
  v.check(value => !value.includes('\0'), 'holds the character NUL')
)
/** As the container of the step sees it. */
const path = v.pipe(
  plain,
  v.startsWith('/', 'is no absolute path'),
  v.maxLength(4096, 'is longer than 4096 characters')
)
const pairs = v.record(key, plain)
const base64 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/, 'is not base64'))

const secret = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,128}$/, 'has other characters than letters, digits, _ . and -')),
  /** In base64. */
  value: base64
})

const registry = v.pipe(v.string(), v.regex(/^[A-Za-z0-9.[\]:-]{1,255}$/, 'is no registry as host or host:port'))

/** As a docker configuration has them: a user, a token that the registry's token service exchanges, or one that it takes. */
const credential = v.union(
  [
    v.strictObject({ registry, username: text, password: text }),
    v.strictObject({ registry, identityToken: text }),
    v.strictObject({ registry, registryToken: text })
  ],
  'is no registry with username and password, identityToken or registryToken'
)

const request = v.strictObject({
  version: v.literal(PROTOCOL_VERSION),
  /** A directory. */
  context: path,
  /** A file; default: `Dockerfile` in the context. */
  dockerfile: v.optional(path),
  /** References with a tag; one at least for a push. */
  tags: v.optional(v.pipe(v.array(text), v.maxLength(MAX_MANY, FEW)), []),
  push: v.optional(v.boolean(), false),
  buildArgs: v.optional(pairs, {}),
  labels: v.optional(pairs, {}),
  annotations: v.optional(pairs, {}),
  target: v.optional(text),
  platform: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, 'is not like linux/amd64'))),
  noCache: v.optional(v.boolean(), false),
  secrets: v.optional(v.pipe(v.array(secret), v.maxLength(MAX_MANY, FEW)), []),
  /** For the push alone. */
  credentials: v.optional(v.pipe(v.array(credential), v.maxLength(MAX_MANY, FEW)), []),
  /** For base images. Every `RUN` line of the build can read them. */
  baseCredentials: v.optional(v.pipe(v.array(credential), v.maxLength(MAX_MANY, FEW)), []),
  /** In milliseconds. The hook's own limit counts too. */
  timeoutMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1000), v.maxValue(MAX_TIMEOUT_MS)))
})

/**
 * A build that a step wants. It is data and never a spec: nothing in it names an image of a builder, an account, a volume or
 * anything else of a pod.
 */
export type BrokerRequest = v.InferOutput<typeof request>

/** The same as it is written: what has a default may be left out. */
export type WrittenRequest = v.InferInput<typeof request>

/** A request that can be used, or all that is wrong with it, as sentences without a full stop. */
export type ReadRequest =
  | { readonly request: BrokerRequest; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly request?: never }

/**
 * Reads a request, which is not trusted. What is said of it never quotes a value: a value may be a secret.
 *
 * @param written the file's text
 */
export function readRequest(written: string): ReadRequest {
  if (Buffer.byteLength(written) > MAX_REQUEST) return { problems: [`the request is longer than ${MAX_REQUEST} bytes`] }
  let content: unknown
  try {
    content = JSON.parse(written)
  } catch {
    return { problems: ['the request is no JSON'] }
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return { problems: ['the request is no JSON object'] }
  }
  const { version } = content as { readonly version?: unknown }
  if (version !== PROTOCOL_VERSION) {
    const said = typeof version === 'number' ? `version ${version}` : 'no version'
    return { problems: [`the request has ${said} of the protocol, and this hook speaks version ${PROTOCOL_VERSION}`] }
  }
  const result = v.safeParse(request, content)
  if (!result.success) return { problems: result.issues.slice(0, MAX_PROBLEMS).map(sentence) }
  const problems = ofTags(result.output)
  return problems.length > 0 ? { problems } : { request: result.output }
}

function ofTags({ tags, push }: BrokerRequest): string[] {
  return push && tags.length === 0 ? ['push: there is no tag to push'] : []
}

function sentence(issue: v.BaseIssue<unknown>): string {
  const where = shown(v.getDotPath(issue) ?? 'the request')
  if (issue.expected === 'never') return `${where}: is not a known field`
  if (issue.received === 'undefined') return `${where}: is required`
  // The library's own sentences quote what was received.
  const isOurs = !issue.message.startsWith('Invalid ')
  return `${where}: ${isOurs ? issue.message : `is not ${issue.expected ?? 'what it has to be'}`}`
}

/** Names of fields are a stranger's too. */
function shown(name: string): string {
  return name.replace(/[^\x21-\x7e]+/g, '?').slice(0, 100)
}
