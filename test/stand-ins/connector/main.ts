import { readFileSync } from 'node:fs'

import { Api } from '../../harness/cluster/api.js'
import { messageOf } from '../../harness/cluster/errors.js'
import { status as clusterStatus } from '../../harness/cluster/index.js'
import { connector as connectorImage } from '../../harness/images/connector.js'
import { readArguments, UsageError, type ConnectorRequest, type Request } from './arguments.js'
import { createConnector, deleteConnector } from './connector.js'
import { writeImageArchive } from './image-archive.js'
import { driverNodes, install, kubeletOf, uninstallConnectors } from './installation.js'
import { checkNodes } from './node-check.js'
import { connectorNames, CONNECTORS_API } from './objects.js'

interface ChosenCluster {
  readonly kubeconfig: string
  readonly owned: boolean
}

interface ConnectorObject {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: { readonly address?: string }
  readonly status?: { readonly proxy?: { readonly httpAddress?: { readonly url?: string } } }
}

async function main(): Promise<number> {
  const request = readArguments(process.argv.slice(2), process.env)
  if (request.command === 'image') {
    const reference = await writeImageArchive(request.file, console.log)
    console.log(`${request.file} has the image ${reference}.`)
    return 0
  }
  const cluster = await chosenCluster()
  switch (request.command) {
    case 'up':
      await up(cluster, request)
      return 0
    case 'down':
      await down(cluster, request)
      return 0
    case 'status':
      return printStatus(cluster)
  }
}

async function up(cluster: ChosenCluster, request: Extract<Request, { command: 'up' }>): Promise<void> {
  const { image = connectorImage.reference, kubelet = kubeletOf(cluster), connector } = request
  const ca = connector?.caFile === undefined ? undefined : authorityIn(connector.caFile)
  if (connector !== undefined) await assertNamespace(cluster, connector.namespace)
  await checkNodes(cluster, { image, kubelet })
  await install(cluster, { image, kubelet })
  console.log(`The connectors' driver is on ${(await driverNodes(cluster)).join(', ')}.`)
  if (connector !== undefined) await upConnector(cluster, image, connector, ca)
}

async function upConnector(
  cluster: ChosenCluster,
  image: string,
  { namespace, options }: ConnectorRequest,
  ca: string | undefined
): Promise<void> {
  const { upstream } = options
  const { name, urls, pushHost, pullHost, prefix } = await createConnector(cluster, namespace, {
    ...options,
    image,
    ...(upstream === undefined ? {} : { upstream: { ...upstream, ...(ca === undefined ? {} : { ca }) } })
  })
  const { form = 'exposed' } = options
  console.log(`Connector ${namespace}/${name}: ${form === 'none' ? 'no address in its status' : urls[form]}`)
  console.log(`push to ${pushHost}/${prefix}REPOSITORY`)
  // By its node port, which names no connector where the host has to.
  if (prefix !== '') console.log(`pull from ${pullHost}/${prefix}REPOSITORY`)
}

async function down(cluster: ChosenCluster, { connector }: Extract<Request, { command: 'down' }>): Promise<void> {
  if (connector === undefined) {
    await uninstallConnectors(cluster)
    console.log("The connectors' kinds, classes and driver are gone.")
    return
  }
  const name = `${connector.namespace}/${connector.name}`
  const known = (await connectorNames(cluster)).includes(name)
  await deleteConnector(cluster, connector.namespace, connector.name)
  console.log(known ? `Connector ${name} is gone.` : `There was no connector ${name}.`)
}

async function printStatus(cluster: ChosenCluster): Promise<number> {
  const nodes = await driverNodes(cluster)
  console.log(`driver on: ${nodes.join(', ') || 'no node'}`)
  const path = `/apis/${CONNECTORS_API}/connectors`
  const connectors = (await new Api(cluster.kubeconfig).get<{ items: ConnectorObject[] }>(path))?.items ?? []
  if (connectors.length === 0) console.log('connectors: none')
  for (const { metadata, spec, status } of connectors) {
    const url = status?.proxy?.httpAddress?.url ?? 'no address in its status'
    console.log(`connector ${metadata.namespace}/${metadata.name}: ${url} for ${spec.address ?? 'no registry'}`)
  }
  return nodes.length === 0 ? 1 : 0
}

async function chosenCluster(): Promise<ChosenCluster> {
  const chosen = process.env['KUBECONFIG'] ?? ''
  const own = (await clusterStatus()).kubeconfig
  const kubeconfig = chosen === '' ? own : chosen
  if (kubeconfig === undefined) throw new Error('Set KUBECONFIG, or bring the test cluster up: npm run cluster -- up')
  const api = new Api(kubeconfig)
  const { status } = await api.request('GET', '/api/v1/nodes').catch((error: unknown) => {
    throw new Error(`The cluster of ${kubeconfig} (${api.server}) does not answer: ${messageOf(error)}`)
  })
  if (status === 401 || status === 403)
    throw new Error(
      `The cluster of ${kubeconfig} (${api.server}) does not let its user in (${status}): it has to be an administrator with a ` +
        'certificate or a token in the file; programs that fetch one are not called.'
    )
  return { kubeconfig, owned: kubeconfig === own }
}

async function assertNamespace(cluster: ChosenCluster, namespace: string): Promise<void> {
  if ((await new Api(cluster.kubeconfig).get(`/api/v1/namespaces/${namespace}`)) === undefined)
    throw new Error(`There is no namespace ${namespace}: kubectl create namespace ${namespace}`)
}

function authorityIn(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--ca ${file} cannot be read: ${messageOf(error)}`)
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new UsageError(`--ca ${file} has no certificate as PEM.`)
  return text
}

main().then(
  code => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(messageOf(error))
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
)
