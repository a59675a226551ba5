import { posix } from 'node:path'
import { parseReference, withPlainHttpAdvice } from '@kaniko-hooks/registry'
import { withOrigin } from '../../destinations/refusal.js'
import { baseImages } from '../../dockerfile/base-images.js'
import { parseDockerfile } from '../../dockerfile/parse.js'
import { registryOf, type RegistryProxy } from '../../dockerfile/registry-proxy.js'
import { BuildError, type DockerfilePlace } from '../../errors.js'
import { CONTEXT_DIRECTORY, CONTEXT_MOUNT, CONTEXT_TREE, UNPACKED_TREE } from '../pod/parts.js'
import type { KanikoProgress } from './log.js'
import { placeAtLine, placeOf } from './place-of.js'

/** A build that Kaniko ended with an error. */
export interface FailedBuild {
  readonly progress: KanikoProgress
  readonly exitCode: number
  readonly dockerfile: string
  readonly dockerfileText: string
  readonly buildArgs?: Readonly<Record<string, string>>
  readonly proxies?: readonly RegistryProxy[]
  /** Undefined where nothing is pushed but layers. */
  readonly pushRef?: string
}

const CHECK = /^error checking push permissions\b[^:]*: /

/** Go's words for "no connection"; they are the same in every fork of Kaniko. */
const NO_CONNECTION =
  /dial tcp|no such host|i\/o timeout|connection refused|connection reset|no route to host|TLS handshake|x509:|deadline exceeded/

/** A connection that was there. */
const BROKEN = /connection reset|broken pipe|EOF/

/** Words of a registry that was asked and answered. */
const ANSWERED = /_UNKNOWN|UNAUTHORIZED|DENIED|unauthorized|status code 4\d\d/

/** Said after all of an image's mirrors were asked, each of which has said more. */
const NO_MIRROR = 'image not found on any configured mapped registries'

/** Turns Kaniko's last words and where they were said into an error that says what failed, on what, and why. */
export function explainFailure(build: FailedBuild): BuildError {
  const error = (build.progress.error ?? '').replaceAll(`${UNPACKED_TREE}/`, `${CONTEXT_TREE}/`)
  const said = error.replaceAll(`${CONTEXT_DIRECTORY}/`, '')
  if (CHECK.test(said)) return explainPush(build.pushRef, said, 'before the build')
  if (said.startsWith('error pushing image: ')) return explainPush(build.pushRef, said, 'after the build')
  return explainBase(build, said) ?? explainInstruction(build, said)
}

