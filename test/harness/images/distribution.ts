import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy, directory, file } from './root.js'

/** distribution 3, with the paths and the command of its published image. */
export const distribution: Recipe = {
  name: 'distribution',
  reference: 'kaniko-hooks.test/distribution:3',
  from: [],
  programs: ['distribution'],
  async build({ image, scratch, binaries }) {
    copy(binaries.get('distribution') ?? '', scratch, 'bin/registry')
    copy('/etc/ssl/certs/ca-certificates.crt', scratch, 'etc/ssl/certs/ca-certificates.crt')
    file(scratch, 'etc/passwd', 'root:x:0:0:root:/root:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n')
    file(scratch, 'etc/distribution/config.yml', CONFIGURATION)
    directory(scratch, 'var/lib/registry', 0o1777)
    directory(scratch, 'tmp', 0o1777)
    return {
      layers: [await packLayer(image, scratch, false)],
      defaults: {
        Entrypoint: ['registry'],
        Cmd: ['serve', '/etc/distribution/config.yml'],
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
  tag: { concurrencylimit: 8 }
http:
  addr: :5000
  headers: { X-Content-Type-Options: [nosniff] }
health:
  storagedriver: { enabled: true, interval: 10s, threshold: 3 }
`
