import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { ClusterError } from '../cluster/errors.js'
import { run } from '../cluster/run.js'
import { packLayer } from './oci.js'
import type { Recipe } from './recipe.js'
import { file } from './root.js'

const SUITE = 'bookworm'
const LOCAL_CERTIFICATES = '/usr/local/share/ca-certificates'

/**
 * Debian's minimal base, from wherever this machine gets its own packages. What apt needs here (sources, proxy, relaxed
 * date checks, certificates) is taken from the machine's configuration, so that `RUN apt-get install` works in a
 * Dockerfile of a test.
 */
export const debian: Recipe = {
  name: 'debian',
  reference: 'docker.io/library/debian:bookworm-slim',
  from: [],
  programs: [],
  machine: () => Promise.resolve(aptFiles()),
  async build({ image, scratch }) {
    const lines = await sources()
    const mirror = new RegExp(`^deb (\\S+) ${SUITE} `, 'm').exec(lines.join('\n'))?.[1]
    if (mirror === undefined) throw new ClusterError(`apt on this machine has no source for Debian ${SUITE}.`)
    const logFile = join(image, 'debootstrap.log')
    await run(
      'debootstrap',
      ['--variant=minbase', '--include=ca-certificates', '--merged-usr', SUITE, scratch, mirror],
      { logFile }
    ).catch((error: unknown) => {
      // The entry that the log lies in is removed with the failed build.
      cpSync(logFile, '/tmp/kaniko-hooks-debootstrap.log')
      throw new ClusterError('debootstrap failed; its output is in /tmp/kaniko-hooks-debootstrap.log', { cause: error })
    })
    file(scratch, 'etc/apt/sources.list', `${lines.join('\n')}\n`)
    file(scratch, 'etc/apt/apt.conf.d/90machine', `${(await settings()).join('\n')}\n`)
    if (existsSync(LOCAL_CERTIFICATES) && readdirSync(LOCAL_CERTIFICATES).length > 0) {
      cpSync(LOCAL_CERTIFICATES, join(scratch, LOCAL_CERTIFICATES), { recursive: true })
      await run('chroot', [scratch, 'update-ca-certificates'], { logFile })
    }
    emptyOut(scratch, ['var/lib/apt/lists', 'var/cache/apt', 'var/log', 'usr/share/doc', 'usr/share/man', 'tmp'])
    for (const path of ['etc/resolv.conf', 'etc/hostname', 'debootstrap'])
      rmSync(join(scratch, path), { recursive: true, force: true })
    return {
      layers: [await packLayer(image, scratch, true)],
      defaults: { Cmd: ['bash'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] }
    }
  }
}

function emptyOut(root: string, directories: readonly string[]): void {
  for (const directory of directories)
    for (const name of readdirSync(join(root, directory))) rmSync(join(root, directory, name), { recursive: true })
}

/** What the sources and settings are read from: asking apt itself takes half a second, each time that `up` looks. */
function aptFiles(): string {
  const files = ['/etc/apt', '/etc/apt/sources.list.d', '/etc/apt/apt.conf.d'].flatMap(directory =>
    readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(directory, entry.name))
  )
  return files
    .sort()
    .flatMap(path => readFileSync(path, 'utf8').split('\n'))
    .filter(line => /^\s*(deb |URIs|Suites|Components|Acquire)/i.test(line))
    .join('\n')
}

/** The machine's own sources of this suite, as lines of a sources.list. */
async function sources(): Promise<string[]> {
  const listed = await run('apt-get', [
    'indextargets',
    '--format',
    'deb $(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages'
  ])
  const lines = listed
    .split('\n')
    .filter(line => new RegExp(`^deb \\S+ ${SUITE}(-security|-updates)? main$`).test(line))
  return [...new Set(lines)].sort()
}

/** Those of the machine's apt settings that say how packages are reached. */
async function settings(): Promise<string[]> {
  const dumped = await run('apt-config', ['dump'])
  return dumped
    .split('\n')
    .filter(line => /^Acquire::(https?::\S+|Check-Date|Check-Valid-Until|Retries|ForceIPv[46]) "[^"]/i.test(line))
}
