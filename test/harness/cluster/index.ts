import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { buildImages, PLAIN_RECIPES, type Image } from '../images/index.js'
import { Api } from './api.js'
import { goPrograms, type Binaries } from './binaries.js'
import { makeCertificates, SERVER } from './certificates.js'
import { FIXED, type Cluster } from './cluster.js'
import { registryCertificates, socketOf } from './containerd.js'
import { makeControlGroups } from './control-groups.js'
import { installDebianPackages } from './debian.js'
import { messageOf } from './errors.js'
import { prepareImageStore } from './image-store.js'
import { GATEWAY, layoutOf, NODE_NAME, type Layout } from './layout.js'
import { clear, clearAll } from './leftovers.js'
import { exclusively } from './lock.js'
import { masquerade, setKernel } from './network.js'
import { planCluster, writeFiles, type Plan } from './plan.js'
import { checkPrerequisites } from './prerequisites.js'
import { isAlive, recorded } from './processes.js'
import { step, type Log } from './progress.js'
import { checks, etcdAnswers, nodeHasAddress, serverIsReady } from './readiness.js'
import { runtimeAnswers } from './runtime-answers.js'
import { places, type Places } from './settings.js'
import { Starting } from './starting.js'
import { until } from './wait.js'

export type { Cluster } from './cluster.js'
export { fromKubeconfig } from './external.js'
export { createVolume, deleteVolume } from './volumes.js'

/** For one part of the cluster until it answers, on a machine that may be busy and has read nothing from its disk yet. */
const ANSWER_SECONDS = 180

const FIRST_TIME =
  'The first time on a machine Kubernetes, Kaniko and the images are made from source, which takes some 12 minutes on two ' +
  'cores, most of them for compiling Kubernetes. They are kept: later runs start in seconds.'

/** What runs of the cluster. */
export interface ClusterStatus {
  /** Whether everything that tests need answers. */
  readonly ready: boolean
  /** The first thing that does not, in one sentence. */
  readonly problem?: string
  readonly kubeconfig?: string
  readonly server: string
  readonly state: string
  readonly cache: string
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly running: boolean }[]
}

/** What `up` leaves for later calls. */
interface Saved {
  readonly key: string
  readonly cluster: Cluster
}

/**
 * Brings the cluster up, or returns the one that is up already and made from the same parts. Whatever an earlier one left
 * is cleared away first. The first call on a machine builds everything and takes minutes.
 *
 * @example
 * const cluster = await up({ log: console.log })
 */
export async function up(options: { log?: Log } = {}): Promise<Cluster> {
  const log = options.log ?? ((): void => undefined)
  const where = places()
  const waiting = (directory: string) => (): void => {
    log(`another process works on ${directory}: waiting`)
  }
  await checkPrerequisites(where)
  if (!existsSync(join(where.cache, 'binaries'))) log(FIRST_TIME)
  return exclusively(
    where.state,
    async () => {
      await installDebianPackages(where, log)
      const { binaries, images } = await exclusively(where.cache, () => buildAll(where, log), waiting(where.cache))
      const layout = layoutOf(where.state, binaries)
      const plan = planCluster(layout, images)
      const running = await reusable(layout, plan)
      if (running !== undefined) return running
      await clear(layout)
      await step(log, 'starting the cluster', () => bringUp(layout, plan, images, log))
      return save(layout, plan)
    },
    waiting(where.state)
  )
}

/** Whatever is not in the cache yet. The Debian image comes from the network while Go keeps the processors busy. */
async function buildAll(where: Places, log: Log): Promise<{ binaries: Binaries; images: Image[] }> {
  const [binaries] = await Promise.all([goPrograms(where, log), buildImages(where, new Map(), log, PLAIN_RECIPES)])
  return { binaries, images: await buildImages(where, binaries, log) }
}

/** Ends the cluster and removes what it left on the machine. What was built stays for the next time. */
export async function down(): Promise<void> {
  const { state } = places()
  const place = { state, at: (...path: string[]) => join(state, ...path) }
  await exclusively(
    state,
    () => clearAll(place),
    () => undefined
  )
}

/** What runs, without changing anything. */
export async function status(): Promise<ClusterStatus> {
  const { state, cache } = places()
  const at = (...path: string[]): string => join(state, ...path)
  const processes = [...recorded({ at })].map(([name, record]) => ({ name, pid: record.pid, running: isAlive(record) }))
  const common = { server: SERVER, state, cache, processes: processes.filter(({ name }) => name !== 'image-store') }
  const saved = readSaved({ at })
  if (saved === undefined) return { ...common, ready: false, problem: 'The cluster is not up.' }
  const problem = await firstProblem(saved.cluster)
  return {
    ...common,
    kubeconfig: saved.cluster.kubeconfig,
    ready: problem === undefined,
    ...(problem === undefined ? {} : { problem })
  }
}

