/**
 * What comes of a work that cannot be aborted itself, such as a read of a terminal or a pipe.
 *
 * @throws the signal's reason as soon as it is aborted; what the work comes to then is dropped
 */
export async function untilInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let tell = (): void => undefined
  const interrupted = new Promise<never>((_resolve, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the name of what the process was sent
    tell = () => reject(signal.reason)
    if (signal.aborted) tell()
    else signal.addEventListener('abort', tell, { once: true })
  })
  try {
    return await Promise.race([interrupted, work])
  } finally {
    signal.removeEventListener('abort', tell)
    work.catch(() => undefined)
  }
}
