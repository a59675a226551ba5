import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { readContext } from '@kaniko-hooks/builder'

import type { ImageBuild } from '../image-build.js'
import { imageBuild } from './kubernetes/build.fixture.js'
import type { Lent } from './elsewhere.js'

export const DIGEST = `sha256:${'ab'.repeat(32)}`

const CONFIG_DIGEST = `sha256:${'cd'.repeat(32)}`

const MANIFEST = JSON.stringify({ config: { digest: CONFIG_DIGEST }, layers: [{ size: 3 }, { size: 4 }] })

/** An image that an executor leaves, with what its manifest says of it. */
export const LEFT = {
  digest: `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`,
  imageId: CONFIG_DIGEST,
  size: 7,
  /** What it has in its tar: bytes that are no text, and more than a line of base64. */
  tar: Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256))
}

/** What an executor does to leave an image where it is told to. */
export const LEAVE = `
for argument; do case $argument in
  --oci-layout-path=*) layout=\${argument#*=}; mkdir -p "$layout/blobs/sha256"; echo '{}' > "$layout/index.json"
    echo '{}' > "$layout/oci-layout"; printf %s '${MANIFEST}' > "$layout/blobs/sha256/${LEFT.digest.slice(7)}";;
  --tar-path=*) echo ${LEFT.tar.toString('base64')} | base64 -d > "\${argument#*=}";;
esac; done
echo ${LEFT.digest} > "$digest"`

/** A place with an executor that is a shell script, and a context. */
export interface Fixture {
  readonly top: string
  /** As `/kaniko`. */
  readonly home: string
  readonly context: string
  /** What the executor was given, noted by itself: `arguments`, `environment`, `config`, `modes`, `tree`. */
  noted(name: string): Promise<string>
  remove(): Promise<void>
}

/**
 * Makes an executor that notes what it was given and then does what `ending` says.
 *
 * @param ending shell; `$digest` is the digest file
 * @param version what the executor says its version is
 */
export async function makeExecutor(ending: string, version = 'Kaniko version :  v1.28.3'): Promise<Fixture> {
  const top = await mkdtemp(join(tmpdir(), 'elsewhere-'))
  const home = join(top, 'kaniko')
  const context = join(top, 'context')
  await mkdir(home)
  await mkdir(context)
  await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY hello /\n')
  await writeFile(join(context, 'hello'), 'hello\n')
  const executor = join(home, 'executor')
  await writeFile(
    executor,
    `#!/bin/sh
if [ "$1" = version ]; then echo '${version}'; exit; fi
case " $* " in *' --dockerfile=${home}/.kbuild/Dockerfile '*) echo cleaned > ${top}/cleaned; exit;; esac
for argument; do printf '%s\\n--\\n' "$argument"; done > ${top}/arguments
env > ${top}/environment
cat "$DOCKER_CONFIG/config.json" > ${top}/config
stat -c '%a %n' "$DOCKER_CONFIG/config.json" ${home}/.kbuild/secrets/* > ${top}/modes 2> /dev/null
cat ${home}/.kbuild/secrets/* > ${top}/secrets 2> /dev/null
(cd ${home}/context/tree && find . | sort) > ${top}/tree
umask > ${top}/umask
for argument; do case $argument in --digest-file=*) digest=\${argument#*=};; esac; done
${ending}
`
  )
  await chmod(executor, 0o755)
  return {
    top,
    home,
    context,
    noted: name => readFile(join(top, name), 'utf8'),
    remove: () => rm(top, { recursive: true, force: true })
  }
}

/** Whether a process still does something: one that has ended stays until its parent has looked. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X')
  return !/\) [ZX]/.test(stat)
}

/** A build of the fixture's context. */
export function buildOf(fixture: Fixture, changes: Partial<ImageBuild> = {}): ImageBuild {
  return imageBuild({
    context: { kind: 'directory', path: fixture.context },
    tags: ['registry.test/app:1'],
    push: true,
    timeoutMs: 60_000,
    ...changes
  })
}

/** Lends the directory of a build, and this `config.json`. */
export function lend(config?: string): Lent {
  return {
    readContext: async ({ context: source }, signal) => {
      if (source.kind !== 'directory') throw new Error('only a directory')
      return { context: await readContext(source.path, 'Dockerfile', { signal }), close: () => Promise.resolve() }
    },
    dockerConfig: () => Promise.resolve(config)
  }
}
