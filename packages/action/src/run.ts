import { join, relative, resolve } from 'node:path'

import type * as core from '@actions/core'
import { BuildError } from '@kaniko-hooks/builder'
import type { Choice, ImageBuild } from '@kaniko-hooks/client'
import { adviceFor } from './advice.js'
import { annotate } from './annotations.js'
import { unusedBy } from './backends.js'
import { BuildLog } from './build-log.js'
import { openContext } from './context.js'
import { seconds } from './durations.js'
import type { ReadInputs, Wanted } from './inputs.js'
import { makeOutputs } from './outputs.js'
import { plainLine, plainLines } from './plain.js'
import { readSecretFile } from './secrets.js'
import { STATE } from './state.js'
import { summariseBuild, summariseFailure } from './summary.js'

/** What the action says to the runner; `@actions/core` does. */
export type Runner = Pick<typeof core, 'info' | 'notice' | 'error' | 'setSecret' | 'setOutput' | 'saveState'> & {
  /** Appends to the summary of the job. */
  readonly summarise: (markdown: string) => Promise<void>
}

/** Finds who builds, and says why. */
export type ChooseBackend = (wanted: Wanted) => Promise<Choice>

/**
 * Builds what the inputs ask for, and tells the runner of it: log, outputs, summary, errors.
 *
 * @returns whether the build ended well; never rejects for what went wrong with the build
 */
export async function buildImage(
  read: ReadInputs,
  place: { readonly workspace: string },
  runner: Runner,
  choose: ChooseBackend,
  signal: AbortSignal
): Promise<boolean> {
  for (const mask of read.masks) runner.setSecret(mask)
  for (const sentence of read.notices) runner.notice(plainLine(sentence))
  const { wanted } = read
  if (wanted === undefined) {
    const sentences = read.problems.map(plainLine)
    runner.error(sentences.map(sentence => `${sentence}.`).join('\n'), { title: 'Inputs of the build' })
    return false
  }
  const masks = [...read.masks]
  const log = new BuildLog(line => runner.info(line))
  try {
    const build = await complete(wanted, place.workspace, secret => {
      masks.push(secret)
      runner.setSecret(secret)
    })
    const { backend, reason } = await choose(wanted)
    for (const line of plainLines(reason)) runner.info(line)
    const unused = unusedBy(backend, wanted)
    if (unused !== undefined) runner.notice(plainLine(unused))
    runner.saveState(STATE.backend, backend.name)
    const started = (id: string): void => runner.saveState(STATE.build, id)
    const listener = { line: log.line, phase: log.phase, started }
    // A backend that settles has cleaned up; only a step that is killed leaves something to the post step.
    const outcome = await backend.build(build, listener, signal).finally(() => runner.saveState(STATE.build, ''))
    log.end()
    const outputs = makeOutputs(build.tags, outcome)
    for (const reference of outcome.pushed) runner.info(plainLine(`Pushed ${reference}`))
    runner.info(plainLine(`Digest ${outcome.digest}`))
    // All of it: where one phase ends is known by a line of the log, and a short build's lines come at once.
    const totalMs = Object.values(outcome.durationsMs).reduce((sum, ms) => sum + ms, 0)
    if (totalMs > 0) runner.info(`Built in ${seconds(totalMs)}.`)
    if (wanted.summary) await summarise(summariseBuild(wanted, outcome), runner)
    for (const [name, value] of Object.entries(outputs)) runner.setOutput(name, value)
    return true
  } catch (error) {
    log.end()
    await tellFailure(error, { wanted, masks, tail: log.tail, workspace: place.workspace }, runner)
    return false
  }
}

/** Adds to what is wanted what lies on disk. */
async function complete(wanted: Wanted, workspace: string, mask: (secret: string) => void): Promise<ImageBuild> {
  const fromFiles = await Promise.all(wanted.secretFiles.map(readSecretFile))
  for (const { value } of fromFiles) mask(value.toString())
  return {
    ...wanted.build,
    ...(await openContext(wanted.context, workspace)),
    secrets: [...wanted.secrets, ...fromFiles]
  }
}

async function tellFailure(
  error: unknown,
  build: {
    readonly wanted: Wanted
    readonly masks: readonly string[]
    readonly tail: readonly string[]
    readonly workspace: string
  },
  runner: Runner
): Promise<void> {
  const message = error instanceof Error ? error.message : String(error)
  const { wanted, workspace } = build
  const advice = error instanceof BuildError ? adviceFor(error.code) : 'Read the message above.'
  for (const line of plainLines(message)) runner.info(line)
  runner.info(plainLine(advice))
  for (const reference of pushedBefore(error)) runner.info(plainLine(`Pushed before the failure: ${reference}`))
  if (error instanceof BuildError) {
    const path = dockerfilePath(wanted, workspace)
    for (const { line, title, message: sentence } of annotate(error)) {
      const where = line === undefined || path === undefined ? {} : { file: relative(workspace, path), startLine: line }
      runner.error(plainLine(sentence), { title: plainLine(title), ...where })
    }
  } else {
    runner.error(plainLine(message), { title: 'The build failed' })
  }
  if (wanted.summary) {
    const at = error instanceof BuildError ? error.at : undefined
    await summarise(summariseFailure({ message, at, advice, tail: build.tail }, wanted, build.masks), runner)
  }
}

/** A build is as good as it is without a summary. */
async function summarise(markdown: string, runner: Runner): Promise<void> {
  try {
    await runner.summarise(markdown)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    runner.notice(plainLine(`The summary could not be written: ${why}`))
  }
}

/** References that a failed build has pushed all the same; a backend tells them in the error's cause. */
function pushedBefore(error: unknown): readonly string[] {
  const cause = error instanceof Error ? error.cause : undefined
  const pushed: unknown = typeof cause === 'object' && cause !== null && 'pushed' in cause ? cause.pushed : []
  return Array.isArray(pushed) ? pushed.filter(each => typeof each === 'string') : []
}

function dockerfilePath({ context }: Wanted, workspace: string): string | undefined {
  if (context.kind === 'git') return undefined
  return context.file === undefined ? join(context.path, 'Dockerfile') : resolve(workspace, context.file)
}
