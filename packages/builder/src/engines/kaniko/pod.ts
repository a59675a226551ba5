import type { V1Container, V1Pod, V1SecurityContext, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { literal } from '@kaniko-hooks/kube'
import type { Target } from '../../destinations/destination.js'
import { certificatePath, kanikoArguments, kanikoEnvironment } from './args.js'
import { CONTEXT_CONTAINER, CONTEXT_MOUNT, LAYOUT_MOUNT, NAME_FILES, NAMES_MOUNT } from '../pod/parts.js'
import { FILES_CONTAINER, pushContainer, SECRETS_MOUNT, TAR_MOUNT } from '../pod/parts.js'
import { KEEP_SCRIPT } from '../pod/fetch-files.js'
import { referencesOf } from '../pod/push-result.js'
import type { BuildRequest } from '../engine.js'
import type { RegistryCertificate } from '../pod/settings.js'
import type { KanikoSettings } from './settings.js'
import { type AccessParts, dockerConfig, pushAccess } from '../pod/access.js'
import { pushCommand, pushVariables } from '../pod/push-script.js'
import { ARCHIVE_MOUNT } from '../pod/context-secret.js'
import { KEEP_NAMES_SCRIPT, UNPACK_SCRIPT, WAIT_SCRIPT } from '../pod/receive-script.js'

export const KANIKO_CONTAINER = 'kaniko'

/** Names build pods, so that a NetworkPolicy can say what they reach. */
const POD_LABEL = 'kaniko-hooks/build'

/**
 * What unpacking a base image and `RUN` as on Docker need, each proven by leaving it out. All of them are allowed by
 * PodSecurity `baseline`. The last two are for a `RUN` that makes a device, or tries out a server on a port below 1024.
 */
export const CAPABILITIES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP', 'SETUID', 'SETGID', 'KILL', 'SYS_CHROOT'],
  ...['MKNOD', 'NET_BIND_SERVICE']
]

/** A build that outlives its hook is ended by the kubelet; until then the hook's own, shorter limit counts. */
const DEADLINE_MARGIN_SECONDS = 30

/** The part of a request that decides about the pod. */
export type PodBuild = Pick<
  BuildRequest,
  | ('annotations' | 'bases' | 'buildArgs' | 'cache' | 'engineArgs' | 'files')
  | ('handle' | 'labels' | 'pushRetries' | 'secrets' | 'targets')
>

/** A context that comes with its pod. */
export interface ComingContext {
  readonly secret: string
  /** Kaniko unpacks it, and no container before. */
  readonly byKaniko: boolean
}

export interface KanikoPodOptions {
  readonly name: string
  /** How the context comes along; without it, the context is sent when the pod runs. */
  readonly archive?: ComingContext
  readonly timeoutMs: number
}

/**
 * Whether containers of their own push the image: one for each target, as soon as there is a credential that no `RUN`
 * line may read, more than one target of which each can fail by itself, or a target with tags that need no push. Whoever
 * fetches the image as a file needs a container too.
 */
export function pushesApart({ targets, files = [] }: Pick<PodBuild, 'files' | 'targets'>): boolean {
  if (files.length > 0) return true
  return targets.length > 1 || targets.some(({ access, tags = [] }) => access !== undefined || tags.length > 0)
}

/**
 * The pod that builds: an init container waits for the context or unpacks what came along, unless Kaniko does, then Kaniko
 * builds. Where nothing secret exists, Kaniko pushes too; otherwise it is an init container that leaves the image in a volume, and push containers follow that alone
 * have the credentials. Unprivileged, within PodSecurity `baseline`, without a service account token.
 */
