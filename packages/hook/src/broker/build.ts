import { basename, dirname, relative } from 'node:path/posix'

import {
  baseImages,
  BuildError,
  readContext,
  refuseUnsupported,
  type BuiltImage,
  type Context,
  type Prepared
} from '@kaniko-hooks/builder'
import type { BrokerPhase, BrokerRequest, WrittenAnswer } from '@kaniko-hooks/broker'
import { parseDockerConfig } from '@kaniko-hooks/registry'

import { withBaseAccess } from '../images/bases/base-access.js'
import { openBases, type Bases } from '../images/bases/bases.js'
import { buildArguments, type engineOf, platform } from '../images/engine.js'
import { refuseLentAccount } from '../images/provide-image.js'
import { scopeOf, type Scope } from '../images/records/scope.js'
import type { Call } from '../job/call.js'
import type { Job } from '../job/open-job.js'
import { buildTemplate } from '../pods/build-template.js'
import { readTemplate } from '../pods/template.js'
import { redact } from '../report/errors.js'
import { milliseconds } from '../settings/duration.js'
import type { AskingStep } from './asking-step.js'
import { destinationsOf, type Destined } from './destinations.js'
import { placeOf, refuseRunnersDockerfile, refuseRunnersOwn } from './place-of-context.js'
import { askFacts, openPushPlaces, targetsOf } from './push-places.js'
import { baseConfigOf, withSecrets } from './request-secrets.js'

/** Who is told of a build as it goes on. */
export interface Listener {
  readonly line: (line: string) => void
  readonly phase: (phase: BrokerPhase) => void
}

/** Several things are wrong with a request. */
export class RefusedRequest extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('; '))
    this.problems = problems
  }
}

/** What of a request can be decided without reading a file. */
export interface CheckedRequest {
  readonly request: BrokerRequest
  /** On the runner's disk. */
  readonly context: string
  readonly dockerfile: string
  readonly destined: readonly Destined[]
  readonly scope: Scope | undefined
}

/**
 * Decides what a request may have, before anything is read or made.
 *
 * @throws RefusedRequest with all that it may not have
 */
export function checkRequest(call: Call, step: Pick<AskingStep, 'paths'>, request: BrokerRequest): CheckedRequest {
  const problems: string[] = []
  const place = (what: string, path: string): string => {
    try {
      return placeOf(what, path, step.paths)
    } catch (error) {
      if (!(error instanceof BuildError)) throw error
      problems.push(error.message)
      return ''
    }
  }
  const scope = scopeOf(call.environment, call.settings.image.scope)
  const context = place('context', request.context)
  const dockerfile = request.dockerfile === undefined ? undefined : place('dockerfile', request.dockerfile)
  const { destined, problems: denied } = destinationsOf(call, request, scope)
  problems.push(...denied)
  const { os, architecture, variant } = platform()
  const own = `${os}/${architecture}`
  const { platform: wanted = own } = request
  if (![own, `${own}/${variant ?? 'v8'}`].includes(wanted)) {
    problems.push(`platform: this runner builds for ${own} and not for ${wanted}; ask on a runner of that platform`)
  }
  if (problems.length > 0) throw new RefusedRequest(problems)
  return { request, context, dockerfile: dockerfile ?? `${context}/Dockerfile`, destined, scope }
}

/**
 * Builds what a step asked for, by the engine and with the base images, limits and trust of an action's Dockerfile. The image is
 * the user's: it has no label of ours, is in no record, and is never removed.
 *
 * @param call of this build: its `cancelled` ends the build, and what it prints is for who asked
 * @throws BuildError, HookError
 */
