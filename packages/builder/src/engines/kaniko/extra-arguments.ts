import { BuildError } from '../../errors.js'

/** Flags that carry a build into the executor and its result out of it: with another value, nothing of both is found. */
const OURS = new Set([
  ...['bucket', 'context', 'context-sub-path', 'dockerfile', 'git', 'kaniko-dir'],
  ...['destination', 'no-push', 'oci-layout-path', 'tar-path', 'tarPath'],
  ...['digest-file', 'image-name-with-digest-file', 'image-name-tag-with-digest-file'],
  // They decide whether the log is read and what is deleted where the executor runs.
  ...['cleanup', 'dryrun', 'force', 'log-format', 'log-timestamp', 'pre-cleanup']
])

/** Flags that a build has a field for. We have to know their values, since what we prepare depends on them. */
const ASKED_FOR_ELSEWHERE: Readonly<Record<string, string>> = {
  annotation: 'annotations',
  'build-arg': 'build arguments',
  cache: 'cache',
  'cache-repo': 'cache repository',
  'cache-ttl': 'cache lifetime',
  'custom-platform': 'platform',
  customPlatform: 'platform',
  insecure: 'insecure registries',
  'insecure-pull': 'insecure registries',
  'insecure-registry': 'insecure registries',
  label: 'labels',
  'push-retry': 'push retries',
  'registry-mirror': 'registry mirrors',
  secret: 'secrets',
  target: 'target'
}

/**
 * Further flags for the executor, each made one word: `--name value` becomes `--name=value`, so that none of them takes a
 * flag of ours for its value, and none is read as a subcommand.
 *
 * @param words as somebody wrote them, without a shell: `--single-snapshot`, `--verbosity=debug`, or `--verbosity` and
 *   `debug` one after the other
 * @throws BuildError `REQUEST_REFUSED`, fault `user`, for a flag that is ours, and for a word that is no flag
 */
export function extraArguments(words: readonly string[]): string[] {
  const made: string[] = []
  let takesValue = false
  for (const word of words) {
    const [, name] = /^--([A-Za-z][A-Za-z0-9-]*)(?:=[^]*)?$/.exec(word) ?? []
    if (name !== undefined) {
      refuseOwned(name)
      made.push(word)
      takesValue = !word.includes('=')
    } else if (takesValue && !word.startsWith('-')) {
      made.push(`${made.pop() ?? ''}=${word}`)
      takesValue = false
    } else {
      const advice = 'write each as --name=value or --name'
      throw refused(`${JSON.stringify(word)} is no argument of the engine in a form that is taken: ${advice}`)
    }
  }
  return made
}

function refuseOwned(name: string): void {
  if (OURS.has(name)) throw refused(`the engine's argument --${name} is set by Kaniko Hooks itself: leave it out`)
  const field = ASKED_FOR_ELSEWHERE[name]
  if (field === undefined) return
  throw refused(
    `the engine's argument --${name} has a setting of its own: write it there (${field}), and leave it out here`
  )
}

function refused(message: string): BuildError {
  return new BuildError('REQUEST_REFUSED', message)
}
