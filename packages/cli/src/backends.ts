import {
  BrokerBackend,
  chooseBackend,
  DockerBackend,
  KubernetesBackend,
  LocalBackend,
  ViaBackend,
  type Choice,
  type CredentialWishes,
  type Lent
} from '@kaniko-hooks/client'

import type { BuildPlan } from './plan.js'
import type { World } from './world.js'

/**
 * Opens the backend that was asked for, or the first one that can build here.
 *
 * @throws BuildError `NO_BACKEND` that says what each of them lacks
 */
export async function openBackend(plan: BuildPlan, { env }: World, lent: Lent): Promise<Choice> {
  if (plan.backend === 'via') {
    const via = new ViaBackend({ prefix: plan.via, environment: { ...env } }, lent)
    return chooseBackend([via], 'via')
  }
  const credentials = wishesOf(plan)
  const kubernetes = new KubernetesBackend({
    env,
    ...(plan.kubeconfig === undefined ? {} : { kubeconfig: plan.kubeconfig }),
    ...(plan.namespace === undefined ? {} : { namespace: plan.namespace }),
    ...(plan.connector === undefined ? {} : { connector: plan.connector }),
    credentials
  })
  const broker = new BrokerBackend({ env, credentials })
  const local = new LocalBackend({ environment: { ...env } }, lent)
  return chooseBackend([broker, kubernetes, local, new DockerBackend({ env, credentials })], plan.backend)
}

/** Where the credentials of a build are looked for besides the usual places. */
export function wishesOf({ registryAuth }: BuildPlan): CredentialWishes {
  return registryAuth === undefined ? {} : { registryAuthFile: registryAuth }
}
