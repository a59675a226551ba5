import { parseReference } from '@kaniko-hooks/registry'
import { baseImages } from '../dockerfile/base-images.js'
import { BuildError } from '../errors.js'
import { CONTEXT_TREE } from './kaniko-args.js'
import type { KanikoProgress } from './kaniko-log.js'

/** A build that Kaniko ended with an error. */
export interface FailedBuild {
  readonly progress: KanikoProgress
  readonly exitCode: number
  readonly dockerfile: string
  readonly dockerfileText: string
  readonly buildArgs?: Readonly<Record<string, string>>
  readonly pushRef: string
}

const CHECK = /^error checking push permissions\b[^:]*: /

/** Go's words for "no connection"; they are the same in every line of Kaniko. */
const NO_CONNECTION =
  /dial tcp|no such host|i\/o timeout|connection refused|connection reset|no route to host|TLS handshake|x509:|deadline exceeded/

/** Turns Kaniko's last words and where they were said into an error that says what failed, on what, and why. */
export function explainFailure(build: FailedBuild): BuildError {
  const said = (build.progress.error ?? '').replaceAll(`${CONTEXT_TREE}/`, '')
  const { exitCode } = build
  if (CHECK.test(said)) return explainPush(build.pushRef, said.replace(CHECK, ''), 'before the build')
  if (said.startsWith('error pushing image: ')) {
    return explainPush(build.pushRef, said.slice('error pushing image: '.length), 'after the build')
  }
  const reason = innermost(said)
  const base = failedBase(build, said)
  if (base !== undefined) {
    const where = `${build.dockerfile}${base.line === undefined ? '' : ` line ${base.line}`}`
    return new BuildError('BASE_IMAGE', `the base image ${base.reference} (${where}) cannot be fetched: ${reason}`, {
      ...(NO_CONNECTION.test(reason) ? { fault: 'cluster' } : {}),
      exitCode
    })
  }
  return new BuildError('DOCKERFILE_FAILED', describeFailure(build, said, reason), { exitCode })
}

function describeFailure({ dockerfile, exitCode, progress }: FailedBuild, said: string, reason: string): string {
  const parts: string[] = []
  if (said.includes('failed to execute command: ') && progress.instruction !== undefined) {
    const exit = /exit status (\d+)$/.exec(said)?.[1]
    const why = exit === undefined ? reason : `it ended with exit code ${exit}`
    parts.push(`building ${dockerfile} failed at ${progress.instruction}: ${why}`)
  } else {
    const after = progress.instruction === undefined ? '' : `, after ${progress.instruction}`
    parts.push(`building ${dockerfile} failed${after}: ${reason === '' ? `exit code ${exitCode}` : reason}`)
  }
  const output = progress.output.filter(line => line.trim() !== '')
  if (output.length > 0) parts.push('its last lines were:', ...output.map(line => `  ${line}`))
  return parts.join('\n')
}

function explainPush(pushRef: string, said: string, when: string): BuildError {
  const { domain } = parseReference(pushRef)
  const reason = innermost(said)
  return NO_CONNECTION.test(said)
    ? new BuildError('REGISTRY_UNREACHABLE', `the registry ${domain} cannot be reached from the build pod: ${reason}`)
    : new BuildError('PUSH_FAILED', `${pushRef} could not be pushed; the registry ${domain} said ${when}: ${reason}`)
}

/** The image that could not be fetched, if that was what failed. */
function failedBase(
  build: FailedBuild,
  said: string
): { readonly reference: string; readonly line?: number } | undefined {
  if (!said.startsWith('error building image: ')) return undefined
  const unpacking = said.includes('failed to get filesystem from image')
  // Only while nothing has been carried out since, and not for what the Dockerfile's text is to blame.
  const reference = build.progress.fetching
  if (reference === undefined || /parsing dockerfile|failed to (?:execute|get files)/.test(said)) return undefined
  if (!unpacking && said.startsWith('error building image: error building stage')) return undefined
  const known = baseImages(build.dockerfileText, build.buildArgs).find(base => base.reference === reference)
  return known ?? { reference }
}

/** Drops what only names Kaniko's functions, so that the cause comes first. */
function innermost(said: string): string {
  const wrapper =
    /^(?:error building image|error building stage|failed to execute command|failed to get filesystem from image|error checking push permissions[^:]*|error pushing image|unable to complete operation after \d+ attempts, last error|failed to push to destination [^ ]+|checking push permission for "[^"]*"|creating push check transport for \S+ failed|waiting for process to exit): /
  let text = said
  while (wrapper.test(text)) text = text.replace(wrapper, '')
  return text.trim()
}
