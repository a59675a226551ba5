import { createHash } from 'node:crypto'

import type { Scope } from '../records/scope.js'

/**
 * The repository for the layers of a scope. It lies beside the configured one and not below it, since some registries do
 * not nest; a hash, since branches have names that repositories may not have.
 */
export function layerRepository(repository: string, scope: Scope): string {
  return `${repository}-${createHash('sha256').update(scope.own).digest('hex').slice(0, 12)}`
}
