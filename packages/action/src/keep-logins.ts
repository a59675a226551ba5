import { dockerConfigFile, login, type Environment } from '@kaniko-hooks/client'
import type { ReadInputs } from './inputs.js'
import { plainLine } from './plain.js'
import type { Runner } from './run.js'

/**
 * Keeps the logins of a step for later ones, where docker, crane, cosign and this action look for them, if that is asked for by
 * `logout: false`: in a file of mode 0600. Without, they are in no file after the step. It never fails the step, whose image is made.
 */
export async function keepLogins(
  { wanted }: ReadInputs,
  environment: Environment,
  runner: Pick<Runner, 'info' | 'notice'>
): Promise<void> {
  if (wanted === undefined || wanted.logout || wanted.logins.length === 0) return
  const path = dockerConfigFile(seenByLaterSteps(environment))
  try {
    for (const { registry, username, password } of wanted.logins) await login(path, registry, username, password)
    const registries = wanted.logins.map(({ registry }) => registry).join(', ')
    runner.info(plainLine(`Kept the login for ${registries} in ${path}, as \`logout: false\` asks for.`))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    runner.notice(plainLine(`\`logout: false\`: the logins could not be kept for later steps: ${why}`))
  }
}

/** The directory of Kaniko's own image ends with its container. */
function seenByLaterSteps(environment: Environment): Environment {
  const isKanikos = environment['DOCKER_CONFIG']?.startsWith('/kaniko/') === true
  return isKanikos ? { ...environment, DOCKER_CONFIG: undefined } : environment
}
