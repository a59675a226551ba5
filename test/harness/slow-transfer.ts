/**
 * What the hook says of files that take longer than five seconds to cross, as on a busy machine: the sentences of
 * packages/hook/src/workspace/transfer.ts. A test that looks at all that was printed does not depend on them.
 */
const SENTENCE = /^(?:Sending|Sent|Looking for changed files|Received)\b.* (?:to|in|from) pod \S+$/

/** Lines of a log without these sentences. */
export function withoutSlowTransfers(lines: readonly string[]): string[] {
  return lines.filter(line => !SENTENCE.test(line))
}
