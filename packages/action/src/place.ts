import { isConnectorName, type BackendName } from '@kaniko-hooks/client'
import { FAILSAFE_SCHEMA, load } from 'js-yaml'
import { splitPair } from './key-values.js'

/** Where an image is built, as the inputs say. */
export interface Place {
  readonly backend: Exclude<BackendName, 'via'> | 'auto'
  /** A file, or the text itself. */
  readonly kubeconfig?: { readonly path: string } | { readonly content: string }
  readonly namespace?: string
  /** By which the tags of its registry are pushed. */
  readonly connector?: { readonly name: string; readonly serviceAccount: string }
  /** Limits by name: `cpu`, `memory`, `ephemeral-storage`. */
  readonly resources: Readonly<Record<string, string>>
  readonly nodeSelector: Readonly<Record<string, string>>
}

const BACKENDS = ['auto', 'broker', 'kubernetes', 'docker', 'local'] as const
const RESOURCES = ['cpu', 'memory', 'ephemeral-storage']
const QUANTITY = /^\d+(?:\.\d+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/
/** RFC 1123 label. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/
const LABEL_KEY = /^(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/

/** Reads where the image is built; nothing is looked up. */
export function readPlace(
  inputs: {
    readonly backend: string
    readonly kubeconfig: string
    readonly namespace: string
    readonly connector: string
    readonly serviceAccount: string
    readonly push: boolean
    readonly load: boolean
    readonly resources: readonly string[]
    readonly nodeSelector: readonly string[]
  },
  problem: (sentence: string) => void
): Place {
  const backend = BACKENDS.find(name => name === inputs.backend)
  if (backend === undefined) {
    problem(`\`backend\` is one of ${BACKENDS.join(', ')}, not ${JSON.stringify(inputs.backend)}`)
  }
  if (inputs.namespace !== '' && !NAME.test(inputs.namespace)) problem('`namespace` is no name of a namespace')
  const { kubeconfig } = inputs
  const connector = readConnector(inputs, problem)
  if (inputs.load && !['auto', 'docker'].includes(inputs.backend)) {
    problem(
      `\`load\` is for the backend docker, and not for ${inputs.backend}; write \`outputs: type=docker,dest=image.tar\``
    )
  }
  if (inputs.load && inputs.push) problem('`load` and `push` exclude each other: build again to push, or `docker push`')
  // Who builds elsewhere has neither the connector nor the registry's password, nor a daemon.
  const only = connector !== undefined ? 'kubernetes' : inputs.load ? 'docker' : 'auto'
  return {
    backend: backend === undefined || backend === 'auto' ? only : backend,
    ...(connector === undefined ? {} : { connector }),
    ...(kubeconfig === ''
      ? {}
      : { kubeconfig: /[\n{]/.test(kubeconfig) ? { content: kubeconfig } : { path: kubeconfig } }),
    ...(inputs.namespace === '' ? {} : { namespace: inputs.namespace }),
    resources: readResources(inputs.resources, problem),
    nodeSelector: readSelector(inputs.nodeSelector, problem)
  }
}

function readConnector(
  {
    connector,
    serviceAccount,
    backend,
    push
  }: { readonly connector: string; readonly serviceAccount: string; readonly backend: string; readonly push: boolean },
  problem: (sentence: string) => void
): Place['connector'] {
  if (connector === '') {
    if (serviceAccount !== '') problem('`service-account` is for a build pod with a `connector`, and there is none')
    return undefined
  }
  if (!isConnectorName(connector)) problem('`connector` is the NAMESPACE/NAME of a Connector, or its name')
  if (serviceAccount === '') {
    problem('`connector` needs a `service-account`: the account of the build pod, which may get the connector')
  } else if (!isConnectorName(serviceAccount) || serviceAccount.includes('/')) {
    problem('`service-account` is no name of a service account')
  }
  if (!['auto', 'kubernetes'].includes(backend)) {
    problem(
      `\`connector\` is for the backend kubernetes, and not for ${backend}; the hook pushes through the connectors of its settings`
    )
  }
  if (!push) problem('`connector` is for a push, and `push` is not true')
  return { name: connector, serviceAccount }
}

/** Fields of a user whose values let somebody in. */
const SECRET_FIELDS = [
  ...['token', 'password', 'client-key-data'],
  ...['access-token', 'refresh-token', 'id-token', 'client-secret']
]

/** A shorter one would blot out words of every log. */
const SHORTEST_SECRET = 4

/** What of a kubeconfig must never be printed, in whatever style of YAML or JSON it is written. */
export function secretsOfKubeconfig(content: string): string[] {
  const secrets: string[] = []
  const seen = new Set<unknown>()
  const look = (value: unknown): void => {
    // YAML can be small and unfold to much.
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && SECRET_FIELDS.includes(name)) secrets.push(inner.trim())
      else look(inner)
    }
  }
  try {
    look(load(content, { schema: FAILSAFE_SCHEMA }))
  } catch {
    // Nobody can use it; an error may quote it.
    const field = new RegExp(`["']?(?:${SECRET_FIELDS.join('|')})["']?:[ \\t]*["']?([^\\s"',}]+)`, 'g')
    secrets.push(...[...content.matchAll(field)].flatMap(([, value]) => value ?? []))
  }
  return secrets.filter(secret => secret.length >= SHORTEST_SECRET)
}

function readResources(elements: readonly string[], problem: (sentence: string) => void): Record<string, string> {
  const resources: Record<string, string> = {}
  for (const element of elements) {
    const [name, quantity] = splitPair(element) ?? [element, '']
    if (RESOURCES.includes(name) && QUANTITY.test(quantity)) resources[name] = quantity
    else problem(`\`resources\` has ${JSON.stringify(element)}; possible is cpu=2,memory=4Gi,ephemeral-storage=20Gi`)
  }
  return resources
}

function readSelector(elements: readonly string[], problem: (sentence: string) => void): Record<string, string> {
  const selector: Record<string, string> = {}
  for (const element of elements) {
    const [key, value] = splitPair(element) ?? [element, undefined]
    if (value !== undefined && LABEL_KEY.test(key) && LABEL_VALUE.test(value)) selector[key] = value
    else problem(`\`node-selector\` has ${JSON.stringify(element)}, which is no KEY=VALUE of a node's label`)
  }
  return selector
}