export function kanikoPod(build: PodBuild, settings: KanikoSettings, options: KanikoPodOptions): V1Pod {
  const { pod = {} } = settings
  const seconds = Math.ceil(options.timeoutMs / 1000)
  const resources = pod.resources === undefined ? {} : { resources: pod.resources }
  const certificates = certificatesOf(build, settings)
  const { files = [] } = build
  const apart = pushesApart(build)
  const { archive } = options
  const unpacks = archive?.byKaniko === true
  const archiveMount: V1VolumeMount[] =
    archive === undefined ? [] : [{ name: 'archive', mountPath: ARCHIVE_MOUNT, readOnly: true }]
  const script = archive === undefined ? WAIT_SCRIPT : UNPACK_SCRIPT
  const context: V1Container = {
    name: CONTEXT_CONTAINER,
    image: settings.contextImage,
    command: ['sh', '-c', apart ? `${KEEP_NAMES_SCRIPT}\n${script}` : script].map(literal),
    env: [{ name: 'WAIT_SECONDS', value: String(seconds) }],
    securityContext: security([]),
    volumeMounts: [
      { name: 'context', mountPath: CONTEXT_MOUNT },
      ...archiveMount,
      ...(apart ? [{ name: 'names', mountPath: NAMES_MOUNT }] : [])
    ],
    ...resources
  }
  const { credentials, proxies = [] } = build.bases ?? {}
  const own = credentials === undefined ? undefined : dockerConfig(credentials, 'credentials')
  // The other forks have no flag for them, and a mount that nobody reads is one too many.
  const secrets = settings.fork === 'osscontainertools' ? build.secrets : undefined
  const [first] = build.targets
  const plainHosts = [
    ...(apart ? [] : build.targets.flatMap(({ insecureRegistries }) => insecureRegistries)),
    ...proxies.flatMap(({ place }) => (place.plainHttp ? [place.host] : []))
  ]
  const kaniko: V1Container = {
    name: KANIKO_CONTAINER,
    image: settings.image,
    args: kanikoArguments(
      {
        ...build,
        unpacks,
        secrets: (secrets?.ids ?? []).map(id => ({ id })),
        isDiscarded: build.targets.length === 0 && files.length === 0,
        ...(files.some(({ kind }) => kind === 'docker') ? { tarFor: namesOf(build.targets) } : {}),
        proxies,
        certificates,
        insecureRegistries: build.targets.flatMap(({ insecureRegistries }) => insecureRegistries),
        ...(apart || first === undefined ? {} : { pushRef: first.pushRef })
      },
      settings
    ).map(literal),
    env: [...reachedDirectly(kanikoEnvironment(settings), plainHosts), ...(own?.env ?? [])],
    securityContext: security(CAPABILITIES),
    volumeMounts: [
      ...(unpacks ? archiveMount : [{ name: 'context', mountPath: CONTEXT_MOUNT, readOnly: true }]),
      ...(apart ? [{ name: 'image', mountPath: LAYOUT_MOUNT }] : []),
      ...(files.length === 0 ? [] : [{ name: 'image-files', mountPath: TAR_MOUNT }]),
      ...certificates.map((_, index) => certificateMount(index)),
      ...(secrets === undefined ? [] : [{ name: 'secrets', mountPath: SECRETS_MOUNT, readOnly: true }]),
      ...(own?.mounts ?? [])
    ],
    ...resources
  }
  // The template's is an administrator's own choice.
  const accounts = build.targets.flatMap(({ access }) => pushAccess(access).serviceAccount ?? [])
  const serviceAccount = pod.serviceAccountName ?? accounts[0]
  const pushers = apart
    ? build.targets.map((target, index) => pusher(target, index, build, certificates, settings))
    : []
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: options.name,
      labels: { ...pod.labels, [POD_LABEL]: 'true' },
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
      initContainers: [...(unpacks ? [] : [context]), ...(apart ? [kaniko] : [])],
      containers: apart ? [...pushers, ...(files.length === 0 ? [] : [filesContainer(settings, seconds)])] : [kaniko],
      volumes: [
        ...(unpacks ? [] : [{ name: 'context', emptyDir: {} }]),
        ...(archive === undefined
          ? []
          : [{ name: 'archive', secret: { secretName: archive.secret, defaultMode: 0o400 } }]),
        ...(apart ? ['image', 'names'].map(name => ({ name, emptyDir: {} })) : []),
        ...(files.length === 0 ? [] : [{ name: 'image-files', emptyDir: {} }]),
        ...certificates.map(certificateVolume),
        ...(secrets === undefined
          ? []
          : [{ name: 'secrets', secret: { secretName: secrets.secret, defaultMode: 0o400 } }]),
        ...(own?.volumes ?? []),
        ...build.targets.flatMap((target, index) => accessOf(target, index).volumes)
      ],
      ...(pod.nodeSelector === undefined ? {} : { nodeSelector: { ...pod.nodeSelector } }),
      ...(pod.tolerations === undefined ? {} : { tolerations: [...pod.tolerations] }),
      ...(pod.affinity === undefined ? {} : { affinity: pod.affinity }),
      ...(pod.priorityClassName === undefined ? {} : { priorityClassName: pod.priorityClassName }),
      ...(pod.runtimeClassName === undefined ? {} : { runtimeClassName: pod.runtimeClassName }),
      ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
      ...(pod.hostUsers === undefined ? {} : { hostUsers: pod.hostUsers }),
      ...(pod.imagePullSecrets === undefined ? {} : { imagePullSecrets: [...pod.imagePullSecrets] })
    }
  }
}

