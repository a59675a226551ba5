import { readFile } from 'node:fs/promises'

import * as v from 'valibot'

import { VARIABLE, type Environment } from '../environment.js'
import { HookError, messageOf } from '../errors.js'
import { milliseconds } from './duration.js'
import { destinationOfVariables } from './registry-variables.js'
import { DEFAULT_CONFIGURATION, settingsFile, type DestinationSettings, type SettingsFile } from './schema.js'

export interface Settings extends Omit<SettingsFile, 'destinations'> {
  readonly runnerPod: string
  readonly prepareTimeoutMs: number
  /**
   * Where built images go, the first to be run from. A function, since only a build needs it.
   *
   * @throws HookError SETTING when neither the file nor the variables say
   */
  destinations(): readonly DestinationSettings[]
}

/**
 * Settings of this call: the file and the environment, all problems at once. The file's destinations win over variables.
 *
 * @throws HookError SETTING
 */
export async function readSettings(environment: Environment): Promise<Settings> {
  const problems: string[] = []
  if (environment.runnerPod === undefined) {
    problems.push(`${VARIABLE.runnerPod} is not set; set it to the pod's name through the downward API (metadata.name)`)
  }
  const file = await readSettingsFile(environment.settingsPath, problems)
  if (problems.length > 0 || environment.runnerPod === undefined || file === undefined) {
    throw new HookError('SETTING', 'configuration', `${problems.join('; ')}.`)
  }
  return {
    ...file,
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

async function readSettingsFile(path: string | undefined, problems: string[]): Promise<SettingsFile | undefined> {
  let content: unknown = {}
  if (path !== undefined) {
    try {
      const { load } = await import('js-yaml')
      content = load(await readFile(path, 'utf8')) ?? {}
    } catch (error) {
      problems.push(`${VARIABLE.settingsPath} ${path} cannot be read: ${messageOf(error)}`)
      return undefined
    }
  }
  const result = v.safeParse(settingsFile, content)
  const found = result.success ? contradictions(result.output) : result.issues.map(sentence)
  problems.push(...found.map(problem => `${path ?? ''}: ${problem}`))
  return result.success ? result.output : undefined
}

function sentence(issue: v.BaseIssue<unknown>): string {
  const key = v.getDotPath(issue) ?? 'the file'
  if (issue.expected === 'never') return `${key}: is not a known setting`
  return `${key}: ${issue.received === 'undefined' ? 'is required' : issue.message}`
}

/** What the schema cannot say. */
function contradictions(file: SettingsFile): string[] {
  const { cache, destinations = [] } = file
  return [...(cache === undefined ? [] : ofCache(cache)), ...destinations.flatMap(ofDestination), ...ofAccounts(file)]
}

/** Each RUN line can read a token of the account by which base images are fetched: it must not be one that pushes. */
function ofAccounts({ kaniko, destinations = [] }: SettingsFile): string[] {
  const pushing = new Set(destinations.flatMap(({ connector }) => connector?.serviceAccount ?? []))
  return kaniko.connectors.flatMap(({ serviceAccount }, index) =>
    pushing.has(serviceAccount)
      ? [
          `kaniko.connectors.${index}.serviceAccount: ${serviceAccount} is also the account of a destination, and every RUN ` +
            'line of a build can read a token of this one; make another account, with get on this connector and nothing else'
        ]
      : []
  )
}

function ofCache({ secret, open }: NonNullable<SettingsFile['cache']>): string[] {
  if (secret !== undefined || open) return []
  return [
    'cache: without a secret, anybody who reaches the registry can plant layers that later builds take; set cache.secret, ' +
      'or cache.open: true when all who can reach it are trusted'
  ]
}

/** What one of a connector's proxies has no use for, or nobody gives: whoever writes it expects what will not be. */
function ofDestination({ connector }: DestinationSettings, index: number): string[] {
  if (connector === undefined) return []
  const { proxy, registry, pullSecret, pullAddress, configuration, tokenLifetime } = connector
  const byReverse = 'only with proxy: forward does the registry keep its name; leave it out'
  const wrong: Readonly<Record<string, string | false>> = {
    registry: proxy === 'reverse' && registry !== undefined && byReverse,
    pullSecret:
      pullSecret !== undefined &&
      (proxy === 'reverse'
        ? byReverse
        : pullAddress !== undefined && 'at pullAddress nodes pull with short tokens; leave one of the two out'),
    configuration:
      proxy === 'forward' &&
      configuration !== DEFAULT_CONFIGURATION &&
      'the forward proxy needs no file of the class; leave it out',
    tokenLifetime:
      tokenLifetime !== undefined &&
      milliseconds(tokenLifetime) < 600_000 &&
      'the API server gives no token for less than 10m'
  }
  return Object.entries(wrong).flatMap(([key, why]) =>
    why === false ? [] : [`destinations.${index}.connector.${key}: ${why}`]
  )
}
