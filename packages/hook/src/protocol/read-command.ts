import type { Readable } from 'node:stream'

import * as v from 'valibot'

import { HookError } from '../report/errors.js'
import { command, type Command } from './schema.js'

/** Far above any real call (the runner's own limit for one environment value is 128 KiB), far below our memory. */
const MAX_INPUT_BYTES = 32 * 1024 * 1024
const COMMANDS = ['prepare_job', 'run_script_step', 'run_container_step', 'cleanup_job']

/**
 * Reads the runner's call: one line of JSON on stdin.
 *
 * @throws HookError INPUT that names what is wrong, with every wrong field
 */
export async function readCommand(stdin: Readable): Promise<Command> {
  return parseCommand(await readAll(stdin))
}

/** Parses the runner's JSON into a command. Unknown extra fields are ignored, as a newer runner may send some. */
export function parseCommand(input: string): Command {
  const text = input.replace(/^\uFEFF/, '').trim()
  if (text === '') {
    throw badInput('stdin was empty. The runner sends one line of JSON; this program is not started by hand')
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw badInput(
      `stdin is not whole JSON (${text.length} characters came): ${jsonComplaint(error, text.length)}`,
      error
    )
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw badInput('stdin is not a JSON object')
  const name = (json as { command?: unknown }).command
  if (typeof name !== 'string') throw badInput('the field "command" is missing')
  if (!COMMANDS.includes(name)) {
    throw badInput(`unknown command ${JSON.stringify(name.slice(0, 80))}; known are ${COMMANDS.join(', ')}`)
  }
  const result = v.safeParse(command, json)
  if (!result.success) {
    const problems = result.issues.map(issue => `${v.getDotPath(issue) ?? 'the call'}: ${problem(issue)}`)
    throw badInput(`${name} has ${problems.length === 1 ? 'a wrong field' : 'wrong fields'}: ${problems.join('; ')}`)
  }
  return result.output
}

function problem(issue: v.BaseIssue<unknown>): string {
  return `expected ${issue.expected ?? 'something else'}, got ${typeof issue.input === 'object' ? issue.received : typeof issue.input}`
}

/** V8 quotes a piece of the input in its complaint; a call may hold secrets, so only the position is kept. */
function jsonComplaint(error: unknown, length: number): string {
  const message = error instanceof Error ? error.message : ''
  const position = /position (\d+)/.exec(message)?.[1]
  if (/end of JSON|Unterminated/i.test(message) || Number(position) === length) return 'it was cut off'
  return position === undefined ? 'a syntax error' : `a syntax error at position ${position}`
}

function badInput(message: string, cause?: unknown): HookError {
  return new HookError('INPUT', `Bad input from the runner: ${message}.`, { fault: 'configuration', cause })
}

async function readAll(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_INPUT_BYTES) throw badInput(`stdin holds more than ${MAX_INPUT_BYTES / 1024 / 1024} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
