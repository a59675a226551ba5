import { isAbsolute, join, relative } from 'node:path'

import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node'

import { HookError } from '../report/errors.js'
import type { VolumeArgs } from '../protocol/schema.js'

/** The volume that holds the work directory in the pods that we make. */
export const WORK_VOLUME = 'work'
/** The volume that holds the runner's externals where they are not part of the work volume. */
export const EXTERNALS_VOLUME = 'externals'

/** Where the runner says that containers see its directories. */
export const WORK_TARGET = '/__w'
const EXTERNALS_TARGET = '/__e'

export interface Mounts {
  readonly mounts: readonly V1VolumeMount[]
  readonly volumes: readonly V1Volume[]
}

/** A path below the work directory, or undefined for any other. Compared by path parts: a repository may be `my_work`. */
export function belowWork(workDirectory: string, path: string): string | undefined {
  const below = relative(workDirectory, path)
  return below === '..' || below.startsWith('../') || isAbsolute(below) ? undefined : below
}

/**
 * Turns the runner's volume list into mounts of the work volume. The runner speaks of its own disk; what lies below its
 * work directory is the same path below the volume's root.
 * * @param root where the work directory lies in the volume; '' for its root
 * @param sealed a directory of the work directory that every mount shows read-only: later jobs of a lasting volume run the
 *   node builds that lie there
 * @throws HookError UNSUPPORTED for a path of the host, which a pod must not have
 */
export function mountsOf(
  volumes: { readonly system: readonly VolumeArgs[]; readonly user: readonly VolumeArgs[] },
  workDirectory: string,
  root: string,
  sealed?: string
): Mounts {
  const mounts: V1VolumeMount[] = []
  const extra: V1Volume[] = []
  for (const { sourceVolumePath: source, targetVolumePath: target, readOnly } of volumes.system) {
    const below = source === null ? undefined : belowWork(workDirectory, source)
    // The Docker socket has no place in a pod, and externals have their own way. `/__w/x` is part of `/__w`.
    if (below === undefined || target === EXTERNALS_TARGET) continue
    if (target.startsWith(`${WORK_TARGET}/`) && target === `${WORK_TARGET}/${below}`) continue
    mounts.push(...workMounts(target, root, below, readOnly, sealed))
  }
  for (const [index, { sourceVolumePath: source, targetVolumePath: target, readOnly }] of volumes.user.entries()) {
    const below = source === null || !isAbsolute(source) ? undefined : belowWork(workDirectory, source)
    if (below !== undefined) {
      mounts.push(...workMounts(target, root, below, readOnly, sealed))
    } else if (source === null || !isAbsolute(source)) {
      // A named or anonymous Docker volume begins empty; one that outlives the job does not exist here.
      const name = `volume-${index}`
      extra.push({ name, emptyDir: {} })
      mounts.push({ name, mountPath: target, ...(readOnly ? { readOnly } : {}) })
    } else {
      throw new HookError(
        'UNSUPPORTED',
        `The volume ${source}:${target} asks for a path of the host. Pods can mount only what lies below ${workDirectory}; ` +
          (source.endsWith('docker.sock')
            ? 'there is no Docker daemon on this runner.'
            : 'an administrator can add others by the hook template.')
      )
    }
  }
  return { mounts, volumes: extra }
}

function joinBelow(root: string, below: string): string {
  return [root, below].filter(part => part !== '').join('/')
}

function workMounts(
  target: string,
  root: string,
  below: string,
  readOnly: boolean,
  sealed: string | undefined
): V1VolumeMount[] {
  const isSealed = sealed !== undefined && (below === sealed || below.startsWith(`${sealed}/`))
  const mount = workMount(target, joinBelow(root, below), readOnly || isSealed)
  if (sealed === undefined || below !== '' || readOnly) return [mount]
  return [mount, workMount(join(target, sealed), joinBelow(root, sealed), true)]
}

function workMount(mountPath: string, subPath: string, readOnly: boolean): V1VolumeMount {
  return {
    name: WORK_VOLUME,
    mountPath,
    ...(subPath === '' ? {} : { subPath }),
    ...(readOnly ? { readOnly } : {})
  }
}

/** The mount of the runner's externals, from which JavaScript actions take their node. */
export function externalsMount(volume: string, subPath: string): V1VolumeMount {
  return { name: volume, mountPath: EXTERNALS_TARGET, readOnly: true, ...(subPath === '' ? {} : { subPath }) }
}
