import { randomBytes } from 'node:crypto'

import type { BuildOutcome, Listener, Phase } from '@kaniko-hooks/client'

import { TerminalDisplay } from './terminal-display.js'
import type { World } from './world.js'

/** Where a build's progress and its end are told. */
export interface Report extends Listener {
  readonly notice: (text: string) => void
  readonly done: (outcome: BuildOutcome) => void
  /** One error of the command, as text. */
  readonly failed: (message: string, exitCode: number) => void
  /** Nothing is told any more, whatever was. */
  readonly end: () => void
}

const PHASES: Readonly<Record<Phase, string>> = {
  context: 'Reading the context',
  bases: 'Fetching base images',
  build: 'Building',
  push: 'Pushing'
}

/** Chooses how a build is shown. */
export function openReport(show: 'quiet' | 'json' | 'plain' | 'tty' | 'auto', world: World): Report {
  if (show === 'json') return jsonReport(world)
  if (show === 'quiet') return quietReport(world)
  // A runner is no terminal, and reads commands.
  if (isWorkflow(world)) return plainReport(world)
  const isTerminal = show === 'tty' || (show === 'auto' && world.columns !== undefined && world.env['CI'] === undefined)
  return isTerminal ? terminalReport(world) : plainReport(world)
}

/** Nothing but the digest; what went wrong is told all the same. */
function quietReport(world: World): Report {
  const { stdout, stderr } = world
  const guard = guardOf(world)
  return {
    line: () => undefined,
    phase: () => undefined,
    notice: () => undefined,
    done: ({ digest }) => stdout(`${digest}\n`),
    failed: message => {
      guard.begin()
      stderr(`${message}\n`)
    },
    end: guard.end
  }
}

function jsonReport({ stdout }: World): Report {
  const tell = (event: string, fields: object): void => {
    // GitHub's runner finds `##[command]` anywhere in a line; for JSON it is the same text.
    stdout(`${JSON.stringify({ event, ...fields }).replaceAll('##[', String.raw`#\u0023[`)}\n`)
  }
  return {
    line: line => tell('line', { line }),
    phase: phase => tell('phase', { phase }),
    notice: text => tell('notice', { text }),
    done: ({ durationsMs, ...outcome }) => tell('done', { ...outcome, durationsMs }),
    failed: (message, exitCode) => tell('failed', { message, exitCode }),
    end: () => undefined
  }
}

function isWorkflow({ env }: World): boolean {
  return env['GITHUB_ACTIONS'] === 'true'
}

/**
 * In a workflow of GitHub, text of a build must not be taken for a command: the runner is told to read none until the end, by a
 * word that nobody else knows.
 */
function guardOf(world: World): { readonly begin: () => void; readonly end: () => void } {
  const word = randomBytes(16).toString('hex')
  let isUp = false
  return {
    begin: () => {
      if (isUp || !isWorkflow(world)) return
      isUp = true
      world.stderr(`::stop-commands::${word}\n`)
    },
    end: () => {
      if (isUp) world.stderr(`::${word}::\n`)
      isUp = false
    }
  }
}

/** A line for each line. */
function plainReport(world: World): Report {
  const { stderr } = world
  const guard = guardOf(world)
  guard.begin()
  return {
    line: line => stderr(`${line}\n`),
    phase: phase => stderr(`${PHASES[phase]}\n`),
    notice: text => stderr(`Note: ${text}\n`),
    done: outcome => stderr(`${ending(outcome).join('\n')}\n`),
    failed: message => stderr(`${message}\n`),
    end: guard.end
  }
}

function terminalReport(world: World): Report {
  const display = new TerminalDisplay(world.stderr, world.columns ?? 80)
  return {
    line: line => display.line(line),
    phase: phase => display.status(PHASES[phase]),
    notice: text => display.line(`Note: ${text}`),
    done: outcome => display.end(ending(outcome)),
    failed: message => display.end(message.split('\n')),
    end: () => display.end([])
  }
}

function ending({ digest, pushed, backend, buildId, durationsMs }: BuildOutcome): string[] {
  const total = Object.values(durationsMs).reduce((sum, ms) => sum + ms, 0)
  return [
    ...pushed.map(tag => `Pushed ${tag}`),
    `Built ${digest} in ${(total / 1000).toFixed(1)} s (${backend}, ${buildId})`
  ]
}
