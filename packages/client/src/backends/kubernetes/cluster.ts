import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inClusterConfig, kubeconfigFile, KubeError, type ClusterConfig } from '@kaniko-hooks/kube'
import type { KubernetesSettings } from './settings.js'

/** A cluster, and how it was found. */
export interface FoundCluster {
  readonly config: ClusterConfig
  /** For messages: `the account of this pod`, `the kubeconfig /home/a/.kube/config`. */
  readonly origin: string
  readonly isOwn: boolean
}

/**
 * Finds the cluster: the kubeconfig that was named, or else the account of the pod in which this runs, KUBECONFIG, and
 * `~/.kube/config`.
 *
 * @throws KubeError `NO_CREDENTIALS` that says what is missing
 */
export async function findCluster(settings: KubernetesSettings): Promise<FoundCluster> {
  const { kubeconfig, namespace } = settings
  const found = await (kubeconfig === undefined ? findAny(settings) : readKubeconfig(kubeconfig))
  return namespace === undefined ? found : { ...found, config: { ...found.config, namespace } }
}

async function findAny({ env }: KubernetesSettings): Promise<FoundCluster> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, KUBECONFIG = '', HOME = homedir() } = env
  if (host !== undefined && host !== '') {
    return inClusterConfig({ host, port }).then(
      config => ({ config, origin: 'the account of this pod', isOwn: true }),
      async (error: unknown) => {
        const file = fileOf(KUBECONFIG, HOME)
        if (file === undefined) throw error
        return readKubeconfig(file)
      }
    )
  }
  const file = fileOf(KUBECONFIG, HOME)
  if (file !== undefined) return readKubeconfig(file)
  const message = 'this does not run in a pod with an account, and there is no kubeconfig (KUBECONFIG, ~/.kube/config)'
  throw new KubeError('NO_CREDENTIALS', message)
}

/** kubectl merges several files; the first that is there is mostly the only one. */
function fileOf(variable: string, home: string): string | undefined {
  const named = variable.split(':').filter(path => path !== '')
  return [...named, ...(named.length === 0 ? [join(home, '.kube', 'config')] : [])].find(path => existsSync(path))
}

async function readKubeconfig(pathOrContent: string): Promise<FoundCluster> {
  if (!pathOrContent.includes('\n')) {
    const config = await kubeconfigFile(pathOrContent)
    return { config, origin: `the kubeconfig ${pathOrContent}`, isOwn: false }
  }
  const directory = await mkdtemp(join(tmpdir(), 'kbuild-kubeconfig-'))
  try {
    const path = join(directory, 'config')
    await writeFile(path, pathOrContent, { mode: 0o600 })
    const { token, ...config } = await kubeconfigFile(path)
    // A file that it names is read for each request, and the directory is gone then.
    const first = await token()
    return { config: { ...config, token: () => Promise.resolve(first) }, origin: 'the kubeconfig', isOwn: false }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
