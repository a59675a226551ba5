/** The template's entry for build pods, and what it was called first. No service can be meant by them. */
export const BUILD_ENTRIES = ['$build', '$kaniko'] as const

/** Whether an entry of the template is about build pods. */
export function isBuildEntry(name: unknown): boolean {
  return BUILD_ENTRIES.some(entry => entry === name)
}

/** A list's name, and what tells its entries apart: Kubernetes' own keys for merging (`patchMergeKey` in its API). */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  resourceClaims: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  ports: ['containerPort', 'protocol'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable']
}

/** What Kubernetes takes where an entry says nothing. */
const DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' }

/**
 * What tells an entry of a list apart from the others; undefined for lists that have no such thing, and entries that lack it.
 *
 * @param list the key that the list has in a pod
 */
export function identityOf(list: string, entry: unknown): string | undefined {
  const parts = KEYS[list]?.map(key => (isMap(entry) ? (entry[key] ?? DEFAULTS[key]) : undefined))
  if (parts === undefined || parts.includes(undefined)) return undefined
  return parts.map(String).join(' ')
}

/** Whether a value is a mapping. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/**
 * What a template may say, as far as a mistake would be lost: Kubernetes drops keys that it does not know. After a key comes
 * its shape: `s` text, `n` number, `b` boolean, `m` a map of texts, `l` a list, `o` a mapping whose inside only Kubernetes checks,
 * or the name of another shape. A star stands for a list of them.
 */
export const SHAPES = {
  template: 'apiVersion:s kind:s metadata:metadata spec:pod',
  metadata: 'labels:m annotations:m name:s namespace:s',
  pod:
    'containers:container* initContainers:container* volumes:o* restartPolicy:s terminationGracePeriodSeconds:n ' +
    'activeDeadlineSeconds:n dnsPolicy:s nodeSelector:m serviceAccountName:s serviceAccount:s automountServiceAccountToken:b ' +
    'nodeName:s hostNetwork:b hostPID:b hostIPC:b shareProcessNamespace:b securityContext:podSecurity ' +
    'imagePullSecrets:named* hostname:s subdomain:s affinity:affinity schedulerName:s tolerations:toleration* ' +
    'hostAliases:alias* priorityClassName:s priority:n dnsConfig:dns readinessGates:l runtimeClassName:s ' +
    'enableServiceLinks:b preemptionPolicy:s overhead:o topologySpreadConstraints:o* setHostnameAsFQDN:b os:o hostUsers:b ' +
    'schedulingGates:named* resourceClaims:o* resources:resources hostnameOverride:s ephemeralContainers:l workloadRef:o',
  container:
    'name:s image:s command:l args:l workingDir:s ports:port* envFrom:l env:variable* resources:resources resizePolicy:l ' +
    'restartPolicy:s restartPolicyRules:l volumeMounts:mount* volumeDevices:l livenessProbe:o readinessProbe:o ' +
    'startupProbe:o lifecycle:o terminationMessagePath:s terminationMessagePolicy:s imagePullPolicy:s ' +
    'securityContext:security stdin:b stdinOnce:b tty:b',
  build:
    'name:s resources:resources nodeSelector:m tolerations:toleration* affinity:affinity serviceAccountName:s ' +
    'priorityClassName:s runtimeClassName:s hostUsers:b annotations:m labels:m imagePullSecrets:named*',
  podSecurity:
    'seLinuxOptions:o windowsOptions:o runAsUser:n runAsGroup:n runAsNonRoot:b supplementalGroups:l ' +
    'supplementalGroupsPolicy:s fsGroup:n sysctls:l fsGroupChangePolicy:s seccompProfile:o appArmorProfile:o seLinuxChangePolicy:s',
  security:
    'capabilities:capabilities privileged:b seLinuxOptions:o windowsOptions:o runAsUser:n runAsGroup:n runAsNonRoot:b ' +
    'readOnlyRootFilesystem:b allowPrivilegeEscalation:b procMount:s seccompProfile:o appArmorProfile:o',
  capabilities: 'add:l drop:l',
  affinity: 'nodeAffinity:o podAffinity:o podAntiAffinity:o',
  toleration: 'key:s operator:s value:s effect:s tolerationSeconds:n',
  alias: 'ip:s hostnames:l',
  dns: 'nameservers:l searches:l options:l',
  named: 'name:s',
  resources: 'limits:o requests:o claims:l',
  port: 'name:s hostPort:n containerPort:n protocol:s hostIP:s',
  variable: 'name:s value:s valueFrom:o',
  mount: 'name:s readOnly:b recursiveReadOnly:s mountPath:s subPath:s mountPropagation:s subPathExpr:s'
} as const

export type Shape = keyof typeof SHAPES
