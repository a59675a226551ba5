import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { prepare } from '../../packages/builder/src/engines/kaniko/prepare.js'
import type { KanikoFork } from '../../packages/builder/src/engines/kaniko/unsupported.js'
import { BuildError, readContext, type Platform, type Prepared } from '../../packages/builder/src/index.js'
import type { Cluster } from '../harness/cluster/index.js'
import type { Surroundings } from './bases.js'
import { makeContext } from './context.js'
import type { Case } from './corpus.js'
import { buildByKaniko } from './kaniko.js'
import { withoutAspects } from './snapshot.js'
import { differs, problemOf, type Outcome } from './outcome.js'

/** Which Kaniko builds. */
export interface Line {
  readonly fork: KanikoFork
  readonly image: string
}

const PLATFORM: Platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch }

/** A case as the product would send it, or what it says instead. */
export type Plan =
  | { readonly kind: 'refused'; readonly problems: readonly string[] }
  | { readonly kind: 'sent'; readonly prepared: Prepared; readonly isRewritten: boolean }

/**
 * What the product makes of a case for a fork.
 *
 * @param directory where the context of the case lies
 */
export async function plan({ buildArgs }: Case, fork: KanikoFork, directory: string): Promise<Plan> {
  try {
    const context = await readContext(directory, 'Dockerfile')
    const prepared = prepare(context, fork, PLATFORM, buildArgs)
    if (prepared.findings.length > 0) return { kind: 'refused', problems: prepared.findings.map(problemOf) }
    return { kind: 'sent', prepared, isRewritten: differs(context, buildArgs, prepared) }
  } catch (error) {
    if (error instanceof BuildError) return { kind: 'refused', problems: [error.message] }
    throw error
  }
}

/** Builds cases as the product does on a line of Kaniko, in pods within PodSecurity baseline. */
export async function attempt(
  cluster: Cluster,
  namespace: string,
  cases: readonly Case[],
  { fork, image }: Line,
  { values, layouts, mirrors }: Surroundings
): Promise<ReadonlyMap<string, Outcome>> {
  const directory = mkdtempSync(join(tmpdir(), 'corpus-'))
  try {
    const plans = new Map<string, Plan>()
    for (const one of cases) {
      const place = join(directory, one.name)
      mkdirSync(place)
      await makeContext(one, place, values)
      plans.set(one.name, await plan(one, fork, place))
    }
    const fixedBefore = Date.now() / 1000 - 86_400
    const settings = {
      image,
      fork,
      pushImage: cluster.images.crane,
      contextImage: cluster.images.runner,
      registryMirrors: mirrors,
      insecureRegistries: mirrors
    }
    const sent = cases.flatMap(({ name, ignored }) => {
      const found = plans.get(name)
      return found?.kind === 'sent' ? [{ name, ignored, ...found }] : []
    })
    const results = await buildByKaniko(
      cluster,
      namespace,
      sent.map(({ prepared }) => prepared),
      settings,
      layouts.known
    )
    const built = sent.map(({ name, ignored, prepared, isRewritten }, index): readonly [string, Outcome] => {
      const result = results[index]
      if (result?.exitCode !== 0) return [name, { kind: 'failed', log: result?.log ?? 'it was not built' }]
      const image = withoutAspects(layouts.snapshot(result.files, fixedBefore), ignored)
      return [name, { kind: 'built', image, warnings: prepared.context.warnings, isRewritten }]
    })
    const refused = [...plans].flatMap(([name, found]) => (found.kind === 'refused' ? [[name, found] as const] : []))
    return new Map([...refused, ...built])
  } finally {
    rmSync(directory, { recursive: true })
  }
}
