import type {
  CoreV1Event,
  V1ConfigMap,
  V1Job,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1SelfSubjectAccessReview,
  V1Service,
  V1ServiceAccount
} from '@kubernetes/client-node'

/**
 * The kinds that can be read and written, by the plural name that the API and its roles use.
 *
 * The types describe the fields; the objects are the plain JSON of the API, so every timestamp that the types call
 * a `Date` is an ISO 8601 string: test it for presence, or pass it to `new Date()`.
 */
export interface Resources {
  pods: V1Pod
  jobs: V1Job
  secrets: V1Secret
  events: CoreV1Event
  configmaps: V1ConfigMap
  services: V1Service
  serviceaccounts: V1ServiceAccount
  persistentvolumeclaims: V1PersistentVolumeClaim
  selfsubjectaccessreviews: V1SelfSubjectAccessReview
}

interface ResourceKind {
  readonly kind: string
  /** Empty for the core group. */
  readonly group: string
  readonly namespaced: boolean
}

const KINDS: Readonly<Record<keyof Resources, ResourceKind>> = {
  pods: { kind: 'Pod', group: '', namespaced: true },
  jobs: { kind: 'Job', group: 'batch', namespaced: true },
  secrets: { kind: 'Secret', group: '', namespaced: true },
  events: { kind: 'Event', group: '', namespaced: true },
  configmaps: { kind: 'ConfigMap', group: '', namespaced: true },
  services: { kind: 'Service', group: '', namespaced: true },
  serviceaccounts: { kind: 'ServiceAccount', group: '', namespaced: true },
  persistentvolumeclaims: { kind: 'PersistentVolumeClaim', group: '', namespaced: true },
  selfsubjectaccessreviews: { kind: 'SelfSubjectAccessReview', group: 'authorization.k8s.io', namespaced: false }
}

/** The `apiVersion` and `kind` of a resource. All of them are version v1 of their group. */
export function typeMeta(resource: keyof Resources): { readonly apiVersion: string; readonly kind: string } {
  const { group, kind } = KINDS[resource]
  return { apiVersion: group === '' ? 'v1' : `${group}/v1`, kind }
}

/** The API path of a collection, or of one object or subresource in it. Names are escaped. */
export function resourcePath(resource: keyof Resources, namespace: string, ...rest: readonly string[]): string {
  const { group, namespaced } = KINDS[resource]
  return [
    group === '' ? '/api/v1' : `/apis/${group}/v1`,
    ...(namespaced ? ['namespaces', encodeURIComponent(namespace)] : []),
    resource,
    ...rest.map(encodeURIComponent)
  ].join('/')
}

/** `pod "a" in namespace "b"`, or without a name `pods in namespace "b"`: the words for messages. */
export function nameObject(resource: keyof Resources, namespace: string, name?: string): string {
  const where = KINDS[resource].namespaced ? ` in namespace "${namespace}"` : ''
  return name === undefined ? `${resource}${where}` : `${KINDS[resource].kind.toLowerCase()} "${name}"${where}`
}
