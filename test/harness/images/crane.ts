import { symlinkSync } from 'node:fs'
import { join } from 'node:path'

import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy, directory } from './root.js'

/** crane with a shell, laid out as its published debug image: for the push container of a build. */
export const crane: Recipe = {
  name: 'crane',
  reference: 'kaniko-hooks.test/crane:1',
  from: ['busybox'],
  programs: ['crane'],
  async build({ image, scratch, binaries, base }) {
    copy(binaries.get('crane') ?? '', scratch, 'ko-app/crane')
    directory(scratch, 'usr/local/bin')
    symlinkSync('/ko-app/crane', join(scratch, 'usr/local/bin/crane'))
    return {
      layers: [...base('busybox').layers, await packLayer(image, scratch, false)],
      defaults: {
        Entrypoint: ['/ko-app/crane'],
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/ko-app']
      }
    }
  }
}
