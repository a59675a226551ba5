// Neither TLS libraries nor programs that push have a machine-readable reason: OpenSSL's words, and those of Go's net/http.
const PLAIN_ANSWER = /wrong version number|packet length too long|HTTP response to HTTPS client/i

const ADVICE =
  'the registry answers in plain HTTP, without TLS; allow that for it: --insecure-registry of kbuild, insecure-registries of the ' +
  "action, or in the hook's settings build.insecureRegistries for base images and plainHttp of a destination or of broker.pushTo"

/** Whether somebody who spoke TLS was answered in plain HTTP, by the words of whoever spoke. */
export function isPlainAnswer(said: string): boolean {
  return PLAIN_ANSWER.test(said)
}

/** Says what to do when that was what went wrong; any other words stay as they are. */
export function withPlainHttpAdvice(said: string): string {
  return isPlainAnswer(said) ? `${said}; ${ADVICE}` : said
}
