import type { PushAccess } from './destination.js'

/** Where a docker `config.json` lies in a container that has one: what lies below /kaniko is no part of a built image. */
export const CREDENTIALS_MOUNT = '/kaniko/credentials'

/**
 * Mounts a Secret of type `kubernetes.io/dockerconfigjson` as docker's `config.json`, readable by root only.
 *
 * @param volume a name for the volume, free in the pod
 */
export function dockerConfigAccess(secret: string, volume = 'push-credentials'): PushAccess {
  return {
    origin: `the Secret ${secret}`,
    volumes: [
      {
        name: volume,
        secret: { secretName: secret, defaultMode: 0o400, items: [{ key: '.dockerconfigjson', path: 'config.json' }] }
      }
    ],
    mounts: [{ name: volume, mountPath: CREDENTIALS_MOUNT, readOnly: true }],
    env: [{ name: 'DOCKER_CONFIG', value: CREDENTIALS_MOUNT }]
  }
}
