import {
  BrokerBackend,
  DockerBackend,
  KubernetesBackend,
  lendFrom,
  LocalBackend,
  type Backend,
  type CredentialWishes
} from '@kaniko-hooks/client'
import type { Surroundings, Wanted } from './inputs.js'

type Environment = Surroundings['environment']

/** All that could build what is wanted, the first choice first. */
export function backendsFor(wanted: Wanted, environment: Environment): readonly Backend[] {
  const credentials = credentialsOf(wanted)
  return [
    new BrokerBackend({ env: environment, credentials }),
    kubernetes(wanted, environment, credentials),
    new LocalBackend({ environment: { ...environment } }, lendFrom(environment, credentials)),
    new DockerBackend({ env: environment, credentials })
  ]
}

/** What is set for build pods in a cluster and means nothing to another backend, in a sentence. */
export function unusedBy(backend: Backend, { place }: Wanted): string | undefined {
  if (backend.name === 'kubernetes') return undefined
  const unused = [
    ...(place.kubeconfig === undefined ? [] : ['`kubeconfig`']),
    ...(place.namespace === undefined ? [] : ['`namespace`']),
    ...(Object.keys(place.resources).length === 0 ? [] : ['`resources`']),
    ...(Object.keys(place.nodeSelector).length === 0 ? [] : ['`node-selector`'])
  ]
  if (unused.length === 0) return undefined
  return `${unused.join(', ')}: for the backend kubernetes alone, and nothing to ${backend.name}.`
}

function kubernetes(wanted: Wanted, environment: Environment, credentials: CredentialWishes): Backend {
  const { kubeconfig, namespace, connector, nodeSelector, resources } = wanted.place
  return new KubernetesBackend({
    env: environment,
    credentials,
    nodeSelector,
    ...(kubeconfig === undefined
      ? {}
      : { kubeconfig: 'path' in kubeconfig ? kubeconfig.path : `${kubeconfig.content}\n` }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(connector === undefined ? {} : { connector }),
    ...(Object.keys(resources).length === 0 ? {} : { resources: { requests: resources, limits: resources } })
  })
}

/** The logins of the inputs; they go before whatever else the machine has. JSON is YAML. */
function credentialsOf({ logins }: Wanted): CredentialWishes {
  return logins.length === 0 ? {} : { registryAuth: JSON.stringify(logins) }
}
