import type { DeleteRules } from '../../faults.js'

/** An answer that the registry behind does not get to give. Without a code it is a plain text, as of a missing route. */
export interface Refusal {
  readonly status: number
  readonly code?: string
  readonly headers?: Readonly<Record<string, string>>
}

const UNSUPPORTED: Refusal = { status: 405, code: 'UNSUPPORTED' }

/** What a service answers to a deletion, or undefined when it does what it is asked. */
export async function refusalOf(
  rules: DeleteRules,
  reference: string,
  isTagged: () => Promise<boolean>
): Promise<Refusal | undefined> {
  const byTag = !reference.startsWith('sha256:')
  switch (rules) {
    case 'harbor':
      return byTag ? { status: 400, code: 'UNSUPPORTED' } : undefined
    case 'docker-hub':
      if (byTag) return UNSUPPORTED
      return (await isTagged()) ? { status: 403, code: 'DENIED' } : undefined
    case 'ghcr':
      return UNSUPPORTED
    case 'ecr':
      return byTag ? UNSUPPORTED : undefined
    case 'ecr-before-2023':
      return { status: 404 }
  }
}
