import { KubeError } from './errors.js'
import type { KubeErrorCode } from './errors.js'

/** The parts of `meta/v1 Status` that matter here. */
export interface ApiStatus {
  readonly kind?: string
  readonly status?: string
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: {
    readonly retryAfterSeconds?: number
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[]
  }
}

export interface ApiAnswer {
  /** What was tried, as the end of "Kubernetes refused to …": `create pod "a" in namespace "b"`. */
  readonly what: string
  readonly status: number
  /** The body: a Status object in JSON, or whatever something on the way wrote. */
  readonly body: string
  /** The Retry-After header. */
  readonly retryAfter?: string | undefined
  /** The right that it needs, for a server that refuses without naming it. */
  readonly needs?: Right
}

/** The error for an answer with a status of 400 or more. The server's sentence is always part of the message. */
export function apiError({ what, status, body, retryAfter, needs }: ApiAnswer): KubeError {
  const answer = parseStatus(body)
  const said = readable(answer?.message ?? body)
  const denied = deniedRight(said, needs)
  const code = codeOf(status, answer, said, denied)
  const head = code === 'API' ? 'The Kubernetes API failed to' : 'Kubernetes refused to'
  const label = [status, answer?.reason].filter(part => part !== undefined && part !== '').join(' ')
  const retryAfterMs = parseRetryAfter(retryAfter) ?? secondsToMs(answer?.details?.retryAfterSeconds)
  return new KubeError(
    code,
    [`${head} ${what} (${label}): ${sentence(said)}`, nextStep(code, said, denied)].join(' ').trim(),
    {
      status,
      ...(answer?.reason !== undefined && { reason: answer.reason }),
      ...(retryAfterMs !== undefined && { retryAfterMs })
    }
  )
}

/** The Status object in a body, or nothing when the body is something else. */
export function parseStatus(body: string): ApiStatus | undefined {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null && 'status' in value) return value as ApiStatus
  } catch {
    // A proxy or load balancer answered with its own page.
  }
  return undefined
}

/** `Retry-After` (RFC 9110 §10.2.3), in seconds or as a date, in milliseconds from now. */
export function parseRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined || header.trim() === '') return undefined
  const seconds = Number(header)
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** A message of a server is cut here: some quote what they were sent. */
const LONGEST_SAYING = 1_000

/**
 * What a server said, for people: on one line, of bounded length, and without the queries of addresses. The API server
 * quotes the request to a kubelet that does not answer, which holds the whole command of an exec.
 */
export function readable(said: string): string {
  const line = said
    .replace(/(\bhttps?:\/\/[^\s"'?]+)\?[^\s"']*/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > LONGEST_SAYING ? `${line.slice(0, LONGEST_SAYING)}…` : line
}

function codeOf(status: number, answer: ApiStatus | undefined, said: string, denied: Right | undefined): KubeErrorCode {
  // The API has no field that tells these apart: quota, policies, webhooks and missing rights all come as 403 or 4xx.
  if (status < 500 && /admission webhook .* denied the request|ValidatingAdmissionPolicy .* denied/.test(said)) {
    return 'ADMISSION'
  }
  switch (status) {
    case 401:
      return 'NO_CREDENTIALS'
    case 403:
      if (answer === undefined) return 'API'
      if (denied !== undefined) return 'FORBIDDEN'
      return said.includes('exceeded quota') ? 'QUOTA' : 'ADMISSION'
    case 404:
      return 'NOT_FOUND'
    case 409:
      return 'CONFLICT'
    case 400:
    case 413:
    case 422:
      return 'INVALID'
    default:
      return 'API'
  }
}

/** What a Role grants. */
export interface Right {
  readonly verb: string
  readonly resource: string
  readonly group: string
}

// The sentence of k8s.io/apiserver's NewForbidden for the authorizer's refusal. For the second check of an exec
// (Kubernetes 1.35: create besides get) it ends behind the colon.
function deniedRight(said: string, needs: Right | undefined): Right | undefined {
  if (/ is forbidden:?\s*$/.test(said)) return needs
  const match = /User "[^"]*" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"/.exec(said)
  const [, verb, resource, group] = match ?? []
  if (verb === undefined || resource === undefined || group === undefined) return undefined
  return { verb, resource, group }
}

function nextStep(code: KubeErrorCode, said: string, denied: Right | undefined): string {
  if (code === 'FORBIDDEN') return grant(denied)
  if (code === 'NO_CREDENTIALS') {
    return 'The token or certificate is not accepted: it has expired, or its service account was deleted.'
  }
  if (code === 'QUOTA') return 'Wait until other pods have ended, or raise the ResourceQuota of the namespace.'
  if (code === 'ADMISSION') {
    if (said.includes('error looking up service account')) {
      return 'Create it, or name another one in the hook template.'
    }
    // A quota for requests or limits refuses every pod that does not say its own.
    if (said.includes('failed quota')) {
      return 'Set what it asks for in the hook template, for each container, or give the namespace a LimitRange with defaults.'
    }
    return said.includes('PodSecurity')
      ? 'Change the pod (hook template) or the pod-security label of the namespace.'
      : 'A rule of the cluster (admission) refused it: change the object (hook template) or the rule.'
  }
  return ''
}

function grant(right: Right | undefined): string {
  if (right === undefined) return ''
  const { verb, resource, group } = right
  return (
    `The runner's role lacks the verb ${verb} on ${resource}. Add this rule to the Role of its service account ` +
    '(Helm chart gha-runner-scale-set: containerMode.kubernetesModeAdditionalRoleRules, or your own Role with ' +
    `template.spec.serviceAccountName): - {apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]}`
  )
}

function sentence(said: string): string {
  const trimmed = said.trim()
  if (trimmed === '') return 'no explanation was given.'
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}
