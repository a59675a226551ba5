import { HookError } from '../../report/errors.js'

/** A right that the runner lacks, as narrow as it can be granted. */
export interface Right {
  readonly namespace: string
  /** Empty for Kubernetes' own. */
  readonly group: string
  readonly resource: string
  readonly name: string
  readonly verb: string
}

/**
 * The sentence for a refusal by the API server: who may not do what, and the rule that grants it. The refusal's own words
 * advise a rule that is not limited to one name, which would be too much.
 *
 * @param what the end of the sentence that begins with `The runner may not`
 * @param rights the example file that grants it
 * @param otherwise another way out, if there is one: the end of a sentence
 */
export function missingRight(refusal: Error, what: string, right: Right, rights: string, otherwise = ''): HookError {
  const user = /User "([^"]+)" cannot/.exec(refusal.message)?.[1]
  const runner = user === undefined ? 'The runner' : `The runner (${user})`
  const { namespace, group, resource, name, verb } = right
  const rule = `{apiGroups: ["${group}"], resources: [${resource}], resourceNames: [${name}], verbs: [${verb}]}`
  const grant = `Grant it with a Role in ${namespace}: ${rule}, as in ${rights}`
  return new HookError('SETTING', `${runner} may not ${what}. ${grant}${otherwise}.`, {
    cause: refusal
  })
}
