import type { Kube } from '@kaniko-hooks/kube'

import type { Finding } from './finding.js'

/** A rule of examples/rbac.yaml. */
interface Rule {
  /** With the subresource: `pods/exec`. */
  readonly resource: string
  readonly group: string
  readonly verbs: readonly string[]
  /** What happens without it; a rule that is needed has none. */
  readonly without?: string
}

const PODS: Rule = { resource: 'pods', group: '', verbs: ['get', 'list', 'create', 'delete'] }

/** In the namespace of the pods. */
const RULES: readonly Rule[] = [
  PODS,
  { resource: 'pods/exec', group: '', verbs: ['get', 'create'] },
  { resource: 'pods/log', group: '', verbs: ['get'] },
  { resource: 'secrets', group: '', verbs: ['get', 'list', 'create', 'delete'] },
  {
    resource: 'jobs',
    group: 'batch',
    verbs: ['get', 'list', 'create', 'delete'],
    without: 'Container steps are bare pods then, which do the same.'
  },
  {
    resource: 'events',
    group: '',
    verbs: ['list'],
    without: 'The hook cannot say then why a volume is not mounted.'
  }
]

/** In the runners' own namespace, when the pods are in another one (examples/rbac-other-namespace.yaml). */
const HOME_RULES: readonly Rule[] = [{ ...PODS, verbs: ['get', 'list'] }]

/** Whose rights are asked for. */
export interface Subject {
  /** For sentences: `the account runner of namespace arc`. */
  readonly name: string
  /** As `kubectl create rolebinding` has it: `--serviceaccount=arc:runner`. */
  readonly binding: string
}

/**
 * Asks for each right that the hook needs, as whoever `kube` acts for (SelfSubjectAccessReview, which everybody may).
 *
 * @param home whether it is the runners' namespace while the pods are in another one
 * @returns a finding for each rule
 */
export async function checkRights(
  kube: Kube,
  subject: Subject,
  home: boolean,
  signal: AbortSignal
): Promise<Finding[]> {
  return Promise.all((home ? HOME_RULES : RULES).map(async rule => checkRule(kube, subject, rule, home, signal)))
}

async function checkRule(
  kube: Kube,
  subject: Subject,
  rule: Rule,
  home: boolean,
  signal: AbortSignal
): Promise<Finding> {
  const { resource, verbs, without } = rule
  const check = `rights ${resource}${home ? ' (runners)' : ''}`
  const where = `in namespace ${kube.namespace}`
  const answers = await Promise.all(verbs.map(async verb => isAllowed(kube, rule, verb, signal)))
  const missing = verbs.filter((_, index) => answers[index] !== true)
  if (missing.length === 0) return { check, state: 'ok', says: `${subject.name} may ${verbs.join(', ')} ${where}.` }
  return {
    check,
    state: without === undefined ? 'failed' : 'warning',
    says: [`${subject.name} may not ${missing.join(', ')} ${where}.`, ...(without === undefined ? [] : [without])].join(
      ' '
    ),
    mend: grant(kube.namespace, subject, { ...rule, verbs: missing })
  }
}

/** A role of its own, since nobody knows what the other one is called. */
function grant(namespace: string, { binding }: Subject, { resource, group, verbs }: Rule): string {
  const name = `kaniko-hooks-${resource.replace('/', '-')}`
  const kind = group === '' ? resource : `${resource}.${group}`
  return (
    `kubectl -n ${namespace} create role ${name} --verb=${verbs.join(',')} --resource=${kind} && ` +
    `kubectl -n ${namespace} create rolebinding ${name} --role=${name} ${binding}`
  )
}

async function isAllowed(kube: Kube, { resource, group }: Rule, verb: string, signal: AbortSignal): Promise<boolean> {
  const [plural = resource, subresource] = resource.split('/')
  const attributes = {
    namespace: kube.namespace,
    verb,
    group,
    resource: plural,
    ...(subresource === undefined ? {} : { subresource })
  }
  const review = await kube.create('selfsubjectaccessreviews', { spec: { resourceAttributes: attributes } }, { signal })
  return review.status?.allowed === true
}
