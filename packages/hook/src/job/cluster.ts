import { inClusterConfig, Kube, kubeconfigFile, type ClusterConfig, type KubeOptions } from '@kaniko-hooks/kube'

import type { Environment } from '../settings/environment.js'

/** The clients of a call: for our pods' namespace, and for the runner's own. One and the same unless set apart. */
export interface Clients {
  readonly kube: Kube
  readonly runnerKube: Kube
  /** The token that both clients send; undefined when they have a certificate. */
  readonly ownToken: () => Promise<string | undefined>
}

/** How long an API outage is waited for. */
const OUTAGE_MS = 5 * 60_000

/**
 * Connects to the cluster: in a pod by its service account, elsewhere by KUBECONFIG.
 *
 * @param isKnown an earlier call of this job reached the API server at this address, so silence is an outage and not a
 *   wrong setting
 * @param told `onRetry` before each new try of a request, and `onWatch` whether pods are watched, both for
 *   debugging; `onOutage` of an outage that lasts and of its end, for people
 * @throws KubeError NO_CREDENTIALS
 */
export async function connect(
  environment: Environment,
  isKnown: boolean,
  told: Pick<KubeOptions, 'onRetry' | 'onWatch' | 'onOutage'>
): Promise<Clients> {
  const config = await clusterConfig(environment)
  const options = { ...told, ...(isKnown ? { firstContactMs: OUTAGE_MS } : {}) }
  const runnerKube = new Kube(config, options)
  const ownToken = async (): Promise<string | undefined> => config.token()
  if (environment.namespace === undefined || environment.namespace === config.namespace) {
    return { kube: runnerKube, runnerKube, ownToken }
  }
  return {
    kube: new Kube({ ...config, namespace: environment.namespace, token: async () => config.token() }, options),
    runnerKube,
    ownToken
  }
}

async function clusterConfig(environment: Environment): Promise<ClusterConfig> {
  if (environment.serviceHost === undefined && environment.kubeconfig !== undefined) {
    return kubeconfigFile(environment.kubeconfig)
  }
  return inClusterConfig({
    host: environment.serviceHost,
    port: environment.servicePort,
    ...(environment.serviceAccountDirectory === undefined
      ? {}
      : { serviceAccountDir: environment.serviceAccountDirectory })
  })
}
