import { BuildError } from '@kaniko-hooks/builder'

/** A repository as a context, by Docker's grammar. */
export interface GitSource {
  /** As git takes it, with its credential if it has one. */
  readonly remote: string
  /** A branch, a tag, or a whole commit hash; `HEAD` for the default branch. */
  readonly ref: string
  /** A directory in it; empty for all of it. */
  readonly directory: string
}

/** Schemes that lead to another machine. `file:` and `ext:` do not. */
const SCHEME = /^(?:https?|git|ssh):\/\/[^\s/]/

/** `user@host:path`, as ssh has it. */
const SCP = /^[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s/-]/

/**
 * Whether docker build takes a text for a Git repository (moby/buildkit, frontend/dockerfile/dfgitutil): `git://` and `ssh://`
 * always, `https://` with a path that ends in `.git`, `user@host:path`, and `github.com/` for old times' sake.
 */
export function isGitUrl(text: string): boolean {
  const [address = ''] = text.split(/[#?]/, 1)
  if (/^https?:\/\//.test(text)) return address.endsWith('.git')
  return /^(?:git|ssh):\/\//.test(text) || SCP.test(text) || text.startsWith('github.com/')
}

/**
 * Reads `https://host/owner/repository.git#ref:directory`; both parts of the fragment may be missing.
 *
 * @throws BuildError `CONTEXT_FAILED` for what git would take for something else than an address
 */
export function parseGitUrl(text: string): GitSource {
  const wrong = (why: string): BuildError =>
    new BuildError(
      'CONTEXT_FAILED',
      `${JSON.stringify(withoutUser(text))} is not the address of a Git repository: ${why}`
    )
  const hash = text.indexOf('#')
  const address = hash === -1 ? text : text.slice(0, hash)
  const fragment = hash === -1 ? '' : text.slice(hash + 1)
  if (address.includes('?')) throw wrong('queries are not read; name the ref and the directory as #ref:directory')
  const remote = address.startsWith('github.com/') ? `https://${address}` : address
  if (!SCHEME.test(remote) && !SCP.test(remote)) throw wrong('begin it with https://, ssh:// or git://')
  if (!/^[\x21-\x7e]+$/.test(remote)) throw wrong('it has blanks or control characters in it')
  const colon = fragment.indexOf(':')
  const ref = (colon === -1 ? fragment : fragment.slice(0, colon)) || 'HEAD'
  const directory = colon === -1 ? '' : fragment.slice(colon + 1)
  // git-check-ref-format(1); a dash at the beginning would be an option, and a colon or plus another refspec.
  if (!/^[A-Za-z0-9_./@-]+$/.test(ref) || /^[-/.]|\.\.|@\{/.test(ref))
    throw wrong(`the ref ${JSON.stringify(ref)} is none`)
  if (directory.split('/').includes('..')) throw wrong('the directory leads out of the repository')
  return { remote, ref, directory: directory.replace(/^\/+|\/+$/g, '') }
}

/** An address without the user and password that may stand in it, even one with an `@` in it: for messages. */
export function withoutUser(text: string): string {
  return text.replace(/^([a-z]+:\/\/)[^/\s]*@/i, '$1')
}
