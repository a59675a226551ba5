import type { RegistrySettings } from './registry.js'

/** A registry in the cluster that a NodePort Service shows to the nodes (decision 34 of the shipped hooks). */
export interface NodePortSettings {
  /** Its name as pods see it, such as `registry.ci.svc.cluster.local`. */
  readonly host: string
  readonly port: number
  /** The Service's node port: the kubelet pulls from `localhost:<nodePort>`, which container runtimes trust over HTTP. */
  readonly nodePort: number
  /** Default `kaniko-hooks/actions`. */
  readonly repository?: string | undefined
}

/** Pushes to `host:port`, pulls from `localhost:<nodePort>`, plain HTTP on both ways and nowhere else. */
export function nodePortRegistry(settings: NodePortSettings): RegistrySettings {
  const { repository = 'kaniko-hooks/actions' } = settings
  return {
    push: { host: `${settings.host}:${settings.port}`, repository, plainHttp: true },
    pull: { host: `localhost:${settings.nodePort}`, repository }
  }
}
