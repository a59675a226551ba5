import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'

/** The container that holds a pod's namespaces. */
export const pause: Recipe = {
  name: 'pause',
  reference: 'kaniko-hooks.test/pause:1',
  from: [],
  programs: ['pause'],
  async build({ image, scratch, binaries }) {
    copyFileSync(binaries.get('pause') ?? '', join(scratch, 'pause'))
    return {
      layers: [await packLayer(image, scratch, false)],
      defaults: { Entrypoint: ['/pause'], User: '65535:65535' }
    }
  }
}
