import { parseArgs } from 'node:util'

import type { ConnectorOptions } from './connector.js'

export const USAGE = `Usage: npm run connector -- up [--image REFERENCE] [--kubelet DIRECTORY] [--connector NAMESPACE/NAME ...]
       npm run connector -- down [--connector NAMESPACE/NAME]
       npm run connector -- status
       npm run connector -- image FILE
A connector is made with [--address URL [--user NAME] [--ca FILE] [--class oci|harbor]], or is there already without these, and
is reached by [--form exposed|unexposed|host|none] [--node ADDRESS] [--node-port PORT].
The cluster is that of KUBECONFIG, else the test cluster. The password of --user is read from UPSTREAM_PASSWORD.`

/** A connector by its name. */
export interface ConnectorName {
  readonly namespace: string
  readonly name: string
}

/** A connector that is to be made, or to get its proxy. The authority of its registry is in a file. */
export interface ConnectorRequest {
  readonly namespace: string
  readonly options: ConnectorOptions
  readonly caFile?: string
}

/** What the command line asks for. */
export type Request =
  | {
      readonly command: 'up'
      readonly image?: string
      readonly kubelet?: string
      readonly connector?: ConnectorRequest
    }
  | { readonly command: 'down'; readonly connector?: ConnectorName }
  | { readonly command: 'status' }
  | { readonly command: 'image'; readonly file: string }

/** What is wrong with the command line, in a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const OPTIONS = {
  image: { type: 'string' },
  kubelet: { type: 'string' },
  connector: { type: 'string' },
  address: { type: 'string' },
  user: { type: 'string' },
  ca: { type: 'string' },
  class: { type: 'string' },
  form: { type: 'string' },
  node: { type: 'string' },
  'node-port': { type: 'string' }
} as const

type Option = keyof typeof OPTIONS
type Values = Partial<Record<Option, string>>

/** Options that say something of a connector, and those of them that say something of its registry. */
const OF_REGISTRY: readonly Option[] = ['user', 'ca', 'class']
const OF_CONNECTOR: readonly Option[] = ['address', ...OF_REGISTRY, 'form', 'node', 'node-port']
const ALLOWED: Readonly<Record<Request['command'], readonly Option[]>> = {
  up: ['image', 'kubelet', 'connector', ...OF_CONNECTOR],
  down: ['connector'],
  status: [],
  image: []
}

/**
 * Reads the command line.
 *
 * @throws UsageError
 */
export function readArguments(args: readonly string[], environment: NodeJS.ProcessEnv): Request {
  const { positionals, values } = parsed(args)
  const [command, ...more] = positionals
  if (!isCommand(command)) throw new UsageError(USAGE)
  for (const option of Object.keys(values) as Option[])
    if (!ALLOWED[command].includes(option)) throw new UsageError(`--${option} is not for ${command}.`)
  const [file, surplus = command === 'image' ? undefined : file] = more
  if (surplus !== undefined) throw new UsageError(`${surplus} is one word too many: names follow their options.`)
  switch (command) {
    case 'up':
      return { command, ...only(values, ['image', 'kubelet']), ...connectorOf(values, environment) }
    case 'down':
      return { command, ...(values.connector === undefined ? {} : { connector: nameOf(values.connector) }) }
    case 'status':
      return { command }
    case 'image':
      if (file === undefined) throw new UsageError('image needs the name of the FILE that it writes.')
      return { command, file }
  }
}

function parsed(args: readonly string[]): { positionals: string[]; values: Values } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('. ')
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`)
  }
}

function isCommand(word: string | undefined): word is Request['command'] {
  return word !== undefined && Object.hasOwn(ALLOWED, word)
}

function connectorOf(values: Values, environment: NodeJS.ProcessEnv): { connector?: ConnectorRequest } {
  const { connector, address, ca } = values
  for (const option of OF_CONNECTOR)
    if (connector === undefined && values[option] !== undefined)
      throw new UsageError(`--${option} says something of a connector: name it by --connector NAMESPACE/NAME.`)
  if (connector === undefined) return {}
  for (const option of OF_REGISTRY)
    if (address === undefined && values[option] !== undefined)
      throw new UsageError(`--${option} says something of a registry: give its --address.`)
  const { namespace, name } = nameOf(connector)
  const options = {
    name,
    form: oneOf('form', values.form ?? 'exposed', ['exposed', 'unexposed', 'host', 'none']),
    ...only(values, ['node']),
    ...(values['node-port'] === undefined ? {} : { nodePort: portOf(values['node-port']) }),
    ...(address === undefined
      ? {}
      : {
          connectorClass: oneOf('class', values.class ?? 'oci', ['oci', 'harbor']),
          upstream: { address: addressOf(address), ...credentialsOf(values.user, environment) }
        })
  }
  return { connector: { namespace, options, ...(ca === undefined ? {} : { caFile: ca }) } }
}

function nameOf(reference: string): ConnectorName {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(reference) ?? []
  if (namespace === undefined || name === undefined)
    throw new UsageError(`--connector is NAMESPACE/NAME, not ${reference}.`)
  return { namespace, name }
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && url.username + url.password !== '')
    throw new UsageError('--address has no user and no password in it: they are --user and UPSTREAM_PASSWORD.')
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--address is the registry's URL, as https://registry.example.com, not ${text}.`)
  return text
}

function credentialsOf(username: string | undefined, environment: NodeJS.ProcessEnv) {
  if (username === undefined) return {}
  const password = environment['UPSTREAM_PASSWORD'] ?? ''
  if (password === '') throw new UsageError(`The password of ${username} is missing: set UPSTREAM_PASSWORD.`)
  return { credentials: { username, password } }
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new UsageError(`--node-port is a port of the cluster's node ports, mostly 30000 to 32767, not ${text}.`)
  return port
}

function oneOf<T extends string>(option: Option, value: string, allowed: readonly T[]): T {
  const found = allowed.find(word => word === value)
  if (found === undefined) throw new UsageError(`--${option} is one of ${allowed.join(', ')}, not ${value}.`)
  return found
}

function only<O extends Option>(values: Values, options: readonly O[]): Partial<Record<O, string>> {
  const chosen = options.flatMap(option => (values[option] === undefined ? [] : [[option, values[option]]]))
  return Object.fromEntries(chosen) as Partial<Record<O, string>>
}
