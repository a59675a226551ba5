import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { goPrograms } from '../../harness/cluster/binaries.js'
import type { Log } from '../../harness/cluster/progress.js'
import { places } from '../../harness/cluster/settings.js'
import { BUILDKIT, type GoProgram } from '../../harness/cluster/versions.js'
import type {
  ReadCommand,
  Reading,
  ReadInstruction,
  ReadStage
} from '../../../packages/builder/src/dockerfile/buildkit.fixture.js'

const PROGRAM: GoProgram = {
  name: 'dockerfile-parser',
  // From the directory of the cluster's own programs.
  module: join('..', '..', '..', 'corpus', 'parser'),
  version: BUILDKIT,
  main: '.',
  ldflags: '-s -w',
  aliases: []
}

interface Command {
  readonly keyword: string
  readonly flags: readonly string[]
  readonly words: readonly string[]
  readonly json: boolean
  readonly text: string
  readonly trigger?: Command
}

interface Answer {
  readonly error?: string
  readonly instructions?: readonly (Command & {
    readonly line: number
    readonly lastLine: number
    readonly heredocs: readonly {
      readonly name: string
      readonly chomp: boolean
      readonly expand: boolean
      readonly content: string
    }[]
  })[]
  readonly stages?: readonly {
    readonly name: string
    readonly base: string
    readonly steps: readonly (readonly string[])[]
  }[]
}

/** How BuildKit's parser reads each of the texts; nothing where it refuses one. */
export async function readAsBuildKit(texts: readonly string[], log: Log): Promise<readonly (Reading | undefined)[]> {
  const binary = (await goPrograms(places(), log, [PROGRAM])).get(PROGRAM.name) ?? PROGRAM.name
  const child = spawn(binary, { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve() : reject(new Error(`${binary} ended with exit code ${code}`))))
  })
  const answers: (Reading | undefined)[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', line => answers.push(readingOf(JSON.parse(line) as Answer)))
  const read = new Promise<void>(resolve => lines.on('close', resolve))
  child.stdin.end(texts.map(text => `${JSON.stringify(text)}\n`).join(''))
  await Promise.all([ended, read])
  return answers
}

function readingOf({ instructions, stages }: Answer): Reading | undefined {
  if (instructions === undefined) return undefined
  const read = instructions.map((instruction): ReadInstruction => {
    const { line, lastLine, heredocs, trigger } = instruction
    const own = {
      ...commandOf(instruction),
      line,
      lastLine,
      heredocs: heredocs.map(({ name, chomp, expand, content }) => ({
        name,
        chomp,
        isQuoted: !expand,
        body: content,
        isEnded: true
      }))
    }
    return trigger === undefined ? own : { ...own, trigger: commandOf(trigger) }
  })
  if (stages === undefined) return { instructions: read }
  return {
    instructions: read,
    stages: stages.map(({ name, base, steps }, at): ReadStage => {
      const index = stages.slice(0, at).findLastIndex(stage => stage.name !== '' && stage.name === base)
      // The registry would refuse the name of a stage in other letters.
      const isRefused = stages.slice(0, at).some(stage => stage.name !== '' && stage.name === base.toLowerCase())
      return {
        name,
        base: index >= 0 ? index : isRefused ? null : base,
        steps
      }
    })
  }
}

const WITH_WORDS = new Set(
  'ADD ARG CMD COPY ENTRYPOINT EXPOSE FROM MAINTAINER RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' ')
)

function commandOf({ keyword, flags, words, json, text }: Command): ReadCommand {
  // What HEALTHCHECK runs has two forms, itself it has none.
  const isExec = json && keyword !== 'HEALTHCHECK'
  return { keyword, flags, text, isExec, ...(WITH_WORDS.has(keyword) ? { words } : {}) }
}
