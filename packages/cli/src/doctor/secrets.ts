import type { DestinationSettings, Settings } from '@kaniko-hooks/hook/settings'
import { isKubeError, type Kube } from '@kaniko-hooks/kube'

import { type Finding, wordsOf } from './finding.js'

/** A Secret that the settings name. */
interface Named {
  readonly setting: string
  readonly secret: string
  readonly key: string
}

const CONFIG = '.dockerconfigjson'

/** The Secrets that the settings name, in the namespace of the pods. */
function secretsOf(settings: Settings, destinations: readonly DestinationSettings[]): Named[] {
  const found: Named[] = []
  const add = (setting: string, secret: string | undefined, key = CONFIG): void => {
    if (secret !== undefined) found.push({ setting, secret, key })
  }
  for (const [index, destination] of destinations.entries()) {
    const { nodePort, remote, connector } = destination
    const at = `destinations.${index}`
    add(`${at}.pushSecret`, (nodePort ?? remote)?.pushSecret)
    add(`${at}.pullSecret`, (nodePort ?? remote ?? connector)?.pullSecret)
    const ca = (remote ?? connector)?.ca
    add(`${at}.ca`, ca?.secret, ca?.key)
  }
  for (const [index, { pushSecret, ca }] of settings.broker.pushTo.entries()) {
    add(`broker.pushTo.${index}.pushSecret`, pushSecret)
    add(`broker.pushTo.${index}.ca`, ca?.secret, ca?.key)
  }
  for (const [index, { secret, key }] of settings.build.certificates.entries()) {
    add(`build.certificates.${index}`, secret, key)
  }
  add('build.credentials', settings.build.credentials)
  add('cache.secret', settings.cache?.secret)
  return found
}

/** Whether each Secret that the settings name is there, with the key that is read of it. Values are not looked at. */
export async function checkSecrets(
  kube: Kube,
  settings: Settings,
  destinations: readonly DestinationSettings[],
  signal: AbortSignal
): Promise<readonly Finding[]> {
  return Promise.all(secretsOf(settings, destinations).map(async named => checkSecret(kube, named, signal)))
}

async function checkSecret(kube: Kube, { setting, secret, key }: Named, signal: AbortSignal): Promise<Finding> {
  const check = `secret ${secret}`
  const kind =
    key === CONFIG
      ? `docker-registry ${secret} --docker-server=… --docker-username=… --docker-password=…`
      : `generic ${secret} --from-file=${key}`
  const mend = `kubectl -n ${kube.namespace} create secret ${kind}`
  try {
    const { data = {} } = await kube.get('secrets', secret, { signal })
    if (Object.hasOwn(data, key)) return { check, state: 'ok', says: `It is there, for ${setting}.` }
    return { check, state: 'failed', says: `Secret ${secret} (${setting}) has no key ${key}.`, mend }
  } catch (error) {
    if (!isKubeError(error) || signal.aborted) throw error
    if (!isKubeError(error, 'NOT_FOUND')) return { check, state: 'unknown', says: wordsOf(error) }
    return {
      check,
      state: 'failed',
      says: `There is no Secret ${secret} (${setting}) in namespace ${kube.namespace}.`,
      mend
    }
  }
}
