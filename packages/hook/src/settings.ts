import { readFile } from 'node:fs/promises'

import * as v from 'valibot'

import { VARIABLE, type Environment } from './environment.js'
import { HookError, messageOf } from './errors.js'

/** The Kaniko image that is run unless the settings name another: the maintained line, with heredocs and mounts. */
export const DEFAULT_KANIKO_IMAGE = 'ghcr.io/osscontainertools/kaniko:v1.28.3'

const hostPort = v.pipe(v.string(), v.regex(/^[A-Za-z0-9.[\]:-]+$/, 'a registry as host or host:port'))
const seconds = v.pipe(v.number(), v.integer(), v.minValue(1))

/** The settings file: one YAML document, usually a mounted ConfigMap. Unknown keys are refused: they are typing errors. */
const settingsFile = v.strictObject({
  workspace: v.optional(v.picklist(['auto', 'volume', 'copied']), 'auto'),
  imagePullPolicy: v.optional(v.picklist(['IfNotPresent', 'Always', 'Never'])),
  kaniko: v.optional(
    v.strictObject({
      image: v.optional(v.pipe(v.string(), v.nonEmpty()), DEFAULT_KANIKO_IMAGE),
      line: v.optional(v.picklist(['osscontainertools', 'chainguard', 'google']), 'osscontainertools'),
      timeoutSeconds: v.optional(seconds, 1800),
      registryMirrors: v.optional(v.array(hostPort), []),
      insecureRegistries: v.optional(v.array(hostPort), [])
    }),
    {}
  )
})

type SettingsFile = v.InferOutput<typeof settingsFile>

/** The registry of ADR 0034, reached by builds as `host:port` and by the kubelet as `localhost:nodePort`. */
export interface NodePortRegistry {
  readonly host: string
  readonly port: number
  readonly nodePort: number
}

export interface Settings extends SettingsFile {
  readonly runnerPod: string
  readonly prepareTimeoutMs: number
  /** A function, since only a build needs it: it throws HookError SETTING that names every missing variable. */
  registry(): NodePortRegistry
}

/**
 * Settings of this call: the file and the environment, all problems at once.
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
    registry: () => nodePortRegistry(environment)
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
  if (result.success) return result.output
  for (const issue of result.issues) {
    const key = v.getDotPath(issue) ?? 'the file'
    problems.push(`${path ?? ''}: ${key}: ${issue.expected === 'never' ? 'is not a known setting' : issue.message}`)
  }
  return undefined
}

function nodePortRegistry(environment: Environment): NodePortRegistry {
  const { registryHost: host, registryPort, registryNodePort } = environment
  const port = portNumber(registryPort)
  const nodePort = portNumber(registryNodePort)
  const missing = [
    ...(host === undefined ? [`${VARIABLE.registryHost} (the registry's service name)`] : []),
    ...(port === undefined ? [`${VARIABLE.registryPort} (the service's port)`] : []),
    ...(nodePort === undefined ? [`${VARIABLE.registryNodePort} (the port on every node)`] : [])
  ]
  if (host === undefined || port === undefined || nodePort === undefined) {
    throw new HookError(
      'SETTING',
      'configuration',
      `This step's image is built from a Dockerfile and needs a registry. Not set, or not a port: ${missing.join(', ')}. ` +
        'Set them on the runner container in the Helm values.'
    )
  }
  return { host, port, nodePort }
}

function portNumber(text: string | undefined): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}
