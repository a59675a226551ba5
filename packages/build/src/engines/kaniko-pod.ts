import type { V1Container, V1Pod, V1SecurityContext } from '@kubernetes/client-node'
import { CONTEXT_MOUNT, kanikoArguments, type KanikoBuild, kanikoEnvironment } from './kaniko-args.js'
import type { KanikoSettings } from './kaniko-settings.js'
import { WAIT_SCRIPT } from './receive-script.js'

/** The init container that takes the context. */
export const CONTEXT_CONTAINER = 'context'

export const KANIKO_CONTAINER = 'kaniko'

/**
 * What unpacking a base image and `RUN` as on Docker need, each proven by leaving it out (reference/builders.md §3.1).
 * All of them are allowed by PodSecurity `baseline`.
 */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP', 'SETUID', 'SETGID', 'KILL', 'SYS_CHROOT']

/** A build that outlives its hook is ended by the kubelet; until then the hook's own, shorter limit counts. */
const DEADLINE_MARGIN_SECONDS = 30

export interface KanikoPodOptions {
  readonly name: string
  readonly timeoutMs: number
}

/**
 * The pod that builds: an init container waits for the context, then Kaniko builds and pushes. Unprivileged, within
 * PodSecurity `baseline`; no service account token and no credential, since every `RUN` line could read them.
 */
export function kanikoPod(build: KanikoBuild, settings: KanikoSettings, options: KanikoPodOptions): V1Pod {
  const { pod = {} } = settings
  const seconds = Math.ceil(options.timeoutMs / 1000)
  const resources = pod.resources === undefined ? {} : { resources: pod.resources }
  const context: V1Container = {
    name: CONTEXT_CONTAINER,
    image: settings.contextImage,
    command: ['sh', '-c', WAIT_SCRIPT],
    env: [{ name: 'WAIT_SECONDS', value: String(seconds) }],
    securityContext: security([]),
    volumeMounts: [{ name: 'context', mountPath: CONTEXT_MOUNT }],
    ...resources
  }
  const kaniko: V1Container = {
    name: KANIKO_CONTAINER,
    image: settings.image,
    args: kanikoArguments(build, settings),
    env: kanikoEnvironment(settings),
    securityContext: security(CAPABILITIES),
    volumeMounts: [{ name: 'context', mountPath: CONTEXT_MOUNT, readOnly: true }],
    ...resources
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: options.name,
      ...(pod.labels === undefined ? {} : { labels: { ...pod.labels } }),
      ...(pod.annotations === undefined ? {} : { annotations: { ...pod.annotations } }),
      ...(pod.ownerReferences === undefined ? {} : { ownerReferences: [...pod.ownerReferences] })
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: seconds + DEADLINE_MARGIN_SECONDS,
      // Nothing in it has to be saved.
      terminationGracePeriodSeconds: 1,
      initContainers: [context],
      containers: [kaniko],
      volumes: [{ name: 'context', emptyDir: {} }],
      ...(pod.nodeSelector === undefined ? {} : { nodeSelector: { ...pod.nodeSelector } }),
      ...(pod.tolerations === undefined ? {} : { tolerations: [...pod.tolerations] }),
      ...(pod.affinity === undefined ? {} : { affinity: pod.affinity }),
      ...(pod.priorityClassName === undefined ? {} : { priorityClassName: pod.priorityClassName }),
      ...(pod.imagePullSecrets === undefined ? {} : { imagePullSecrets: [...pod.imagePullSecrets] })
    }
  }
}

/** Capabilities are always stated: the runtimes' defaults differ (CRI-O's lack SETFCAP and SYS_CHROOT). */
function security(capabilities: readonly string[]): V1SecurityContext {
  return {
    runAsUser: 0,
    runAsGroup: 0,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], ...(capabilities.length === 0 ? {} : { add: [...capabilities] }) },
    seccompProfile: { type: 'RuntimeDefault' }
  }
}