/** Pushes the layout. It is root, since the layout's files are 0600, and has no capability at all. */
function pusher(
  target: Target,
  index: number,
  { pushRetries }: PodBuild,
  certificates: readonly RegistryCertificate[],
  settings: KanikoSettings
): V1Container {
  const access = accessOf(target, index)
  const { resources } = settings.pod ?? {}
  const directories = certificates.map((_, at) => certificatePath(at).replace(/\/[^/]*$/, ''))
  const env = [
    ...reachedDirectly(
      Object.entries(settings.env ?? {}).map(([name, value]) => ({ name, value })),
      target.insecureRegistries
    ),
    // Go reads these directories besides the system's bundle.
    ...(directories.length === 0 ? [] : [{ name: 'SSL_CERT_DIR', value: directories.join(':') }]),
    ...pushVariables(target.tags, pushRetries),
    ...access.env
  ]
  return {
    name: pushContainer(index),
    image: settings.pushImage,
    command: pushCommand(LAYOUT_MOUNT, target.pushRef, target.insecureRegistries.length > 0, access.proxyFiles).map(
      literal
    ),
    env,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: security([]),
    volumeMounts: [
      { name: 'image', mountPath: LAYOUT_MOUNT, readOnly: true },
      ...NAME_FILES.map(file => ({ name: 'names', mountPath: `/etc/${file}`, subPath: file, readOnly: true })),
      ...certificates.map((_, at) => certificateMount(at)),
      ...access.mounts
    ],
    ...(resources === undefined ? {} : { resources })
  }
}

/** Has the image's files until they are fetched. */
function filesContainer(settings: KanikoSettings, seconds: number): V1Container {
  const { resources } = settings.pod ?? {}
  return {
    name: FILES_CONTAINER,
    image: settings.contextImage,
    command: ['sh', '-c', KEEP_SCRIPT].map(literal),
    env: [{ name: 'WAIT_SECONDS', value: String(seconds) }],
    securityContext: security([]),
    volumeMounts: [
      { name: 'image', mountPath: LAYOUT_MOUNT, readOnly: true },
      { name: 'image-files', mountPath: TAR_MOUNT }
    ],
    ...(resources === undefined ? {} : { resources })
  }
}

/** What an image is called where it is loaded; an image that goes nowhere needs a name too. */
function namesOf(targets: readonly Target[]): readonly string[] {
  const names = targets.flatMap(referencesOf)
  return names.length === 0 ? ['image:latest'] : names
}

/** Two targets may use volumes of one name. */
function accessOf(target: Target, index: number): AccessParts {
  const parts = pushAccess(target.access)
  const rename = (name: string): string => (index === 0 ? name : `${name}-${index + 1}`)
  return {
    ...parts,
    volumes: parts.volumes.map(volume => ({ ...volume, name: rename(volume.name) })),
    mounts: parts.mounts.map(mount => ({ ...mount, name: rename(mount.name) }))
  }
}

/**
 * The environment with these hosts excepted from the proxy that stands in it, if there is one: over plain HTTP, it would be
 * shown the credential.
 */
function reachedDirectly(env: readonly Variable[], hosts: readonly string[]): Variable[] {
  return withExceptions(env, hosts).map(({ name, value }) => ({ name, value: literal(value) }))
}

function withExceptions(env: readonly Variable[], hosts: readonly string[]): Variable[] {
  if (hosts.length === 0 || !env.some(({ name }) => /^https?_proxy$/i.test(name))) return [...env]
  const except = (name: string): Variable => {
    const own = env.find(variable => variable.name === name)?.value ?? ''
    return { name, value: [...new Set([...own.split(','), ...hosts])].filter(host => host !== '').join(',') }
  }
  return [...env.filter(({ name }) => !/^no_proxy$/i.test(name)), except('NO_PROXY'), except('no_proxy')]
}

interface Variable {
  readonly name: string
  readonly value: string
}

function certificatesOf(build: PodBuild, settings: KanikoSettings): RegistryCertificate[] {
  const ofTargets = build.targets.flatMap(({ pushRef, certificate }) => {
    return certificate === undefined ? [] : [{ registry: pushRef.split('/', 1)[0] ?? '', source: certificate }]
  })
  return [...ofTargets, ...(settings.certificates ?? [])]
}

function certificateVolume({ source }: RegistryCertificate, index: number): V1Volume {
  return {
    name: `certificate-${index}`,
    secret: { secretName: source.secret, items: [{ key: source.key, path: 'ca.crt' }] }
  }
}

function certificateMount(index: number): V1VolumeMount {
  return { name: `certificate-${index}`, mountPath: certificatePath(index).replace(/\/[^/]*$/, ''), readOnly: true }
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
