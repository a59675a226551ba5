import type { Environment } from '@kaniko-hooks/client'
import type { WantedContext } from './context.js'
import type { Login } from './logins.js'

/** What of a step for docker's actions would go on without a word and mean something else here. */
interface Read {
  readonly context: WantedContext
  readonly logins: readonly Login[]
  readonly secrets: readonly { readonly id: string }[]
  readonly buildArgs: Readonly<Record<string, string>>
}

const ECR = /^\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$|^public\.ecr\.aws$/

/**
 * Tells of habits of docker's actions that are no inputs of their own: keys of AWS as a login, a token for Git among the build secrets,
 * arguments and variables that BuildKit itself reads.
 *
 * @see https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args
 */
export function sayWhatDiffers(
  { context, logins, secrets, buildArgs }: Read,
  environment: Environment,
  problem: (sentence: string) => void,
  notice: (sentence: string) => void
): void {
  for (const { registry, username } of logins) {
    if (!ECR.test(registry) || username === 'AWS') continue
    problem(
      `the \`username\` for ${registry} is AWS, and the \`password\` what \`aws ecr get-login-password\` prints: keys of AWS are not exchanged here`
    )
  }
  const tokens = secrets.map(({ id }) => id).filter(id => /^GIT_AUTH_(?:TOKEN|HEADER)(?:\.|$)/.test(id))
  if (context.kind === 'git' && tokens.length > 0) {
    problem(`\`secrets\`: ${tokens.join(', ')} is for RUN alone here; check the repository out with actions/checkout`)
  }
  const own = Object.keys(buildArgs).filter(name => name.startsWith('BUILDKIT_'))
  if (own.length > 0) {
    notice(`\`build-args\`: ${own.join(', ')} ${own.length === 1 ? 'is' : 'are'} BuildKit's own and mean nothing here.`)
  }
  if (environment['SOURCE_DATE_EPOCH'] !== undefined) {
    notice('SOURCE_DATE_EPOCH changes nothing: the image has the times of its build.')
  }
}

/** Whether docker's variable for the summary leaves it out. */
export function wantsSummary(environment: Environment): boolean {
  return environment['DOCKER_BUILD_SUMMARY']?.toLowerCase() !== 'false'
}
