import { isKubeError, type Kube } from '@kaniko-hooks/kube'

/** In the words of a SelfSubjectAccessReview. */
export interface Right {
  readonly verb: string
  readonly resource: string
  readonly subresource?: string
  readonly group?: string
  readonly name?: string
  /** Default: that of the build. */
  readonly namespace?: string
}

/** What a build asks for; rights on Secrets only where it has some. */
const NEEDED: readonly Right[] = [
  ...['create', 'get', 'delete'].map(verb => ({ verb, resource: 'pods' })),
  ...['create', 'get'].map(verb => ({ verb, resource: 'pods', subresource: 'exec' })),
  { verb: 'get', resource: 'pods', subresource: 'log' },
  ...['create', 'delete'].map(verb => ({ verb, resource: 'secrets' }))
]

/**
 * Asks the API server (SelfSubjectAccessReview, which everybody may) for each right that a build needs.
 *
 * @param more what this build needs besides
 * @returns undefined when all are there; else which are missing, as the end of a sentence. A server that does not know the
 *   question is taken to allow what it does not forbid
 * @throws KubeError when it cannot be asked
 */
export async function missingRights(
  kube: Kube,
  more: readonly Right[],
  signal: AbortSignal
): Promise<string | undefined> {
  const answers = await Promise.all(
    [...NEEDED, ...more].map(async right => ({ right, isAllowed: await isAllowed(kube, right, signal) }))
  )
  const missing = answers.filter(({ isAllowed: allowed }) => !allowed).map(({ right }) => shown(right))
  if (missing.length === 0) return undefined
  return `the account may not ${missing.join(', ')} in namespace ${kube.namespace}`
}

async function isAllowed(kube: Kube, right: Right, signal: AbortSignal): Promise<boolean> {
  const attributes = { namespace: kube.namespace, ...right }
  try {
    const review = await kube.create(
      'selfsubjectaccessreviews',
      { spec: { resourceAttributes: attributes } },
      { signal }
    )
    return review.status?.allowed === true
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND', 'FORBIDDEN')) return true
    throw error
  }
}

function shown({ verb, resource, subresource, group, name, namespace }: Right): string {
  const what = `${resource}${group === undefined ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
  const which = name === undefined || namespace === undefined ? '' : ` ${namespace}/${name}`
  return `${verb} ${what}${which}`
}
