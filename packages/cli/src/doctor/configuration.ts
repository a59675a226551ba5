import { readFile } from 'node:fs/promises'

import { isKubeError, type Kube } from '@kaniko-hooks/kube'
import { doubtsAbout, readTemplate, type Template } from '@kaniko-hooks/hook/pods'
import { readEnvironment, readSettings, type ReadText, type Settings, VARIABLE } from '@kaniko-hooks/hook/settings'
import { load } from 'js-yaml'

import { type Finding, wordsOf } from './finding.js'
import type { DoctorPlan } from './plan.js'
import { checkValues, HOOKS, sourceOf, type Values, variablesOf } from './values.js'

/** What runners are set up with, as far as it could be read. */
export interface Configuration {
  readonly values: Values | undefined
  readonly settings: Settings | undefined
  readonly template: Template | undefined
  readonly findings: readonly Finding[]
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Reads values, settings and template as the runner and the hook would. A file comes from the flag that names it; else from
 * where the values say that the runner finds it, which is a ConfigMap of the cluster; else from where this process' own
 * variables say, as in a runner's pod.
 *
 * @param kube the runners' namespace; undefined where no cluster can be asked
 */
export async function readConfiguration(
  plan: DoctorPlan,
  env: Variables,
  kube: Kube | undefined,
  signal: AbortSignal
): Promise<Configuration> {
  const read = await readValues(plan)
  const { values } = read
  const maps = new ConfigMaps(kube, signal)
  const variables: Variables = values === undefined ? env : variablesOf(values)
  const [settings, template, mounted] = await Promise.all([
    settingsOf(plan, values, variables, maps),
    templateOf(plan, values, variables, maps),
    values === undefined ? [] : checkMounted(values, maps)
  ])
  return {
    values,
    settings: settings.settings,
    template: template.template,
    findings: [...read.findings, ...mounted, ...settings.findings, ...template.findings]
  }
}

async function readValues({ valuesFile }: DoctorPlan): Promise<{ values: Values | undefined; findings: Finding[] }> {
  if (valuesFile === undefined) return { values: undefined, findings: [] }
  const failed = (says: string): { values: undefined; findings: Finding[] } => ({
    values: undefined,
    findings: [
      { check: 'values', state: 'failed', says, mend: 'examples/values/kubernetes.yaml has all that is needed' }
    ]
  })
  try {
    const values = load(await readFile(valuesFile, 'utf8'))
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      return failed(`${valuesFile} is not a YAML mapping.`)
    }
    return { values, findings: checkValues(values) }
  } catch (error) {
    return failed(`${valuesFile} cannot be used: ${wordsOf(error)}`)
  }
}

/** ConfigMaps of the runners' namespace, each read once. */
class ConfigMaps {
  readonly #kube: Kube | undefined
  readonly #signal: AbortSignal
  readonly #read = new Map<string, Promise<Readonly<Record<string, string>>>>()

  constructor(kube: Kube | undefined, signal: AbortSignal) {
    this.#kube = kube
    this.#signal = signal
  }

  get namespace(): string {
    return this.#kube?.namespace ?? ''
  }

  get canBeRead(): boolean {
    return this.#kube !== undefined
  }

  async keys(name: string): Promise<Readonly<Record<string, string>>> {
    const known = this.#read.get(name)
    if (known !== undefined) return known
    const reading = this.#load(name)
    this.#read.set(name, reading)
    return reading
  }

  async #load(name: string): Promise<Readonly<Record<string, string>>> {
    if (this.#kube === undefined) throw new Error('no cluster was asked')
    const { data = {}, binaryData = {} } = await this.#kube.get('configmaps', name, { signal: this.#signal })
    return { ...binaryData, ...data }
  }
}

/** Whether the ConfigMaps have what the values take from them. */
async function checkMounted(values: Values, maps: ConfigMaps): Promise<Finding[]> {
  if (!maps.canBeRead) return []
  const variables = variablesOf(values)
  const mounted = [HOOKS, VARIABLE.settingsPath, VARIABLE.templatePath].flatMap(variable => {
    const path = variables[variable] ?? ''
    const source = sourceOf(values, path)
    return path === '' || source.kind !== 'config-map' ? [] : [{ variable, path, ...source }]
  })
  const names = [...new Set(mounted.map(({ name }) => name))]
  const findings = names.map(async (name): Promise<Finding[]> => {
    const files = mounted.filter(each => each.name === name)
    const from = files.map(({ key }) => `--from-file=${key}=FILE`).join(' ')
    const mend = `kubectl -n ${maps.namespace} create configmap ${name} ${from} # docs/getting-started.md, step 3`
    try {
      const keys = await maps.keys(name)
      return files.map(({ variable, path, key }): Finding => {
        const check = `values ${variable}`
        if (Object.hasOwn(keys, key))
          return { check, state: 'ok', says: `${path} is the key ${key} of ConfigMap ${name}.` }
        const has = Object.keys(keys).join(', ')
        const says = `ConfigMap ${name} has no key ${key}, which would be ${path}; it has ${has}.`
        return { check, state: 'failed', says, mend }
      })
    } catch (error) {
      const check = `configmap ${name}`
      const says = wordsOf(error)
      if (!isKubeError(error, 'NOT_FOUND')) return [{ check, state: 'unknown', says }]
      return [{ check, state: 'failed', says: `The values mount a ConfigMap that is not there. ${says}`, mend }]
    }
  })
  return (await Promise.all(findings)).flat()
}

