/**
 * For what is deleted at a step's end: its result is known and waited for, and what stays is swept later. A webhook that
 * refuses deletions looks like an outage, which would be waited for much longer.
 */
export const REMOVAL = { retryForMs: 30_000 } as const
