import { DEFAULT_KANIKO_IMAGE, DEFAULT_PUSH_IMAGE } from '@kaniko-hooks/builder/default-images'
import * as v from 'valibot'

import { duration } from './duration.js'

/** Public registries that many base images are in: nobody who writes a Dockerfile decides where these hosts lead. */
const PUBLIC_REGISTRIES = [
  'docker.io',
  'ghcr.io',
  'quay.io',
  'gcr.io',
  'registry.k8s.io',
  'public.ecr.aws',
  'mcr.microsoft.com',
  'registry.gitlab.com',
  'registry.access.redhat.com',
  'cgr.dev',
  'nvcr.io'
]

/** Since 1.8 of the connectors. */
export const DEFAULT_CONFIGURATION = 'registry-config'

const text = v.pipe(v.string(), v.nonEmpty())
const registry = v.pipe(v.string(), v.regex(/^[A-Za-z0-9.[\]:-]+$/, 'a registry as host or host:port'))
const registryPath = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9.[\]:-]+(\/[a-z0-9._/-]+)?$/, 'a registry as host, host:port or host/path')
)
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))
const count = v.pipe(v.number(), v.integer(), v.minValue(1))
/** A Secret in the namespace of the pods. */
const secret = v.pipe(v.string(), v.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'the name of a Secret'))
const secretKey = v.strictObject({
  secret: secret,
  key: v.optional(text, 'ca.crt')
})
const repository = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9.[\]:-]+\/[a-z0-9]+([._/-]+[a-z0-9]+)*$/, 'registry and repository, such as ghcr.io/acme/actions')
)
/** A password in a proxy's address would stand in arguments and in the environment of a pod. */
const proxyAddress = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/[^@\s]+$/, 'a proxy as http://host:port, without user and password')
)

const pushSecret = v.optional(secret)
const pullSecret = v.optional(secret)

const nodePort = v.strictObject({
  host: registry,
  port: v.optional(port, 5000),
  nodePort: port,
  repository: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/, 'a repository path'))),
  pushSecret,
  pullSecret
})

const remote = v.strictObject({
  repository,
  pushSecret,
  pullSecret,
  ca: v.optional(secretKey),
  plainHttp: v.optional(v.boolean(), false)
})

const registryAddress = v.pipe(
  v.string(),
  v.regex(/^(https?:\/\/)?[A-Za-z0-9.[\]:-]+$/, 'a registry as host or host:port, with http:// if it has no TLS')
)

const connectorName = v.pipe(
  v.string(),
  v.regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\/)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'namespace/name of a Connector')
)

const connectorAccess = {
  name: connectorName,
  serviceAccount: text,
  proxy: v.optional(v.picklist(['reverse', 'forward']), 'reverse'),
  registry: v.optional(registryAddress),
  pushAddress: v.optional(text),
  ca: v.optional(secretKey),
  configuration: v.optional(text, DEFAULT_CONFIGURATION),
  attributes: v.optional(v.picklist(['connector.name', 'connectors']), 'connector.name'),
  tokenLifetime: v.optional(duration)
}

const connector = v.strictObject({
  ...connectorAccess,
  repository: v.pipe(v.string(), v.regex(/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/, 'a repository path')),
  pullAddress: v.optional(text),
  pullSecret
})

const ONE_KIND = 'one of nodePort, remote and connector'

const destination = v.pipe(
  v.strictObject({
    nodePort: v.optional(nodePort),
    remote: v.optional(remote),
    connector: v.optional(connector)
  }),
  v.minEntries(1, ONE_KIND),
  v.maxEntries(1, ONE_KIND)
)

const image = v.strictObject({
  keep: v.optional(
    v.union([v.picklist(['delete', 'forever']), duration], 'delete, forever or a duration such as 12h'),
    'delete'
  ),
  scope: v.optional(v.picklist(['ref', 'repository', 'all']), 'ref'),
  baseRegistries: v.optional(v.array(registry), PUBLIC_REGISTRIES)
})

const baseConnector = v.strictObject({
  name: connectorName,
  serviceAccount: text,
  registries: v.optional(v.pipe(v.array(registry), v.minLength(1))),
  address: v.optional(text)
})

const steps = v.strictObject({
  orphanTimeout: v.optional(duration, '7m')
})

/** The settings of every engine. */
const build = v.strictObject({
  timeout: v.optional(duration, '30m'),
  pushTimeout: v.optional(duration, '10m'),
  maxPerJob: v.optional(count, 20),
  early: v.optional(v.boolean(), true),
  maxEarly: v.optional(count, 2),
  pushImage: v.optional(text, DEFAULT_PUSH_IMAGE),
  registryMirrors: v.optional(v.array(registryPath), []),
  registryMaps: v.optional(v.record(registry, v.array(registryPath)), {}),
  insecureRegistries: v.optional(v.array(registry), []),
  certificates: v.optional(v.array(v.strictObject({ registry, ...secretKey.entries })), []),
  credentials: v.optional(secret),
  connectors: v.optional(v.array(baseConnector), []),
  args: v.optional(v.record(text, v.string()), {}),
  showDockerfile: v.optional(v.boolean(), false)
})

