import { milliseconds } from './duration.js'
import type { SettingsFile } from './schema.js'

/** The API server gives no token of a service account for less. */
export const SHORTEST_TOKEN_SECONDS = 600

/** A token that is made before a build and used by its end outlasts the build's limit by so much. */
const MARGIN_SECONDS = 300

/** How long a token has to be good that a build needs to its end. */
export function buildTokenSeconds({ build }: Pick<SettingsFile, 'build'>): number {
  return Math.max(milliseconds(build.timeout) / 1000 + MARGIN_SECONDS, SHORTEST_TOKEN_SECONDS)
}
