import { createHash } from 'node:crypto'
import { isAbsolute, join, normalize, relative } from 'node:path'

import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node'

import { SPOOL_PATH } from '../pods/spool.js'
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

/** What a job's container has besides what the runner names: a pod with two volumes in one place is refused. */
const OURS: readonly string[] = [EXTERNALS_TARGET, SPOOL_PATH]

/** Docker's names of volumes. */
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/**
 * The volume that a pod has for a named one of Docker's: one for all that mount it. Any name may be longer than Kubernetes
 * allows, or have capitals.
 */
export function namedVolume(name: string): string {
  return `volume-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
}

/**
 * Turns the runner's volume list into mounts of the work volume. The runner speaks of its own disk; what lies below its
 * work directory is the same path below the volume's root.
 *
 * @param root where the work directory lies in the volume; '' for its root
 * @param sealed a directory of the work directory that every mount shows read-only: later jobs of a lasting volume run the
 *   node builds that lie there
 * @param anonymous begins the names of volumes without a name, which are their container's alone
 * @throws HookError UNSUPPORTED for a path of the host, which a pod must not have
 */
export function mountsOf(
  volumes: { readonly system: readonly VolumeArgs[]; readonly user: readonly VolumeArgs[] },
  workDirectory: string,
  root: string,
  sealed?: string,
  anonymous = 'volume'
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
  for (const [index, { sourceVolumePath: source, targetVolumePath, readOnly }] of volumes.user.entries()) {
    const target = targetOf(targetVolumePath, mounts)
    const below = source === null || !isAbsolute(source) ? undefined : belowWork(workDirectory, source)
    if (below !== undefined) {
      mounts.push(...workMounts(target, root, below, readOnly, sealed))
    } else if (source === null || VOLUME_NAME.test(source)) {
      // A named or anonymous Docker volume begins empty; one that outlives the job does not exist here.
      const name = source === null ? `${anonymous}-${index}` : namedVolume(source)
      if (!extra.some(volume => volume.name === name)) extra.push({ name, emptyDir: {} })
      mounts.push({ name, mountPath: target, ...(readOnly ? { readOnly } : {}) })
    } else {
      throw new HookError('UNSUPPORTED', `The volume ${source}:${target} ${refusal(source, workDirectory)}`)
    }
  }
  return { mounts, volumes: extra }
}

/**
 * Where a user's volume is mounted.
 *
 * @throws HookError INPUT where Docker would mount nothing either
 */
function targetOf(target: string, before: readonly V1VolumeMount[]): string {
  const path = normalize(target).replace(/(.)\/+$/, '$1')
  if (!isAbsolute(path) || path === '/') {
    throw new HookError('INPUT', `A volume is mounted at ${target}: this has to be an absolute path, and not /.`, {
      fault: 'user'
    })
  }
  if (OURS.includes(path)) {
    throw new HookError('INPUT', `A volume is mounted at ${path}, where the hook mounts its own. Choose another path.`)
  }
  if (before.some(({ mountPath }) => mountPath === path)) {
    throw new HookError('INPUT', `Two volumes are mounted at ${path}. Leave one of them out.`)
  }
  return path
}

/** Why a source cannot be had, and what to use instead. */
function refusal(source: string, workDirectory: string): string {
  if (!isAbsolute(source)) return 'names no volume: a name has letters, digits, _ . and -, and a path begins with /.'
  const asks = 'asks for a path of the host.'
  if (/(^|\/)docker\.sock\/*$/.test(source)) {
    return `${asks} There is no Docker daemon on this runner: a container action with a Dockerfile is built without one.`
  }
  return (
    `${asks} Pods can mount only what lies below ${workDirectory}; an administrator can add other volumes by the hook template, ` +
    'for all jobs of the runner.'
  )
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
