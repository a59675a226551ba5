import { dirname, join } from 'node:path'
import { existsSync, realpathSync } from 'node:fs'

import { run } from '../cluster/run.js'
import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { copy, directory, file, give } from './root.js'

const UID = 1001
const GID = 1001

/**
 * A stand-in for the runner image with what hooks meet in it: user 1001 of the groups sudo and docker, and externals of
 * some 240 MB in thousands of files, which a hook has to bring into the job's pod.
 */
export const runner: Recipe = {
  name: 'runner',
  reference: 'kaniko-hooks.test/runner:1',
  from: ['debian'],
  programs: [],
  machine: () => Promise.resolve(`${process.version} ${process.execPath}`),
  async build({ image, scratch, base }) {
    const debian = base('debian')
    await addUser(scratch, debian.layers[0]?.file ?? '')
    const modules = nodeModules()
    for (const version of ['node20', 'node24']) {
      const externals = join('home/runner/externals', version)
      copy(realpathSync(process.execPath), scratch, join(externals, 'bin/node'))
      if (modules !== undefined) copy(modules, scratch, join(externals, 'lib/node_modules'))
    }
    directory(scratch, 'home/runner/_work')
    give(join(scratch, 'home/runner'), UID, GID)
    return {
      layers: [...debian.layers, await packLayer(image, scratch, false)],
      defaults: {
        User: String(UID),
        WorkingDir: '/home/runner',
        Cmd: ['/bin/bash'],
        Env: [
          'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          'HOME=/home/runner',
          'RUNNER_MANUALLY_TRAP_SIG=1',
          'ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT=1'
        ]
      }
    }
  }
}

/** Where this machine's node keeps npm: beside the binary, as in the runner's externals. */
function nodeModules(): string | undefined {
  const modules = join(dirname(dirname(realpathSync(process.execPath))), 'lib/node_modules')
  return existsSync(modules) ? modules : undefined
}

/** Adds the user to the base's own account files. */
async function addUser(root: string, baseLayer: string): Promise<void> {
  const original = (path: string): Promise<string> => run('tar', ['-xzOf', baseLayer, `./${path}`])
  const passwd = await original('etc/passwd')
  const group = await original('etc/group')
  file(root, 'etc/passwd', `${passwd}runner:x:${UID}:${GID}::/home/runner:/bin/bash\n`)
  file(root, 'etc/group', `${group.replace(/^(sudo:.*:)$/m, '$1runner')}runner:x:${GID}:\ndocker:x:123:runner\n`)
  file(root, 'etc/shadow', `${await original('etc/shadow')}runner:!:19000:0:99999:7:::\n`, 0o640)
}
