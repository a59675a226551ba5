/** A `Status` object with which the API server refuses. */
export interface Refusal {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: object
  readonly status: 'Failure'
  readonly message: string
  readonly reason: string
  readonly code: number
}

/** The user in the sentences of refusals: the service account that ARC's chart makes. */
const USER = 'system:serviceaccount:arc:runner'

export function refused(code: number, reason: string, message: string): Refusal {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
}

export function isRefusal(answer: object): answer is Refusal {
  return 'kind' in answer && answer.kind === 'Status'
}

/** @param resource with its group, as `jobs.batch` */
export function notFound(resource: string, name: string): Refusal {
  return refused(404, 'NotFound', `${resource} "${name}" not found`)
}

/** @param isLeaving whether the object that has the name is being deleted */
export function alreadyExists(resource: string, name: string, isLeaving: boolean): Refusal {
  const sentence = `${resource} "${name}" already exists`
  return refused(409, 'AlreadyExists', isLeaving ? `object is being deleted: ${sentence}` : sentence)
}

/** The authorizer's refusal of a request: the role lacks the verb. */
export function forbidden(verb: string, resource: string, namespace: string): Refusal {
  const [plural = resource, ...group] = resource.split('.')
  const right = `cannot ${verb} resource "${plural}" in API group "${group.join('.')}" in the namespace "${namespace}"`
  return refused(403, 'Forbidden', `${resource} is forbidden: User "${USER}" ${right}`)
}

export function quotaExceeded(resource: string, name: string): Refusal {
  const amounts = `requested: ${resource}=1, used: ${resource}=2, limited: ${resource}=2`
  return refused(403, 'Forbidden', `${resource} "${name}" is forbidden: exceeded quota: count, ${amounts}`)
}

/** A precondition of a deletion names another object of that name. */
export function otherUid(kind: string, name: string, asked: string, found: string): Refusal {
  const why = `the UID in the precondition (${asked}) does not match the UID in record (${found})`
  const sentence = `Operation cannot be fulfilled on ${kind} "${name}": ${why}. The object might have been deleted and then recreated`
  return refused(409, 'Conflict', sentence)
}
