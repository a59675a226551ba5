import type { Context } from '../../context/context.js'
import { parseDockerfile } from '../../dockerfile/parse.js'
import { readStages, usedStages } from '../../dockerfile/stages.js'
import { linesToStage } from '../../dockerfile/target.js'
import { pairsOf } from '../../dockerfile/variables.js'
import { BuildError } from '../../errors.js'
import type { BuildRequest, Finding, Wishes } from '../engine.js'
import { applyChanges, changeOf } from './changes.js'
import type { KanikoSettings } from './settings.js'
import { finding, type KanikoFork } from './unsupported.js'

/**
 * A context whose Dockerfile ends with the stage that is asked for, and says nothing of labels that are. The executor's own
 * `--target` leaves what follows to be judged and built; its `--label` is overruled by a LABEL, where Docker's overrules
 * (moby/buildkit, dockerfile2llb: labels of the request are set last).
 *
 * @throws BuildError `REQUEST_REFUSED` for a target that is no stage
 */
export function asWished(context: Context, { target, labels = {} }: Wishes): Context {
  const count = target === undefined ? undefined : linesToStage(context.dockerfileText, target)
  const cut = count === undefined ? context : firstLines(context, count)
  // Who rewrites a text that is not UTF-8 would change its other bytes.
  if (cut.dockerfileBytes !== undefined) return cut
  return { ...cut, dockerfileText: withoutLabels(cut.dockerfileText, new Set(Object.keys(labels))) }
}

function firstLines({ dockerfileBytes, ...context }: Context, count: number): Context {
  const cut = (text: string): string => text.split('\n').slice(0, count).join('\n')
  const bytes =
    dockerfileBytes === undefined ? undefined : Buffer.from(cut(dockerfileBytes.toString('latin1')), 'latin1')
  return {
    ...context,
    dockerfileText: cut(context.dockerfileText),
    ...(bytes === undefined ? {} : { dockerfileBytes: bytes })
  }
}

function withoutLabels(text: string, names: ReadonlySet<string>): string {
  if (names.size === 0) return text
  const changes = parseDockerfile(text).flatMap(instruction => {
    if (instruction.keyword !== 'LABEL') return []
    const pairs = pairsOf(instruction)
    const kept = pairs.filter(([name]) => !names.has(name.replace(/^(["'])([^]*)\1$/, '$2')))
    if (kept.length === pairs.length) return []
    const words = kept.map(([name, written]) => `${name}=${written}`)
    return [changeOf(instruction, words.length === 0 ? '' : `LABEL ${words.join(' ')}`)]
  })
  return applyChanges(text, changes)
}

/** Commands that want a secret which the build has, and which no flag of the fork can give them. */
export function findSecrets(context: Context, fork: KanikoFork, secrets: readonly string[] = []): readonly Finding[] {
  if (fork === 'osscontainertools' || secrets.length === 0) return []
  const steps = usedStages(readStages(context.dockerfileText)).flatMap(stage => stage.steps)
  return steps.flatMap(({ instruction }) => {
    const wanted = instruction.flags.find(flag => /^--mount=(?:.*,)?type=secret(?:,|$)/i.test(flag))
    if (instruction.keyword !== 'RUN' || wanted === undefined) return []
    return finding(instruction, {
      problem: `the ${fork} fork of Kaniko gives no secret to RUN: the command would run without`,
      advice: 'Build with the osscontainertools fork (ghcr.io/osscontainertools/kaniko).'
    })
  })
}

/** @throws BuildError `REQUEST_REFUSED` where the executor has no flag for them */
export function refuseAnnotations({ annotations = {} }: BuildRequest, { fork }: KanikoSettings): void {
  if (fork !== 'google' || Object.keys(annotations).length === 0) return
  const advice = 'leave them out, or build with the osscontainertools fork (ghcr.io/osscontainertools/kaniko)'
  throw new BuildError('REQUEST_REFUSED', `the google fork of Kaniko makes no annotations: ${advice}`)
}
