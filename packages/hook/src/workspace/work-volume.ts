import type { V1Pod } from '@kubernetes/client-node'

/** Where the runner's work directory lies: on a claim that other pods can mount, or only on the runner's own disk. */
export type WorkVolume =
  | { readonly kind: 'claim'; readonly claimName: string; readonly subPath: string; readonly singleNode: boolean }
  | { readonly kind: 'own-disk' }

/**
 * Reads from the runner's pod which volume holds its work directory.
 *
 * @param workDirectory absolute path in the runner container
 * @param claimName overrides the claim's name (`ACTIONS_RUNNER_CLAIM_NAME`)
 */
export function workVolume(pod: V1Pod, workDirectory: string, claimName?: string): WorkVolume {
  const mounts = (pod.spec?.containers ?? []).flatMap(container => container.volumeMounts ?? [])
  const mount = mounts
    .filter(
      ({ mountPath }) => workDirectory === mountPath || workDirectory.startsWith(`${mountPath.replace(/\/$/, '')}/`)
    )
    .sort((a, b) => b.mountPath.length - a.mountPath.length)[0]
  const volume = pod.spec?.volumes?.find(({ name }) => name === mount?.name)
  const claim =
    volume?.ephemeral !== undefined
      ? `${pod.metadata?.name ?? ''}-${volume.name}`
      : volume?.persistentVolumeClaim?.claimName
  const name = claimName ?? claim
  if (mount === undefined || name === undefined) return { kind: 'own-disk' }
  const below = workDirectory.slice(mount.mountPath.replace(/\/$/, '').length + 1)
  const modes = volume?.ephemeral?.volumeClaimTemplate?.spec.accessModes
  return {
    kind: 'claim',
    claimName: name,
    subPath: [mount.subPath ?? '', below].filter(part => part !== '').join('/'),
    // Unknown access modes (a claim made by hand): other nodes may not be able to mount it, so assume that they cannot.
    singleNode: !(modes?.includes('ReadWriteMany') ?? false)
  }
}
