import { basename, dirname, relative } from 'node:path'

import {
  baseImages,
  contextKey,
  readContext,
  refuseUnsupported,
  type Context,
  type Engine
} from '@kaniko-hooks/builder'

import type { Call, Configuration } from '../job/call.js'
import { digestsOf, openBases, type Bases } from './bases/bases.js'
import type { Place } from './destinations/place.js'
import { buildArguments, platform } from './engine.js'
import type { Scope } from './records/scope.js'

/** What the action is made of, and where its image would be. */
export interface Wanted {
  /** The Dockerfile as its author knows it. */
  readonly title: string
  readonly context: Context
  readonly buildArgs: Readonly<Record<string, string>>
  readonly engine: Engine
  /** Names the content; see `contextKey`. */
  readonly contentKey: string
  /** Names the content together with what its base images are now. */
  readonly keyWith: (bases: Readonly<Record<string, string>>) => string
  readonly scope: Scope | undefined
  readonly places: readonly [Place, ...Place[]]
}

/** What the image is built on. */
export interface Foundation {
  readonly bases: Bases
  readonly key: string
  /** Who may share the image; undefined for nobody. */
  readonly sharing: Scope | undefined
}

/**
 * Reads what an image would be made of.
 *
 * @param dockerfile absolute path on the runner; its directory is the context
 * @throws BuildError for what cannot be read, or not be built as Docker does
 */
export async function identify(
  call: Call,
  dockerfile: string,
  means: Pick<Wanted, 'scope' | 'places' | 'engine'>
): Promise<Wanted> {
  const { environment, workDirectory, cancelled } = call
  const { engine } = means
  const read = await readContext(dirname(dockerfile), basename(dockerfile), {
    within: [workDirectory, ...(environment.actionCache === undefined ? [] : [environment.actionCache])],
    signal: cancelled
  })
  const target = platform()
  const { context, buildArgs, findings } = engine.prepare(read, target, buildArguments(call))
  refuseUnsupported(findings, dockerfile)
  const parts = { platform: `${target.os}/${target.architecture}`, engine: engine.identity, buildArgs }
  return {
    ...means,
    title: titleOf(call, dockerfile),
    context,
    buildArgs,
    contentKey: contextKey(context, parts),
    keyWith: bases => contextKey(context, { ...parts, bases })
  }
}

/** Looks up the base images. Errors as of `openBases`. */
export async function identifyBases(call: Call, wanted: Wanted): Promise<Foundation> {
  const { scope, places } = wanted
  const isKept = call.settings.image.keep !== 'delete'
  const references = basesOf(wanted)
  const bases = await openBases(call, scope, references)
  const registries = places.map(place => place.destination.name)
  const digests = isKept ? await digestsOf(call, references, bases, registries) : {}
  return {
    bases,
    key: digests === undefined ? wanted.contentKey : wanted.keyWith(digests),
    // Without knowing what it is built on, an image is no other job's.
    sharing: isKept && digests !== undefined ? scope : undefined
  }
}

/** The references of the base images. */
function basesOf({ context, buildArgs }: Wanted): string[] {
  return baseImages(context.dockerfileText, buildArgs).map(({ reference }) => reference)
}

/** The Dockerfile as its author knows it: below the workspace or the actions directory, not below the runner's home. */
function titleOf({ environment: { workspace }, workDirectory }: Configuration, dockerfile: string): string {
  const base = workspace !== undefined && dockerfile.startsWith(`${workspace}/`) ? workspace : workDirectory
  return relative(base, dockerfile)
}
