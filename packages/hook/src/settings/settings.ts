import { readFile } from 'node:fs/promises'

import * as v from 'valibot'

import { VARIABLE, type Environment } from './environment.js'
import { HookError, messageOf } from '../report/errors.js'
import { contradictions } from './contradictions.js'
import { destinationOfVariables } from './registry-variables.js'
import { withNewNames } from './renamed.js'
import { settingsFile, type DestinationSettings, type SettingsFile } from './schema.js'

export interface Settings extends Omit<SettingsFile, 'destinations'> {
  readonly runnerPod: string
  readonly prepareTimeoutMs: number
  /** A sentence about the file for whoever keeps it. */
  readonly warning: string | undefined
  /**
   * Where built images go, the first to be run from. A function, since only a build needs it.
   *
   * @throws HookError SETTING when neither the file nor the variables say
   */
  destinations(): readonly DestinationSettings[]
}

/** Reads a file whole. */
export type ReadText = (path: string) => Promise<string>

const fromDisk: ReadText = path => readFile(path, 'utf8')

/**
 * Settings of this call: the file and the environment, all problems at once. The file's destinations win over variables.
 *
 * @param read another place than the disk, such as a ConfigMap
 * @throws HookError SETTING
 */
export async function readSettings(environment: Environment, read: ReadText = fromDisk): Promise<Settings> {
  const problems: string[] = []
  if (environment.runnerPod === undefined) {
    problems.push(`${VARIABLE.runnerPod} is not set; set it to the pod's name through the downward API (metadata.name)`)
  }
  const { file, warning } = await readSettingsFile(environment.settingsPath, problems, read)
  if (problems.length > 0 || environment.runnerPod === undefined || file === undefined) {
    throw new HookError('SETTING', `${[...problems, ...(warning === undefined ? [] : [warning])].join('; ')}.`)
  }
  return {
    ...file,
    warning,
    runnerPod: environment.runnerPod,
    prepareTimeoutMs: prepareSeconds(environment.prepareTimeoutSeconds) * 1000,
    destinations: () => file.destinations ?? [destinationOfVariables(environment)]
  }
}

/** As lenient as the shipped hooks: what is no number of seconds counts as unset. */
function prepareSeconds(text: string | undefined): number {
  const seconds = Number.parseInt(text ?? '', 10)
  return seconds > 0 ? seconds : 600
}

async function readSettingsFile(
  path: string | undefined,
  problems: string[],
  read: ReadText
): Promise<{ readonly file: SettingsFile | undefined; readonly warning?: string }> {
  let content: unknown = {}
  if (path !== undefined) {
    try {
      const { load } = await import('js-yaml')
      content = load(await read(path)) ?? {}
    } catch (error) {
      problems.push(`${VARIABLE.settingsPath} ${path} cannot be read: ${messageOf(error)}`)
      return { file: undefined }
    }
  }
  const today = withNewNames(content)
  const result = v.safeParse(settingsFile, today.content)
  const found = result.success ? contradictions(result.output) : result.issues.map(sentence)
  problems.push(...[...today.problems, ...found].map(problem => `${path ?? ''}: ${problem}`))
  const file = result.success ? result.output : undefined
  if (today.renamed.length === 0) return { file }
  return { file, warning: `${path ?? ''} has old names of settings: ${today.renamed.join(', ')}` }
}

function sentence(issue: v.BaseIssue<unknown>): string {
  const key = v.getDotPath(issue) ?? 'the file'
  if (issue.expected === 'never') return `${key}: is not a known setting`
  return `${key}: ${issue.received === 'undefined' ? 'is required' : issue.message}`
}
