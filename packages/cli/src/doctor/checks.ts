import { randomBytes } from 'node:crypto'

import { readEnvironment } from '@kaniko-hooks/hook/settings'

import type { World } from '../world.js'
import { checkAdmission, podsOfJob } from './admission.js'
import type { Check } from './check.js'
import { type Cluster, noAccount } from './cluster.js'
import type { Configuration } from './configuration.js'
import { checkImage, type Images, imagesOf } from './images.js'
import { destinationsOf, type NamedPlace } from './places.js'
import type { DoctorPlan } from './plan.js'
import { checkRegistry } from './registry.js'
import { checkRights } from './rights.js'
import { checkSecrets } from './secrets.js'
import type { Traces } from './traces.js'
import { variablesOf } from './runner.js'
import { checkWorkVolume } from './volume.js'

/** A pod's own time ends first: what is said then tells why. */
const MARGIN_MS = 8_000

/** A place takes three pods, one after the other, and a push. */
const PODS_OF_A_PLACE = 4

/** What is known before the cluster is asked. */
export interface Known {
  readonly plan: DoctorPlan
  readonly cluster: Cluster
  readonly configuration: Configuration
  readonly places: readonly NamedPlace[]
  readonly env: World['env']
  readonly traces: Traces
}

/** All that is asked of a cluster and its registries. */
export function checksOf(known: Known): readonly Check[] {
  const { plan, cluster, configuration, env } = known
  const { values, settings } = configuration
  const environment = readEnvironment({ ...(values === undefined ? env : variablesOf(values)) })
  const namespace = environment.namespace ?? cluster.namespace
  const images = imagesOf(settings, env)
  const name = `kbuild-doctor-${randomBytes(4).toString('hex')}`
  return [
    checkOfRights(known, namespace, false),
    ...(namespace === cluster.namespace ? [] : [checkOfRights(known, cluster.namespace, true)]),
    ...checksOfAdmission(known, namespace, images, name),
    ...checkOfSecrets(known, namespace),
    ...(plan.pods ? checksWithPods(known, namespace, images, name) : [])
  ]
}

function checkOfRights({ plan, cluster }: Known, namespace: string, home: boolean): Check {
  return {
    name: 'service account',
    limitMs: plan.limitMs,
    ask: async signal => {
      let kube
      try {
        kube = await cluster.asRunner(namespace, signal)
      } catch (error) {
        if (signal.aborted) throw error
        return home ? [] : [noAccount(error, plan, cluster.namespace)]
      }
      return checkRights(kube, cluster.subject, home, signal)
    }
  }
}

function checksOfAdmission(
  { plan, cluster, configuration, places }: Known,
  namespace: string,
  images: Images,
  name: string
): readonly Check[] {
  const kube = cluster.kube(namespace)
  return podsOfJob(name, images, configuration.template, places[0]?.place).map(question => ({
    name: question.check,
    limitMs: plan.limitMs,
    ask: async signal => checkAdmission(kube, question, signal)
  }))
}

function checkOfSecrets({ plan, cluster, configuration }: Known, namespace: string): readonly Check[] {
  const { settings } = configuration
  if (settings === undefined) return []
  const kube = cluster.kube(namespace)
  const ask: Check['ask'] = async signal => checkSecrets(kube, settings, destinationsOf(settings), signal)
  return [{ name: 'secrets', limitMs: plan.limitMs, ask }]
}

function checksWithPods(
  { plan, cluster, configuration, places, traces }: Known,
  namespace: string,
  { kaniko, pushImage }: Images,
  name: string
): readonly Check[] {
  const { limitMs } = plan
  const { template, values } = configuration
  const kube = cluster.kube(namespace)
  const image = (check: string, reference: string, suffix: string): Check => ({
    name: check,
    limitMs: limitMs + MARGIN_MS,
    ask: async signal =>
      checkImage({ kube, traces, limitMs, name: `${name}-${suffix}` }, check, reference, template, signal)
  })
  const claim = values?.containerMode?.kubernetesModeWorkVolumeClaim
  const home = cluster.kube(cluster.namespace)
  return [
    image('kaniko image', kaniko.image, 'kaniko'),
    image('push image', pushImage, 'push'),
    ...places.map(({ place, suffix }): Check => {
      const ask: Check['ask'] = async signal =>
        checkRegistry({ kube, place, pushImage, nodes: plan.nodes, traces, limitMs, suffix }, signal)
      return { name: `push${suffix}`, limitMs: limitMs * PODS_OF_A_PLACE, ask }
    }),
    ...(claim === undefined
      ? []
      : [
          {
            name: 'work volume',
            limitMs: limitMs + MARGIN_MS,
            ask: async (signal: AbortSignal) =>
              checkWorkVolume({ kube: home, traces, limitMs, name: `${name}-volume` }, claim, pushImage, signal)
          }
        ])
  ]
}
