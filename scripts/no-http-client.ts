/** Stands in for the HTTP client of `@actions/core`, which brings undici with it, in the action's bundle. */
export function HttpClient(): never {
  throw new Error('the action asks GitHub for nothing')
}

export function BearerCredentialHandler(): never {
  throw new Error('the action asks GitHub for nothing')
}
