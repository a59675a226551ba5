/** What git is told of a repository in files of ours, in place of arguments. */
export interface GitRemote {
  /** Without the credential: git hands the address to programs of its own as an argument, which everybody can read. */
  readonly url: string
  /** Lines of the repository's configuration; empty without a credential. */
  readonly config: string
  /** A line for `git credential-store`; undefined without a credential. */
  readonly credential: string | undefined
}

/**
 * Takes the credential out of an address by HTTP and has git find it in a file (gitcredentials(7), git-credential-store(1)).
 * With a password, no helper of the user's is asked or told; a name alone is what they are asked for, and a token if they have nothing.
 *
 * @param file where the credential will lie, relative to where git runs; no blanks or quotes
 */
export function withoutCredential(remote: string, file: string): GitRemote {
  const [, scheme = '', user, rest = ''] = /^(https?:\/\/)([^/]*)@(.*)$/.exec(remote) ?? []
  if (user === undefined) return { url: remote, config: '', credential: undefined }
  const hasPassword = user.includes(':')
  const first = hasPassword ? 'helper =' : `username = ${quoted(decoded(user))}`
  return {
    url: `${scheme}${rest}`,
    config: `[credential]\n\t${first}\n\thelper = store --file=${file}\n`,
    // Git would take what follows the first @ for the host.
    credential: `${scheme}${user.replaceAll('@', '%40')}${hasPassword ? '' : ':'}@${rest.split('/', 1)[0] ?? ''}\n`
  }
}

/** A value in git's configuration (git-config(1), "Syntax"). */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
