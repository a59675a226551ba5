/** Something that stands in the way, said in one sentence: the command line prints the message and nothing else. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError'
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
