import { down, fromKubeconfig, status, up, type Cluster } from './cluster/index.js'

/** A cluster for one run of the demo, the tests or the bench. */
export interface ChosenCluster {
  readonly cluster: Cluster
  /** Leaves the machine as it was: a cluster that was up before, or that is somebody's own, stays. */
  readonly release: () => Promise<void>
}

/**
 * Brings up the test cluster, or takes the one that is up. The cluster of KUBECONFIG is taken only on request: a set
 * variable must not send a test suite to somebody's production.
 *
 * @param choice `--cluster` of the command line
 * @param keep leaves the cluster up in any case
 */
export async function chooseCluster(
  choice: string | undefined,
  keep: boolean,
  log: (line: string) => void
): Promise<ChosenCluster> {
  if (choice === 'kubeconfig') {
    const path = process.env['KUBECONFIG']
    if (path === undefined || path === '') throw new Error('--cluster=kubeconfig needs KUBECONFIG to name a file.')
    return { cluster: await fromKubeconfig(path), release: () => Promise.resolve() }
  }
  if (choice !== undefined) throw new Error(`--cluster takes only "kubeconfig", not "${choice}".`)
  const wasUp = (await status()).ready
  const cluster = await up({ log })
  return {
    cluster,
    release: async () => {
      if (!wasUp && !keep) await down()
    }
  }
}
