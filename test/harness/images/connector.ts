import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy } from './root.js'

/** The emulator of the OCI Connector: one program for its proxies and its CSI driver. */
export const connector: Recipe = {
  name: 'connector',
  reference: 'kaniko-hooks.test/connector:1',
  from: [],
  programs: ['connector'],
  async build({ image, scratch, binaries }) {
    copy(binaries.get('connector') ?? '', scratch, 'bin/connector')
    copy('/etc/ssl/certs/ca-certificates.crt', scratch, 'etc/ssl/certs/ca-certificates.crt')
    return {
      layers: [await packLayer(image, scratch, false)],
      defaults: { Entrypoint: ['/bin/connector'], Env: ['PATH=/bin'] }
    }
  }
}
