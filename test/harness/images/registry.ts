import { run } from '../cluster/run.js'
import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy, copyLibraries, directory, file } from './root.js'

const REGISTRY = '/usr/bin/docker-registry'

/** Debian's registry under the name of the official image, with the same paths and the same command. */
export const registry: Recipe = {
  name: 'registry',
  reference: 'docker.io/library/registry:2.8.2',
  from: [],
  programs: [],
  machine: () => run(REGISTRY, ['--version']),
  async build({ image, scratch }) {
    copy(REGISTRY, scratch, 'bin/registry')
    await copyLibraries(REGISTRY, scratch)
    copy('/etc/ssl/certs/ca-certificates.crt', scratch, 'etc/ssl/certs/ca-certificates.crt')
    file(scratch, 'etc/passwd', 'root:x:0:0:root:/root:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n')
    file(scratch, 'etc/docker/registry/config.yml', CONFIGURATION)
    directory(scratch, 'var/lib/registry', 0o1777)
    directory(scratch, 'tmp', 0o1777)
    return {
      layers: [await packLayer(image, scratch, false)],
      defaults: {
        Entrypoint: ['/bin/registry', 'serve'],
        Cmd: ['/etc/docker/registry/config.yml'],
        Env: ['PATH=/bin', 'OTEL_TRACES_EXPORTER=none']
      }
    }
  }
}

const CONFIGURATION = `version: 0.1
log: { fields: { service: registry } }
storage:
  cache: { blobdescriptor: inmemory }
  filesystem: { rootdirectory: /var/lib/registry }
http:
  addr: :5000
  headers: { X-Content-Type-Options: [nosniff] }
health:
  storagedriver: { enabled: true, interval: 10s, threshold: 3 }
`
