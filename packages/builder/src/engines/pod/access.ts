import type { V1EnvVar, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { type ConnectorAccess, type PushAccess, tokenMinutes } from '../../destinations/destination.js'

/** Where a docker `config.json` lies in a container that has one: what lies below /kaniko is no part of a built image. */
const CREDENTIALS_MOUNT = '/kaniko/credentials'

/** Parts of a pod that hold a credential. Files, never an environment variable or argument with the value itself. */
export interface AccessParts {
  readonly volumes: readonly V1Volume[]
  readonly mounts: readonly V1VolumeMount[]
  readonly env: readonly V1EnvVar[]
  /**
   * A mounted directory whose files `http.proxy` and `https.proxy` have the address of a proxy, credential included, by
   * which the image is pushed: "Built-in configurations" of the OCI Connector. Certificates in it are trusted.
   */
  readonly proxyFiles?: string
  /** As whom the pod has to run for its volumes to be filled. No token of it is mounted otherwise. */
  readonly serviceAccount?: string
}

const NOTHING: AccessParts = { volumes: [], mounts: [], env: [] }

const DOCKER_CONFIG = [{ name: 'DOCKER_CONFIG', value: CREDENTIALS_MOUNT }]

/** What the container that pushes is let in with, as files of its pod. */
export function pushAccess(access: PushAccess | undefined): AccessParts {
  if (access === undefined) return NOTHING
  return access.kind === 'docker-config' ? dockerConfig(access.secret, 'push-credentials') : connector(access)
}

/**
 * Mounts a Secret of type `kubernetes.io/dockerconfigjson` as docker's `config.json`, readable by root only.
 *
 * @param volume a name for the volume, free in the pod
 */
export function dockerConfig(secret: string, volume: string): AccessParts {
  return {
    volumes: [
      {
        name: volume,
        secret: { secretName: secret, defaultMode: 0o400, items: [{ key: '.dockerconfigjson', path: 'config.json' }] }
      }
    ],
    mounts: [{ name: volume, mountPath: CREDENTIALS_MOUNT, readOnly: true }],
    env: DOCKER_CONFIG
  }
}

/**
 * A volume of the connector's CSI driver. By the reverse proxy, a docker configuration with a short-lived token in place of
 * the registry's password. By the forward proxy, its address with such a token, a file of every volume since 1.6.
 */
function connector({ volume, proxy }: ConnectorAccess): AccessParts {
  const { namespace, name, attributes, serviceAccount } = volume
  const named =
    attributes === 'connectors'
      ? { connectors: `${namespace}/${name}` }
      : { 'connector.name': name, 'connector.namespace': namespace }
  const files = 'reverse' in proxy ? { 'configuration.names': proxy.reverse } : {}
  const volumeAttributes = { ...named, ...files, 'token.expiration': `${tokenMinutes(volume)}m` }
  return {
    volumes: [{ name: 'connector', csi: { driver: 'connectors-csi', readOnly: true, volumeAttributes } }],
    mounts: [{ name: 'connector', mountPath: CREDENTIALS_MOUNT, readOnly: true }],
    env: 'reverse' in proxy ? DOCKER_CONFIG : [],
    serviceAccount,
    ...('forward' in proxy ? { proxyFiles: CREDENTIALS_MOUNT } : {})
  }
}
