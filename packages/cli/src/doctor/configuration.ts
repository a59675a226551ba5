import { readFile } from 'node:fs/promises'

import { isKubeError, type Kube } from '@kaniko-hooks/kube'
import { doubtsAbout, readTemplate, type Template } from '@kaniko-hooks/hook/pods'
import { readEnvironment, readSettings, type ReadText, type Settings, VARIABLE } from '@kaniko-hooks/hook/settings'
import { load } from 'js-yaml'

import { checkMounted, ConfigMaps, NotSeen, readerFor } from './config-maps.js'
import { type Finding, wordsOf } from './finding.js'
import type { DoctorPlan } from './plan.js'
import { type Values, variablesOf } from './runner.js'
import { checkValues } from './values.js'

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
