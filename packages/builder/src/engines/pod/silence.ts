export interface SilenceOptions {
  /** How long silence is normal. */
  readonly ms: number
  /** Whether a sound could be heard at all; false when the connection is cut just now. */
  readonly canHear: () => Promise<boolean>
  readonly onSilence: () => void
}

/** Waits for the first sound, and tells when it does not come. */
export interface Silence {
  /** The first sound came, or nobody listens any more. */
  end(): void
}

/** Starts to listen. Silence is reported once, and never because of a connection that was cut. */
export function listenForSilence({ ms, canHear, onSilence }: SilenceOptions): Silence {
  let isOver = false
  let timer: NodeJS.Timeout
  const check = async (): Promise<void> => {
    const heard = await canHear()
    if (isOver) return
    if (heard) onSilence()
    else arm()
  }
  const arm = (): void => {
    timer = setTimeout(() => void check(), ms)
  }
  arm()
  return {
    end: () => {
      isOver = true
      clearTimeout(timer)
    }
  }
}
