import type { ClusterConfig } from './config.js'
export function kubeconfigFile(_path: string): Promise<ClusterConfig> {
  throw new Error('not yet')
}
