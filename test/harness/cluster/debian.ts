import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { ClusterError } from './errors.js'
import { run } from './run.js'
import type { Places } from './settings.js'
import { step, type Log } from './progress.js'
import { DEBIAN_PACKAGES } from './versions.js'

/**
 * Installs the Debian packages that are missing, without starting the services that come with them.
 *
 * @param packages each with a file that shows that it is there
 */
export async function installDebianPackages(
  places: Places,
  log: Log,
  packages: Readonly<Record<string, string>> = DEBIAN_PACKAGES
): Promise<void> {
  const missing = missingPackages(packages)
  if (missing.length === 0) return
  const logFile = join(places.cache, 'logs', 'apt.log')
  await step(log, `Debian packages (${missing.join(' ')})`, async () => {
    // A list that cannot be updated is no failure as long as the packages are found: many machines have sources of
    // others that do not answer.
    await run('apt-get', ['update'], { logFile }).catch(() => undefined)
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...missing], {
      logFile,
      // RUNLEVEL=1 makes the packages' invoke-rc.d not start their services; needrestart would ask about others'.
      env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', NEEDRESTART_SUSPEND: '1' }
    })
    const still = missingPackages(packages)
    if (still.length > 0) throw new ClusterError(`Debian has no ${still.join(', ')} for this machine; see ${logFile}`)
  })
}

function missingPackages(packages: Readonly<Record<string, string>>): string[] {
  return Object.entries(packages)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name)
}
