import { inClusterConfig, Kube, kubeconfigFile, type ClusterConfig } from '@kaniko-hooks/kube'

import type { Environment } from './environment.js'

/** The clients of a call: for our pods' namespace, and for the runner's own. One and the same unless set apart. */
export interface Clients {
  readonly kube: Kube
  readonly runnerKube: Kube
}

/**
 * Connects to the cluster: in a pod by its service account, elsewhere by KUBECONFIG.
 *
 * @param onRetry told before each new try of a request
 * @throws KubeError NO_CREDENTIALS
 */
export async function connect(environment: Environment, onRetry: (why: string) => void): Promise<Clients> {
  const config = await clusterConfig(environment)
  const runnerKube = new Kube(config, { onRetry })
  if (environment.namespace === undefined || environment.namespace === config.namespace) {
    return { kube: runnerKube, runnerKube }
  }
  return {
    kube: new Kube({ ...config, namespace: environment.namespace, token: async () => config.token() }, { onRetry }),
    runnerKube
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
