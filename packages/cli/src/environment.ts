/**
 * The value of a variable that somebody else has named.
 *
 * @returns undefined when there is none: `process.env` has `constructor` and the like of every object besides
 */
export function variableOf(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined
}
