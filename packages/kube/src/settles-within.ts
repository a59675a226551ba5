/**
 * Whether a promise settles in time, well or not. It is not awaited afterwards: who wants its value, or its failure, awaits the
 * promise itself.
 *
 * @param ms in milliseconds
 */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<false>(resolve => (timer = setTimeout(resolve, ms, false)))
  const settled = promise.then(
    () => true as const,
    () => true as const
  )
  try {
    return await Promise.race([settled, timeout])
  } finally {
    clearTimeout(timer)
  }
}
