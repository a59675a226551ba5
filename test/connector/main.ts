import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { messageOf } from '../cluster/errors.js'
import { status as clusterStatus } from '../cluster/index.js'
import { createConnector, deleteConnector } from './connector.js'
import { connectorNames, driverNodes, installConnectors, uninstallConnectors } from './installation.js'

const USAGE = `Usage: npm run connector -- up [--image REFERENCE] [--kubelet DIRECTORY]
                                 [--connector NAMESPACE/NAME --address URL [--user NAME] [--ca FILE] [--class oci|harbor]
                                  [--form exposed|unexposed|host|none]]
       npm run connector -- down [--connector NAMESPACE/NAME]
       npm run connector -- status
The cluster is that of KUBECONFIG, else the test cluster. The password of --user is read from UPSTREAM_PASSWORD.`

const OPTIONS = {
  image: { type: 'string' },
  kubelet: { type: 'string' },
  connector: { type: 'string' },
  address: { type: 'string' },
  user: { type: 'string' },
  ca: { type: 'string' },
  class: { type: 'string' },
  form: { type: 'string' }
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const cluster = await chosenCluster()
  const [command = ''] = positionals
  switch (command) {
    case 'up':
      await up(cluster, values)
      return 0
    case 'down':
      if (values.connector === undefined) await uninstallConnectors(cluster)
      else await deleteConnector(cluster, ...split(values.connector))
      return 0
    case 'status':
      console.log(`driver on: ${(await driverNodes(cluster)).join(', ') || 'no node'}`)
      console.log(`connectors: ${(await connectorNames(cluster)).join(', ') || 'none'}`)
      return 0
    default:
      console.error(USAGE)
      return 2
  }
}

async function up(cluster: { readonly kubeconfig: string; readonly owned: boolean }, values: Values): Promise<void> {
  const { image, kubelet, connector, address, user, ca } = values
  const installation = await installConnectors(cluster, {
    ...(image === undefined ? {} : { image }),
    ...(kubelet === undefined ? {} : { kubelet })
  })
  console.log(`The connectors' driver is on ${(await driverNodes(cluster)).join(', ')}.`)
  if (connector === undefined) return
  if (address === undefined) throw new Error('--connector needs the --address of the registry.')
  const [namespace, name] = split(connector)
  const made = await createConnector(cluster, namespace, {
    name,
    image: installation.image,
    connectorClass: oneOf('class', values.class ?? 'oci', ['oci', 'harbor']),
    form: oneOf('form', values.form ?? 'exposed', ['exposed', 'unexposed', 'host', 'none']),
    upstream: {
      address,
      ...(user === undefined
        ? {}
        : { credentials: { username: user, password: process.env['UPSTREAM_PASSWORD'] ?? '' } }),
      ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') })
    }
  })
  console.log(
    `Connector ${connector}: push to ${made.pushHost}/${made.prefix}…, pull from ${made.pullHost}/${made.prefix}…`
  )
}

async function chosenCluster(): Promise<{ readonly kubeconfig: string; readonly owned: boolean }> {
  const kubeconfig = process.env['KUBECONFIG']
  const own = (await clusterStatus()).kubeconfig
  if (kubeconfig !== undefined && kubeconfig !== '') return { kubeconfig, owned: kubeconfig === own }
  if (own === undefined) throw new Error('Set KUBECONFIG, or bring the test cluster up: npm run cluster -- up')
  return { kubeconfig: own, owned: true }
}

function split(reference: string): [string, string] {
  const [namespace, name, ...more] = reference.split('/')
  if (namespace === undefined || name === undefined || more.length > 0)
    throw new Error(`--connector is NAMESPACE/NAME, not ${reference}.`)
  return [namespace, name]
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find(word => word === value)
  if (found === undefined) throw new Error(`--${option} is one of ${allowed.join(', ')}, not ${value}.`)
  return found
}

main().then(
  code => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(messageOf(error))
    process.exitCode = 1
  }
)
