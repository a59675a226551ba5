/** The rules of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

const PODS: readonly Rule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'create', 'delete'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get', 'list', 'watch'] }
]
const SECRETS: Rule = { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'create', 'delete'] }
const JOBS: Rule = { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list', 'create', 'delete'] }

/** ARC's stock role for `containerMode: kubernetes`. */
export const VOLUME_ROLE: readonly Rule[] = [...PODS, JOBS, SECRETS]

/** ARC's stock role for `containerMode: kubernetes-novolume`: no jobs. */
export const NOVOLUME_ROLE: readonly Rule[] = [...PODS, SECRETS]

/** A role without Secrets, to see that a missing right is named. */
export const NO_SECRETS_ROLE: readonly Rule[] = [...PODS, JOBS]

/** The same role with `watch` on pods, which spares the hook its polls. */
export function withWatch(rules: readonly Rule[]): Rule[] {
  return rules.map(rule => (rule.resources.includes('pods') ? { ...rule, verbs: [...rule.verbs, 'watch'] } : rule))
}
