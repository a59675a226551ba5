/*
 * resourcescope := resourcetype ":" resourcename ":" action [ "," action ]*, several of them separated by blanks
 * (distribution, "Token Scope Documentation"). The name may hold a colon itself, before a port.
 */

export function repositoryScope(repository: string, actions: readonly string[]): string {
  return `repository:${repository}:${actions.join(',')}`
}

/**
 * The scopes to ask a token for: what the request needs and what the registry's challenge names. One resource is named
 * once, with the actions of both. What the request needs comes first: some token services look no further.
 */
export function mergeScopes(needed: string, asked = ''): readonly string[] {
  const actionsOf = new Map<string, Set<string>>()
  for (const scope of `${needed} ${asked}`.split(/\s+/)) {
    const colon = scope.lastIndexOf(':')
    if (colon === -1) continue
    const resource = scope.slice(0, colon)
    const actions = actionsOf.get(resource) ?? new Set()
    for (const action of scope.slice(colon + 1).split(',')) actions.add(action)
    actionsOf.set(resource, actions)
  }
  return [...actionsOf].map(([resource, actions]) => `${resource}:${[...actions].join(',')}`)
}
