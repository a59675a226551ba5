import type { RegistryErrorCode, RegistryProblem } from './errors.js'

/** Takes secrets out of a text that a server wrote. */
export type Redact = (text: string) => string

/** A server's text is quoted up to this length. */
const MAX_QUOTE = 500

/** Takes each of these out, also as it stands in an address or a form: servers quote what they were sent. */
export function redactor(secrets: Iterable<string>): Redact {
  const forms = [...secrets].flatMap(secret => {
    const inForm = new URLSearchParams({ '': secret }).toString().slice(1)
    return [secret, inForm, inForm.replaceAll('+', '%20')]
  })
  // The longest first: one may lie within another.
  const known = [...new Set(forms)].filter(form => form !== '').sort((a, b) => b.length - a.length)
  return text => known.reduce((rest, form) => rest.replaceAll(form, '***'), text)
}

/** What a status that is no success means, the same for every verb. */
export function codeOf(status: number): RegistryErrorCode {
  if (status === 401) return 'UNAUTHORIZED'
  if (status === 403) return 'DENIED'
  if (status === 404) return 'NOT_FOUND'
  if (status === 400 || status === 405) return 'UNSUPPORTED'
  if (status === 429) return 'RATE_LIMITED'
  return status >= 500 ? 'SERVER' : 'PROTOCOL'
}

/** Reads an error body of the distribution specification; another body has no entries. */
export function decodeProblems(body: Buffer, redact: Redact): readonly RegistryProblem[] {
  const parsed = parse(body)
  if (!('errors' in parsed) || !Array.isArray(parsed.errors)) return []
  return parsed.errors.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return []
    const { code, message } = entry as { code?: unknown; message?: unknown }
    return [{ code: asText(code, redact), message: asText(message, redact) }]
  })
}

/**
 * What an error body says, as one line: the specification's entries, or the fields in which token services (OAuth 2,
 * Docker Hub) put their words. Empty when it says nothing of either kind.
 */
export function wordsOf(body: Buffer, redact: Redact): string {
  const problems = decodeProblems(body, redact)
  if (problems.length > 0) return problems.map(({ code, message }) => `${code}: ${message}`).join('; ')
  const parsed: Record<string, unknown> = { ...parse(body) }
  return ['error', 'error_description', 'message', 'details']
    .map(field => asText(parsed[field], redact))
    .filter(text => text !== '')
    .join(': ')
}

function parse(body: Buffer): object {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

// A registry's words end in a job's log: control characters would let it write its own lines there.
// eslint-disable-next-line no-control-regex -- they are what is removed
const CONTROL = /[\u0000-\u001f\u007f]+/g

function asText(value: unknown, redact: Redact): string {
  return typeof value === 'string' ? redact(value).replace(CONTROL, ' ').slice(0, MAX_QUOTE) : ''
}