export async function buildAsAsked(
  call: Call,
  job: Job,
  checked: CheckedRequest,
  listener: Listener,
  openEngine: typeof engineOf
): Promise<WrittenAnswer> {
  const { request, destined, scope } = checked
  const start = Date.now()
  const template = buildTemplate(await readTemplate(call.environment.templatePath))
  refuseLentAccount(call, template)
  const engine = await openEngine(call, job, scope, template)
  const places = await openPushPlaces(call, destined)
  listener.phase('context')
  const read = await contextOf(call, checked)
  const wishes = {
    ...(request.target === undefined ? {} : { target: request.target }),
    labels: request.labels,
    secrets: request.secrets.map(({ id }) => id)
  }
  const prepared: Prepared = engine.prepare(read, platform(), { ...buildArguments(call), ...request.buildArgs }, wishes)
  const { context, buildArgs, findings } = prepared
  refuseUnsupported(findings, checked.dockerfile)
  for (const warning of context.warnings) listener.line(warning)
  const files = context.entries.filter(({ kind }) => kind === 'file').length
  listener.line(`Context: ${files} ${files === 1 ? 'file' : 'files'}`)
  listener.phase('bases')
  const references = baseImages(context.dockerfileText, buildArgs).map(({ reference }) => reference)
  const bases = await openBases(call, scope, references)
  const baseConfig = baseConfigOf(bases.credentials?.config, request)
  const basesAt = Date.now()

  const limit = milliseconds(call.settings.build.timeout)
  const image = await withSecrets(call, job.owner, request, baseConfig, async lent =>
    withBaseAccess(call, job.owner, withConfig(bases, lent.bases, baseConfig), async access => {
      listener.phase('build')
      return engine.build(
        {
          context,
          targets: targetsOf(places, lent.credentials),
          bases: access,
          buildArgs,
          labels: request.labels,
          annotations: request.annotations,
          ...(lent.values === undefined ? {} : { secrets: { secret: lent.values, ids: wishes.secrets } }),
          ...(request.noCache ? { cache: 'none' as const } : {}),
          timeoutMs: Math.min(request.timeoutMs ?? limit, limit),
          pushTimeoutMs: milliseconds(call.settings.build.pushTimeout),
          log: line => {
            // Kaniko's own line, or the engine's; a RUN that prints the same changes nothing but a heading.
            if (destined.length > 0 && line.startsWith('Pushing ')) listener.phase('push')
            listener.line(redact(line, [...call.secrets]))
          }
        },
        call.cancelled
      )
    })
  )
  return { ...answerOf(image, destined, basesAt - start), ...(await askFacts(places, image.digest)) }
}

/** Bases whose docker configuration is one that was made for this build. */
function withConfig(bases: Bases, secret: string | undefined, config: string | undefined): Bases {
  if (secret === undefined || config === undefined) return bases
  return { ...bases, credentials: { secret, config, keychain: parseDockerConfig(config) } }
}

function answerOf({ digest, phases }: BuiltImage, destined: readonly Destined[], contextMs: number): WrittenAnswer {
  const { podMs, contextMs: sentMs, buildMs, pushMs } = phases
  return {
    version: 1,
    outcome: 'built',
    digest,
    pushed: referencesOf(destined),
    durationsMs: {
      queue: podMs,
      context: contextMs + sentMs,
      build: buildMs,
      ...(destined.length > 0 && { push: pushMs })
    }
  }
}

function referencesOf(destined: readonly Destined[]): string[] {
  return destined.flatMap(({ reference: { domain, repository }, tags }) =>
    tags.map(tag => `${domain}/${repository}:${tag}`)
  )
}

async function contextOf(call: Call, { context, dockerfile }: CheckedRequest): Promise<Context> {
  const { workDirectory, cancelled } = call
  refuseRunnersOwn(context, workDirectory)
  refuseRunnersDockerfile(dockerfile, workDirectory)
  const inContext = relative(context, dockerfile)
  const isOutside = inContext.startsWith('../')
  const read = await readContext(context, isOutside ? basename(dockerfile) : inContext, {
    within: [workDirectory],
    signal: cancelled,
    ...(isOutside ? { dockerfileDirectory: dirname(dockerfile) } : {})
  })
  // A link may have led elsewhere by then.
  refuseRunnersOwn(read.directory, workDirectory)
  refuseRunnersDockerfile(dockerfile, workDirectory)
  return read
}
