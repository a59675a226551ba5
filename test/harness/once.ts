/** Makes a thing when somebody wants it for the first time: a run that has no use for it does not pay for it. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