/** Reads a path of the runner's container from where it is from. */
function readerFor(values: Values | undefined, maps: ConfigMaps): ReadText {
  return async path => {
    if (values === undefined) return readFile(path, 'utf8')
    const source = sourceOf(values, path)
    if (source.kind !== 'config-map') throw new NotSeen(`${path} is in the image or the volume of the runner`)
    if (!maps.canBeRead) throw new NotSeen(`${path} is in ConfigMap ${source.name}, and no cluster was asked`)
    const text = (await maps.keys(source.name))[source.key]
    if (text === undefined) throw new NotSeen(`ConfigMap ${source.name} has no key ${source.key}`)
    return text
  }
}

/** A file that cannot be seen from here, which says nothing about it. */
class NotSeen extends Error {}

/** Reads what a variable names, or the file of the flag. */
interface Origin {
  readonly path: string | undefined
  readonly read: ReadText
}

/** @returns a finding in place of an origin, when the file is there and cannot be seen from here */
async function originOf(
  check: string,
  flag: string | undefined,
  path: string | undefined,
  read: ReadText
): Promise<Origin | Finding> {
  if (flag !== undefined) return { path: flag, read: file => readFile(file, 'utf8') }
  if (path === undefined || path === '') return { path: undefined, read }
  try {
    await read(path)
    return { path, read }
  } catch (error) {
    if (!(error instanceof NotSeen) && !isKubeError(error)) return { path, read }
    return { check, state: 'unknown', says: `${wordsOf(error).replace(/\.$/, '')}; --${check} FILE names it.` }
  }
}

async function settingsOf(
  { settingsFile }: DoctorPlan,
  values: Values | undefined,
  variables: Variables,
  maps: ConfigMaps
): Promise<{ settings: Settings | undefined; findings: Finding[] }> {
  const check = 'settings'
  const origin = await originOf(check, settingsFile, variables[VARIABLE.settingsPath], readerFor(values, maps))
  if ('state' in origin) return { settings: undefined, findings: [origin] }
  const all = { ...variables, [VARIABLE.settingsPath]: origin.path, [VARIABLE.runnerPod]: 'kbuild-doctor' }
  const environment = readEnvironment(all)
  const isGiven = values !== undefined || origin.path !== undefined || environment.registryHost !== undefined
  if (!isGiven && environment.remoteHost === undefined) return { settings: undefined, findings: [] }
  let settings: Settings
  try {
    settings = await readSettings(environment, origin.read)
  } catch (error) {
    const mend = 'docs/settings.md has all keys; docs/settings.schema.json lets an editor check them'
    return { settings: undefined, findings: [{ check, state: 'failed', says: wordsOf(error), mend }] }
  }
  const findings: Finding[] =
    settings.warning === undefined
      ? [{ check, state: 'ok', says: `${origin.path ?? 'The variables'} can be used.` }]
      : [{ check, state: 'warning', says: settings.warning, mend: 'docs/settings.md has the new names' }]
  try {
    settings.destinations()
  } catch (error) {
    const mend = 'destinations: [{ remote: { repository: registry.example.com/acme/actions } }] # docs/destinations'
    findings.push({ check: 'settings destinations', state: 'failed', says: wordsOf(error), mend })
  }
  return { settings, findings }
}

async function templateOf(
  { templateFile }: DoctorPlan,
  values: Values | undefined,
  variables: Variables,
  maps: ConfigMaps
): Promise<{ template: Template | undefined; findings: Finding[] }> {
  const check = 'template'
  const origin = await originOf(check, templateFile, variables[VARIABLE.templatePath], readerFor(values, maps))
  if ('state' in origin) return { template: undefined, findings: [origin] }
  if (origin.path === undefined) return { template: undefined, findings: [] }
  try {
    const template = await readTemplate(origin.path, origin.read)
    const doubts = doubtsAbout(template, [])
    const findings: Finding[] =
      doubts.length === 0
        ? [{ check, state: 'ok', says: `${origin.path} can be used.` }]
        : doubts.map(says => ({ check, state: 'warning' as const, says, mend: 'docs/template.md' }))
    return { template, findings }
  } catch (error) {
    return {
      template: undefined,
      findings: [{ check, state: 'failed', says: wordsOf(error), mend: 'docs/template.md has what a template may say' }]
    }
  }
}
