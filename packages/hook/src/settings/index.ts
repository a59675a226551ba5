// What `kbuild doctor` reads as the hook does.
export { readEnvironment, VARIABLE, type Environment } from './environment.js'
export type { DestinationSettings } from './schema.js'
export { readSettings, type ReadText, type Settings } from './settings.js'
