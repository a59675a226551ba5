import { arch } from 'node:os'
import { join } from 'node:path'

import { cached, keyOf } from '../../harness/cluster/cache.js'
import { run } from '../../harness/cluster/run.js'
import { places } from '../../harness/cluster/settings.js'

/** docker.io has the daemon and its client, tini what `--init` puts first into a container. */
const PACKAGES = ['docker.io', 'tini'] as const

/** Docker's programs, by what they are for. */
export interface DockerPrograms {
  readonly daemon: string
  readonly client: string
  readonly proxy: string
  readonly init: string
}

/** Debian's Docker, unpacked into the cache: installing it would start it, on the machine's own network. */
export async function dockerPrograms(): Promise<DockerPrograms> {
  const entry = join(places().cache, 'binaries', `docker-${keyOf(...PACKAGES, arch())}`)
  const root = await cached(entry, async into => {
    await run('apt-get', ['download', ...PACKAGES], { cwd: into })
    await run('sh', ['-ec', 'for package in *.deb; do dpkg -x "$package" .; rm "$package"; done'], { cwd: into })
  })
  return {
    daemon: join(root, 'usr/sbin/dockerd'),
    client: join(root, 'usr/bin/docker'),
    proxy: join(root, 'usr/sbin/docker-proxy'),
    init: join(root, 'usr/bin/tini-static')
  }
}
