import { symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { run } from '../cluster/run.js'
import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy, directory, file } from './root.js'

const BUSYBOX = '/bin/busybox'

/** Debian's static busybox under the name of the well-known image, with all its applets. */
export const busybox: Recipe = {
  name: 'busybox',
  reference: 'docker.io/library/busybox:1.36',
  from: [],
  programs: [],
  machine: () => run(BUSYBOX, ['--list-full']),
  async build({ image, scratch }) {
    for (const path of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc', 'home', 'var/spool/mail']) directory(scratch, path)
    directory(scratch, 'root', 0o700)
    for (const path of ['tmp', 'var/tmp']) directory(scratch, path, 0o1777)
    copy(BUSYBOX, scratch, 'bin/busybox')
    const applets = (await run(BUSYBOX, ['--list-full'])).trim().split('\n')
    for (const applet of applets) {
      if (applet === 'bin/busybox' || applet === 'linuxrc') continue
      directory(scratch, dirname(applet))
      symlinkSync('/bin/busybox', join(scratch, applet))
    }
    file(scratch, 'etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n')
    file(scratch, 'etc/group', 'root:x:0:\nmail:x:8:\nnogroup:x:65534:\n')
    file(scratch, 'etc/shadow', 'root:*:::::::\nnobody:*:::::::\n', 0o600)
    return {
      layers: [await packLayer(image, scratch, true)],
      defaults: { Cmd: ['sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] }
    }
  }
}
