import type { Place } from './place.js'

// Registries and runtimes have no machine-readable reason that reaches us. Their words only choose the advice.

/** What mends a push that was refused with these words. */
export function mendPush(namespace: string, { push, pushSecret, plainHttp, ca }: Place, said: string): string {
  const host = push.split('/', 1)[0] ?? push
  if (/UNAUTHORIZED|DENIED|401|403/i.test(said)) {
    const line = `kubectl -n ${namespace} create secret docker-registry ${pushSecret ?? 'registry-push'} --docker-server=${host} --docker-username=… --docker-password=…`
    return pushSecret === undefined ? `${line} # and pushSecret of the destination` : line
  }
  if (/x509|certificate/i.test(said)) {
    return `ca: { secret: ${ca?.secret ?? 'registry-ca'}, key: ${ca?.key ?? 'ca.crt'} } # of the destination`
  }
  if (/server gave HTTP response/i.test(said)) {
    return 'plainHttp: true # of the destination remote; with --destination: --insecure-registry'
  }
  const how = plainHttp ? 'over plain HTTP' : 'over TLS'
  return `docs/destinations: ${host} has to answer ${how} in pods of namespace ${namespace}; look for a NetworkPolicy`
}

/** What mends a pull that a node could not do, by the words of its runtime. */
export function mendPull(namespace: string, { pull, pullSecret }: Place, said: string): string {
  const host = pull.split('/', 1)[0] ?? pull
  if (/unauthorized|denied|forbidden|401|403|no basic auth/i.test(said)) {
    return `kubectl -n ${namespace} create secret docker-registry ${pullSecret ?? 'registry-pull'} --docker-server=${host} --docker-username=… --docker-password=… # and pullSecret of the destination`
  }
  if (/x509|certificate/i.test(said)) {
    return `on each node: the authority's certificate at /etc/containerd/certs.d/${host}/ca.crt (containerd) or /etc/containers/certs.d/${host}/ca.crt (CRI-O)`
  }
  if (/HTTP response to HTTPS/i.test(said)) {
    return `on each node: /etc/containerd/certs.d/${host}/hosts.toml with server = "http://${host}"; or give the registry TLS`
  }
  if (/no such host|lookup .* on /i.test(said)) {
    return 'destinations: [{ nodePort: { host: …, port: 5000, nodePort: 31500 } }] # nodes do not know names of Services'
  }
  return host.startsWith('localhost')
    ? "docs/destinations/nodeport.md: the nodePort has to answer on the node's localhost, and a NetworkPolicy has to let nodes in"
    : 'docs/destinations/remote.md: the registry has to answer on the network of the nodes'
}

/** What mends a registry that does not remove an image. */
export function mendDelete(said: string): string {
  if (/UNSUPPORTED|405|Method Not Allowed/i.test(said)) {
    return 'REGISTRY_STORAGE_DELETE_ENABLED=true in the environment of the registry (distribution); other registries: docs/destinations/remote.md'
  }
  return 'give the user of pushSecret the right to delete in this repository: docs/destinations/remote.md'
}
