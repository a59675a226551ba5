import * as core from '@actions/core'
import { appendFile } from 'node:fs/promises'

import { readEvent } from './event.js'
import type { InputName } from './input-table.js'
import { readInputs, type ReadInputs, type Surroundings } from './inputs.js'
import type { Runner } from './run.js'

/** The workspace, where relative paths begin: a step of an action runs there. */
export function workspaceOf(environment: Surroundings['environment']): string {
  return environment['GITHUB_WORKSPACE'] ?? process.cwd()
}

/**
 * The inputs of this step, from the variables that the runner sets: `INPUT_BUILD-ARGS` for `build-args`.
 */
export async function readStep(environment: Surroundings['environment']): Promise<ReadInputs> {
  const input = (name: InputName): string => (environment[`INPUT_${name.toUpperCase()}`] ?? '').trim()
  const path = environment['GITHUB_EVENT_PATH']
  return readInputs(input, {
    workspace: workspaceOf(environment),
    environment,
    eventName: environment['GITHUB_EVENT_NAME'] ?? '',
    event: path === undefined ? undefined : await readEvent(path)
  })
}

/** The runner that started this process. */
export function runnerOf(environment: Surroundings['environment']): Runner {
  const { info, notice, error, setSecret, setOutput, saveState } = core
  const summary = environment['GITHUB_STEP_SUMMARY']
  const summarise = async (markdown: string): Promise<void> => {
    if (summary !== undefined && summary !== '') await appendFile(summary, markdown)
  }
  return { info, notice, error, setSecret, setOutput, saveState, summarise }
}
