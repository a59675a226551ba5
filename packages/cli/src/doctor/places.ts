import { findCredentialsOf, redactor } from '@kaniko-hooks/client'
import type { DestinationSettings, Settings } from '@kaniko-hooks/hook/settings'
import { parseReference } from '@kaniko-hooks/registry'

import type { World } from '../world.js'
import type { Finding } from './finding.js'
import { type Place, placeNamed, placeOf } from './place.js'
import type { DoctorPlan } from './plan.js'

/** A place, and what stands behind the names of its findings. */
export interface NamedPlace {
  readonly place: Place
  readonly suffix: string
}

export interface Places {
  readonly places: readonly NamedPlace[]
  readonly findings: readonly Finding[]
  /** Hides passwords of this machine. */
  readonly redact: (text: string) => string
}

/** The repository of `--destination`, else those of the settings. */
export async function placesOf(plan: DoctorPlan, settings: Settings | undefined, env: World['env']): Promise<Places> {
  const { destination, insecureRegistries, registryAuth } = plan
  if (destination !== undefined) {
    const reference = parseReference(destination)
    const wishes = registryAuth === undefined ? {} : { registryAuthFile: registryAuth }
    const credentials = await findCredentialsOf([reference], env, wishes)
    const place = placeNamed(destination, insecureRegistries, credentials.configFor([reference]))
    const findings = credentials.warnings.map(says => ({ check: 'credentials', state: 'warning' as const, says }))
    return { places: [{ place, suffix: '' }], findings, redact: redactor(credentials.secrets) }
  }
  const destinations = destinationsOf(settings)
  const places = destinations.flatMap(each => placeOf(each) ?? [])
  const findings: Finding[] =
    places.length === destinations.length
      ? []
      : [
          {
            check: 'connector',
            state: 'unknown',
            says: 'A connector has another way in than a registry, and is not tried.',
            mend: 'docs/destinations/connector.md has its checks'
          }
        ]
  const several = places.length > 1
  return {
    places: places.map((place, index) => ({ place, suffix: several ? ` (destinations.${index})` : '' })),
    findings,
    redact: text => text
  }
}

/** Where the settings say that images go. */
export function destinationsOf(settings: Settings | undefined): readonly DestinationSettings[] {
  try {
    return settings?.destinations() ?? []
  } catch {
    // It was told when the settings were read.
    return []
  }
}