function explainPush(destination: string | undefined, said: string, when: string): BuildError {
  // It may have been the layer cache's repository.
  const known = /permission for "([^"]+)"/.exec(said)?.[1] ?? destination
  const domain = known === undefined ? 'of the layer cache' : parseReference(known).domain
  const pushRef = known ?? 'the image'
  // TLS is tried first even where plain HTTP is asked for; what counts is the last try.
  const tries = innermost(said).split(/; (?=Get "|GET )/)
  const reason = withPlainHttpAdvice(tries.at(-1) ?? '')
  if (when === 'after the build' && BROKEN.test(reason)) {
    const message = `${pushRef} could not be pushed; the connection to the registry ${domain} broke: ${reason}`
    return new BuildError('PUSH_FAILED', message)
  }
  return NO_CONNECTION.test(reason)
    ? new BuildError('REGISTRY_UNREACHABLE', `the registry ${domain} cannot be reached from the build pod: ${reason}`)
    : new BuildError('PUSH_FAILED', `${pushRef} could not be pushed; the registry ${domain} said ${when}: ${reason}`)
}

/** An image that could not be fetched, if that was what failed. */
function explainBase(build: FailedBuild, said: string): BuildError | undefined {
  const { fetching, mirrors } = build.progress
  const isFetch =
    said.includes('failed to get filesystem from image') ||
    (said.startsWith('error building image: ') && !/error building stage|parsing dockerfile|failed to /.test(said))
  // Only while nothing has been carried out since.
  if (fetching === undefined || !isFetch) return undefined
  const base = baseImages(build.dockerfileText, build.buildArgs).find(({ reference }) => reference === fetching)
  const where = base === undefined ? build.dockerfile : `${build.dockerfile} line ${base.line}`
  const at = base === undefined ? undefined : placeAtLine(build.dockerfile, build.dockerfileText, base.line)
  const proxy = build.proxies?.find(({ registry }) => registry === registryOf(fetching))
  if (proxy !== undefined) return explainProxied(build, `${fetching} (${where})`, at, proxy)
  const told = [...mirrors, said].map(innermost)
  const found = told.filter(reason => !reason.startsWith(NO_MIRROR))
  const reasons = found.length === 0 ? told : found
  // One registry that knows the name and has not the image outweighs another one that could not be asked.
  const fault =
    reasons.some(reason => ANSWERED.test(reason)) || !NO_CONNECTION.test(reasons.at(-1) ?? '') ? 'user' : 'cluster'
  const message = `the base image ${fetching} (${where}) cannot be fetched: ${withPlainHttpAdvice(reasons.join('; '))}`
  return new BuildError('BASE_IMAGE', message, { fault, exitCode: build.exitCode, at })
}

/** Of an image that is fetched by a proxy, only the proxy was asked. */
function explainProxied(
  { progress, exitCode }: FailedBuild,
  image: string,
  at: DockerfilePlace | undefined,
  proxy: RegistryProxy
): BuildError {
  const said = innermost(progress.mirrors.at(-1) ?? progress.error ?? '')
  const why = withOrigin(said, proxy)
  // Registries answer so for what is not there, too.
  const others = why.includes(proxy.origin)
    ? `, or ${proxy.name} itself may not read the image, or there is no such image`
    : ''
  const message = `the base image ${image} cannot be fetched through ${proxy.name}: ${why}${others}`
  const isRefusal = why !== said
  const fault = isRefusal ? 'configuration' : ANSWERED.test(said) ? 'user' : 'cluster'
  return new BuildError('BASE_IMAGE', message, { fault, exitCode, at })
}

function explainInstruction(build: FailedBuild, said: string): BuildError {
  const { dockerfile, exitCode, progress } = build
  const { why, at } = whereAndWhy(build, said)
  const lines = [`building ${dockerfile} failed${why}`]
  const output = progress.output.filter(line => line.trim() !== '')
  if (output.length > 0) lines.push('The last lines of its output:', ...output.map(line => `  ${line}`))
  return new BuildError('DOCKERFILE_FAILED', lines.join('\n'), { exitCode, at })
}

interface Explained {
  readonly why: string
  readonly at: DockerfilePlace | undefined
}

function whereAndWhy({ progress, dockerfile, dockerfileText, exitCode }: FailedBuild, said: string): Explained {
  const { instruction } = progress
  const missing = /failed to get files used from context: .*(?:lstat|stat) ([^:]+): no such file/.exec(said)?.[1]
  if (missing !== undefined) return explainMissing(dockerfile, dockerfileText, missing)
  const at = instruction === undefined ? undefined : placeOf(dockerfile, dockerfileText, instruction)
  const reason = innermost(said)
  if (said.includes('failed to execute command: ') && instruction !== undefined) {
    const exit = /exit status (\d+)$/.exec(said)?.[1]
    return { at, why: ` at ${instruction}: ${exit === undefined ? reason : `it ended with exit code ${exit}`}` }
  }
  const after = instruction === undefined ? '' : ` after ${instruction}`
  return { at, why: `${after}: ${reason === '' ? `exit code ${exitCode}` : reason}` }
}

/** What a COPY or ADD names and Kaniko cannot find: in the context, above it, or in another stage or image. */
function explainMissing(dockerfile: string, dockerfileText: string, missing: string): Explained {
  const [, elsewhere] = /^\/kaniko\/(?!context\/)[^/]+(\/.*)$/.exec(missing) ?? []
  const above = missing.startsWith(`${CONTEXT_MOUNT}/`) ? missing.replace(/^.*\//, '') : undefined
  const why =
    elsewhere !== undefined
      ? `${elsewhere} is not in what --from= names, or only by a symbolic link in its path, which Kaniko does not follow; name the directory itself`
      : above !== undefined
        ? `${above} lies above the build context, which is the directory of the Dockerfile; Docker leaves ../ out there: write the path without`
        : `${missing} is not in the build context, or .dockerignore leaves it out`
  const copy = parseDockerfile(dockerfileText).find(({ trigger, ...own }) => {
    const { keyword, flags, args } = trigger ?? own
    const isFrom = flags.some(flag => flag.startsWith('--from='))
    if (keyword !== 'COPY' && keyword !== 'ADD') return false
    if (above !== undefined) return !isFrom && namedIn(args).some(word => word.startsWith('../'))
    return isFrom === (elsewhere !== undefined) && namedIn(args).includes((elsewhere ?? missing).replace(/^\//, ''))
  })
  if (copy === undefined) return { at: undefined, why: `: ${why}` }
  return {
    at: placeAtLine(dockerfile, dockerfileText, copy.line),
    why: ` at line ${copy.line}, ${copy.text}: ${why}`
  }
}

/** The sources of a COPY or ADD, without what stands before and after the path proper. */
function namedIn(args: string): string[] {
  const words = args.split(/[\s",[\]]+/).map(word => {
    const above = /^(?:\.\.\/)*/.exec(word)?.[0] ?? ''
    return above + posix.normalize(`/${word.slice(above.length)}`).replace(/^\/|\/$/g, '')
  })
  return words.slice(0, -1)
}

/** Kaniko's functions, each of which puts its name before the cause. */
const WRAPPER = new RegExp(
  `^(?:${[
    'error (?:building|pushing) image',
    'error building stage',
    'error checking push permissions[^:]*',
    'checking push permission for "[^"]*"',
    'creating push check transport for \\S+ failed',
    'failed to (?:execute command|get filesystem from image|push to destination \\S+)',
    'waiting for process to exit',
    'parsing dockerfile'
  ].join('|')}): `
)

/** Drops what only names Kaniko's functions, so that the cause comes first. */
function innermost(said: string): string {
  let text = said.replace(/unable to complete operation after \d+ attempts, last error: /, '')
  while (WRAPPER.test(text)) text = text.replace(WRAPPER, '')
  return text.trim()
}
