import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'

/** The cluster's name server. */
export const coredns: Recipe = {
  name: 'coredns',
  reference: 'kaniko-hooks.test/coredns:1',
  from: [],
  programs: ['coredns'],
  async build({ image, scratch, binaries }) {
    copyFileSync(binaries.get('coredns') ?? '', join(scratch, 'coredns'))
    return { layers: [await packLayer(image, scratch, false)], defaults: { Entrypoint: ['/coredns'] } }
  }
}