/**
 * Each process starts when what it needs answers: that a process exists, or has opened its socket, says little on a machine
 * that is busy or has read nothing yet, and most of them end, or go wrong, when they ask too early.
 */
async function bringUp(layout: Layout, plan: Plan, images: readonly Image[], log: Log): Promise<void> {
  const starting = new Starting(layout, log)
  const answering = (what: string, check: () => Promise<boolean>): Promise<void> =>
    until(what, ANSWER_SECONDS, check, () => starting.keepUp())
  const [etcd, containerd] = plan.runtime
  const [controllerManager, scheduler, kubelet, kubeProxy] = plan.clients
  const startRuntime = async (): Promise<void> => {
    await prepareImageStore(layout, images, log)
    starting.start(containerd)
    await answering('The container runtime', () => runtimeAnswers(socketOf(layout)))
  }
  const startServer = async (): Promise<Api> => {
    starting.start(etcd)
    await Promise.all([makeCertificates(layout), answering('etcd', etcdAnswers)])
    starting.start(plan.server)
    const api = new Api(layout.at('pki', 'admin.kubeconfig'))
    await answering('The API server', () => serverIsReady(api))
    for (const process of [controllerManager, scheduler]) starting.start(process)
    return api
  }
  const startNode = async (api: Api): Promise<void> => {
    starting.start(kubelet)
    await answering('The node', () => nodeHasAddress(api))
    starting.start(kubeProxy)
  }
  const applyObjects = async (api: Api): Promise<void> => {
    for (const object of plan.objects)
      await answering(`${object.kind} ${object.metadata.name}`, async () => {
        await api.apply(object)
        return true
      })
  }
  /** All of them, or the first failure, and by then the others have ended too. */
  const all = async (...work: readonly Promise<unknown>[]): Promise<void> => {
    for (const one of work) one.catch((error: unknown) => starting.giveUp(error))
    await Promise.allSettled(work)
    starting.throwFailure()
  }

  writeFiles(layout, plan)
  await setKernel(layout.at('kernel.json'))
  await masquerade()
  makeControlGroups()
  const server = startServer()
  await all(server, startRuntime())
  const api = await server
  await all(startNode(api), applyObjects(api))
  await all(...Object.entries(checks(api)).map(([what, check]) => answering(what, check)))
}

/**
 * The cluster that is up, when it is the planned one. Others may use it at this moment, and to replace it takes it away
 * from them: on a busy machine an answer that comes late is no reason.
 */
async function reusable(layout: Layout, { key }: Plan): Promise<Cluster | undefined> {
  const saved = readSaved(layout)
  if (saved?.key !== key) return undefined
  for (let tries = 1; tries <= 20 && endedProcess() === undefined; tries += 1) {
    if ((await firstProblem(saved.cluster)) === undefined) return saved.cluster
    await sleep(500)
  }
  return undefined
}

function endedProcess(): string | undefined {
  const { state } = places()
  const processes = [...recorded({ at: (...path) => join(state, ...path) })]
  return processes.find(([name, record]) => name !== 'image-store' && !isAlive(record))?.[0]
}

/** The first thing that keeps the cluster from being used, or undefined. */
async function firstProblem(cluster: Cluster): Promise<string | undefined> {
  const dead = endedProcess()
  if (dead !== undefined) return `${dead} has ended.`
  const api = new Api(cluster.kubeconfig)
  const results = await Promise.all(
    Object.entries(checks(api)).map(async ([what, check]) => {
      try {
        return (await check()) ? undefined : `${what} is not ready.`
      } catch (error) {
        return `${what} does not answer: ${messageOf(error)}`
      }
    })
  )
  return results.find(result => result !== undefined)
}

function save(layout: Layout, { key }: Plan): Cluster {
  const cluster: Cluster = {
    ...FIXED,
    kubeconfig: layout.at('pki', 'admin.kubeconfig'),
    kubectl: layout.program('kubectl'),
    server: SERVER,
    gateway: GATEWAY,
    nodeName: NODE_NAME,
    registryCertificates: registryCertificates(layout),
    auditLog: layout.at('logs', 'audit.log'),
    owned: true
  }
  writeFileSync(layout.at('cluster.json'), JSON.stringify({ key, cluster } satisfies Saved, undefined, 2))
  return cluster
}

function readSaved({ at }: Pick<Layout, 'at'>): Saved | undefined {
  const file = at('cluster.json')
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Saved
  } catch {
    return undefined
  }
}
