import { readFile } from 'node:fs/promises'

import { type ReadText, VARIABLE } from '@kaniko-hooks/hook/settings'
import { isKubeError, type Kube } from '@kaniko-hooks/kube'

import { type Finding, wordsOf } from './finding.js'
import { sourceOf } from './mounts.js'
import { type Values, variablesOf } from './runner.js'
import { HOOKS } from './values.js'

/** ConfigMaps of the runners' namespace, each read once. */
export class ConfigMaps {
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
export async function checkMounted(values: Values, maps: ConfigMaps): Promise<Finding[]> {
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
export function readerFor(values: Values | undefined, maps: ConfigMaps): ReadText {
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
export class NotSeen extends Error {}
