import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { goSource } from '../cluster/binaries.js'
import { run } from '../cluster/run.js'
import { BUILDKIT } from '../cluster/versions.js'
import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy, copyLibraries, file } from './root.js'

const RUNC = '/usr/sbin/runc'

/** BuildKit with a shell, laid out as its published image. It is no part of the cluster, see `../cluster/further-image.ts`. */
export const buildkit: Recipe = {
  name: 'buildkit',
  reference: `kaniko-hooks.test/buildkit:v${BUILDKIT}`,
  from: ['busybox'],
  programs: ['buildkitd', 'buildctl'],
  machine: () => run(RUNC, ['--version']),
  async build({ image, scratch, binaries, base }) {
    for (const program of this.programs) copy(binaries.get(program) ?? '', scratch, join('usr/bin', program))
    const source = await goSource('buildkit', 'github.com/moby/buildkit')
    const script = readFileSync(join(source, 'examples/buildctl-daemonless/buildctl-daemonless.sh'), 'utf8')
    file(scratch, 'usr/bin/buildctl-daemonless.sh', script, 0o755)
    copy(RUNC, scratch, 'usr/bin/buildkit-runc')
    await copyLibraries(RUNC, scratch)
    copy('/etc/ssl/certs/ca-certificates.crt', scratch, 'etc/ssl/certs/ca-certificates.crt')
    return {
      layers: [...base('busybox').layers, await packLayer(image, scratch, false)],
      defaults: {
        Entrypoint: ['buildkitd'],
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
      }
    }
  }
}
