/** Shorter texts stand in every log; who has such a password is not protected by its being hidden. */
const SHORTEST = 4

/**
 * Hides secrets in lines of others: a RUN may print what it was given, a registry may quote what it was shown.
 *
 * @param secrets as they are, and whatever form of them may be printed; each line of one counts by itself
 */
export function redactor(secrets: readonly string[]): (line: string) => string {
  const hidden = [...new Set(secrets.flatMap(secret => [secret, ...secret.split('\n')]).map(text => text.trim()))]
    .filter(text => text.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
  return line => hidden.reduce((rest, secret) => rest.replaceAll(secret, '***'), line)
}
