import { posix } from 'node:path'

import type { V1Volume } from '@kaniko-hooks/kube'

import { runnerOf, type Values } from './runner.js'

/** Where a file of the runner's container is from. */
export type Source =
  | { readonly kind: 'config-map'; readonly name: string; readonly key: string }
  /** Its volume has other contents than a ConfigMap. */
  | { readonly kind: 'volume'; readonly volume: string }
  /** Its volume is not defined. */
  | { readonly kind: 'missing'; readonly volume: string }
  | { readonly kind: 'image' }

/** Where a path of the container `runner` leads. */
export function sourceOf(values: Values, path: string): Source {
  const file = posix.normalize(path)
  const mounts = (runnerOf(values)?.volumeMounts ?? [])
    .filter(
      ({ mountPath }) =>
        file === posix.normalize(mountPath) || file.startsWith(`${posix.normalize(mountPath).replace(/\/$/, '')}/`)
    )
    .sort((one, other) => other.mountPath.length - one.mountPath.length)
  const [mount] = mounts
  if (mount === undefined) return { kind: 'image' }
  const volumes: readonly V1Volume[] = values.template?.spec?.volumes ?? []
  const volume = volumes.find(({ name }) => name === mount.name)
  if (volume === undefined) return { kind: 'missing', volume: mount.name }
  const name = volume.configMap?.name
  if (name === undefined) return { kind: 'volume', volume: mount.name }
  const inside = posix.join(mount.subPath ?? '', posix.relative(posix.normalize(mount.mountPath), file))
  const item = volume.configMap?.items?.find(each => posix.normalize(each.path) === inside)
  return { kind: 'config-map', name, key: item?.key ?? inside }
}