/** `*` stands for a part of a path, `**` for any parts. */
const repositoryPattern = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9.[\]:-]+(\/([a-z0-9._*-]|\{owner\}|\{repository\})+)+$/,
    'registry and repository, such as ghcr.io/acme/*, with {repository} for owner/name'
  )
)

/** Builds that steps ask for. */
const broker = v.strictObject({
  enabled: v.optional(v.boolean(), true),
  maxPerJob: v.optional(count, 20),
  pushTo: v.optional(
    v.array(
      v.strictObject({
        repository: repositoryPattern,
        pushSecret,
        connector: v.optional(v.strictObject(connectorAccess)),
        ca: v.optional(secretKey),
        plainHttp: v.optional(v.boolean(), false),
        events: v.optional(v.picklist(['accepted', 'all']), 'accepted')
      })
    ),
    []
  )
})

const kaniko = v.strictObject({
  image: v.optional(text, DEFAULT_KANIKO_IMAGE),
  fork: v.optional(v.picklist(['osscontainertools', 'chainguard', 'google']), 'osscontainertools')
})

/** What builds; one of them. */
const engine = v.strictObject({
  kaniko: v.optional(kaniko, {})
})

const cache = v.strictObject({
  repository,
  ttl: v.optional(duration, '14d'),
  secret: v.optional(secret),
  open: v.optional(v.boolean(), false)
})

const proxy = v.strictObject({
  http: v.optional(proxyAddress),
  https: v.optional(proxyAddress),
  noProxy: v.optional(v.array(text), [])
})

/** How the work directory reaches the pods, and what of it stays there. */
const workspace = v.strictObject({
  mode: v.optional(v.picklist(['auto', 'volume', 'copied']), 'auto'),
  exclude: v.optional(v.array(text), []),
  direct: v.optional(v.boolean(), true)
})

const size = v.pipe(v.string(), v.regex(/^\d+(\.\d+)?[kmgtKMGT]?$/, 'a size such as 512m or 8g'))

/** What `options:` of a container may ask for; see `options/flags.ts`. */
const options = v.strictObject({
  allow: v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.regex(
          /^(privileged|ipc=host|cap-add=([A-Z_]+|\*)|sysctl=([a-z0-9_.-]+|\*)|runtime=([A-Za-z0-9.-]+|\*)|security-opt=(seccomp|apparmor)=unconfined)$/,
          'privileged, ipc=host, cap-add=NAME, sysctl=NAME, runtime=NAME or security-opt=seccomp=unconfined'
        )
      )
    ),
    []
  ),
  maximum: v.optional(
    v.strictObject({
      cpus: v.optional(v.pipe(v.number(), v.minValue(0.01))),
      memory: v.optional(size),
      shmSize: v.optional(size),
      gpus: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)))
    }),
    {}
  ),
  gpuResource: v.optional(text, 'nvidia.com/gpu')
})

const services = v.strictObject({
  imageRegistries: v.optional(v.array(registry), [])
})

/** The settings file: one YAML document, usually a mounted ConfigMap. Unknown keys are refused: they are typing errors. */
export const settingsFile = v.strictObject({
  workspace: v.optional(workspace, {}),
  imagePullPolicy: v.optional(v.picklist(['IfNotPresent', 'Always', 'Never'])),
  steps: v.optional(steps, {}),
  options: v.optional(options, {}),
  services: v.optional(services, {}),
  destinations: v.optional(v.pipe(v.array(destination), v.minLength(1))),
  image: v.optional(image, {}),
  build: v.optional(build, {}),
  engine: v.optional(engine, {}),
  broker: v.optional(broker, {}),
  cache: v.optional(cache),
  proxy: v.optional(proxy)
})

export type SettingsFile = v.InferOutput<typeof settingsFile>

/** Where images go, as written in the file or made of the variables. */
export type DestinationSettings = v.InferOutput<typeof destination>

export type NodePortPlaceSettings = v.InferOutput<typeof nodePort>
export type RemotePlaceSettings = v.InferOutput<typeof remote>
export type ConnectorPlaceSettings = v.InferOutput<typeof connector>

/** Repositories that steps may push to. */
export type PushToSettings = v.InferOutput<typeof broker>['pushTo'][number]

/** A connector through which base images are fetched. */
export type BaseConnectorSettings = v.InferOutput<typeof baseConnector>
