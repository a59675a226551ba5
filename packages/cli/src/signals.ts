/** What a shell says of a program that a signal has ended. */
const BY_SIGNAL: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** The exit code for a command that was ended; the signal's name is the reason of the abort. */
export function exitCodeOfSignal({ reason }: AbortSignal): number {
  return BY_SIGNAL[String(reason)] ?? 130
}
