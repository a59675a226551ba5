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
}

const PHASES: Readonly<Record<Phase, string>> = {
  context: 'Sending the context',
  bases: 'Fetching base images',
  build: 'Building',
  push: 'Pushing'
}

/** Chooses how a build is shown. */
export function openReport(show: 'quiet' | 'json' | 'plain' | 'tty' | 'auto', world: World): Report {
  if (show === 'json') return jsonReport(world)
  if (show === 'quiet') return quietReport(world)
  const isTerminal = show === 'tty' || (show === 'auto' && world.columns !== undefined && world.env['CI'] === undefined)
  return isTerminal ? terminalReport(world) : plainReport(world)
}

/** Nothing but the digest; what went wrong is told all the same. */
function quietReport({ stdout, stderr }: World): Report {
  return {
    line: () => undefined,
    phase: () => undefined,
    notice: () => undefined,
    done: ({ digest }) => stdout(`${digest}\n`),
    failed: message => stderr(`${message}\n`)
  }
}

function jsonReport({ stdout }: World): Report {
  const tell = (event: string, fields: object): void => stdout(`${JSON.stringify({ event, ...fields })}\n`)
  return {
    line: line => tell('line', { line }),
    phase: phase => tell('phase', { phase }),
    notice: text => tell('notice', { text }),
    done: ({ durationsMs, ...outcome }) => tell('done', { ...outcome, durationsMs }),
    failed: (message, exitCode) => tell('failed', { message, exitCode })
  }
}

/**
 * A line for each line. In a workflow of GitHub, text of a build must not be taken for a command: the runner is told to read
 * none until the end, by a word that nobody else knows.
 */
function plainReport({ stderr, env }: World): Report {
  const word = randomBytes(16).toString('hex')
  const isGuarded = env['GITHUB_ACTIONS'] === 'true'
  const end = (): void => {
    if (isGuarded) stderr(`::${word}::\n`)
  }
  if (isGuarded) stderr(`::stop-commands::${word}\n`)
  return {
    line: line => stderr(`${line}\n`),
    phase: phase => stderr(`${PHASES[phase]}\n`),
    notice: text => stderr(`Note: ${text}\n`),
    done: outcome => {
      stderr(`${ending(outcome).join('\n')}\n`)
      end()
    },
    failed: message => {
      stderr(`${message}\n`)
      end()
    }
  }
}

function terminalReport(world: World): Report {
  const display = new TerminalDisplay(world.stderr, world.columns ?? 80)
  return {
    line: line => display.line(line),
    phase: phase => display.status(PHASES[phase]),
    notice: text => display.line(`Note: ${text}`),
    done: outcome => display.end(ending(outcome)),
    failed: message => display.end(message.split('\n'))
  }
}

function ending({ digest, pushed, backend, buildId, durationsMs }: BuildOutcome): string[] {
  const total = Object.values(durationsMs).reduce((sum, ms) => sum + ms, 0)
  return [
    ...pushed.map(tag => `Pushed ${tag}`),
    `Built ${digest} in ${(total / 1000).toFixed(1)} s (${backend}, ${buildId})`
  ]
}
