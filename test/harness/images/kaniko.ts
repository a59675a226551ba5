import { KANIKO } from '../cluster/versions.js'
import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy, directory, file } from './root.js'

/** Kaniko's executor, laid out as in its published images: everything of it below /kaniko. */
export const kaniko: Recipe = {
  name: 'kaniko',
  reference: `kaniko-hooks.test/kaniko:v${KANIKO}`,
  from: [],
  programs: ['kaniko'],
  async build({ image, scratch, binaries }) {
    directory(scratch, 'kaniko', 0o777)
    directory(scratch, 'kaniko/.docker', 0o755)
    directory(scratch, 'workspace', 0o755)
    copy(binaries.get('kaniko') ?? '', scratch, 'kaniko/executor')
    copy('/etc/ssl/certs/ca-certificates.crt', scratch, 'kaniko/ssl/certs/ca-certificates.crt')
    file(scratch, 'etc/nsswitch.conf', 'hosts: files dns\n')
    return {
      layers: [await packLayer(image, scratch, false)],
      defaults: {
        Entrypoint: ['/kaniko/executor'],
        WorkingDir: '/workspace',
        Env: [
          'HOME=/root',
          'USER=root',
          'PATH=/usr/local/bin:/kaniko',
          'SSL_CERT_DIR=/kaniko/ssl/certs',
          'DOCKER_CONFIG=/kaniko/.docker/',
          'DOCKER_CREDENTIAL_GCR_CONFIG=/kaniko/.config/gcloud/docker_credential_gcr_config.json'
        ]
      }
    }
  }
}
