import * as v from 'valibot'

import { duration } from './duration.js'

/** The Kaniko image that is run unless the settings name another: the maintained line, with heredocs and mounts. */
export const DEFAULT_KANIKO_IMAGE = 'ghcr.io/osscontainertools/kaniko:v1.28.3'

/** The image that pushes where credentials are needed; the variant with a shell. */
const DEFAULT_PUSH_IMAGE = 'gcr.io/go-containerregistry/crane/debug:v0.22.1'

const text = v.pipe(v.string(), v.nonEmpty())
const registry = v.pipe(v.string(), v.regex(/^[A-Za-z0-9.[\]:-]+$/, 'a registry as host or host:port'))
const registryPath = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9.[\]:-]+(\/[a-z0-9._/-]+)?$/, 'a registry as host, host:port or host/path')
)
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))
const seconds = v.pipe(v.number(), v.integer(), v.minValue(1))
/** A Secret in the namespace of the pods. */
const secret = v.pipe(v.string(), v.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'the name of a Secret'))
const secretKey = v.strictObject({
  secret: v.pipe(secret, v.description("The Secret's name.")),
  key: v.pipe(v.optional(text, 'ca.crt'), v.description('The key in it.'))
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

const pushSecret = v.pipe(
  v.optional(secret),
  v.description(
    'A Secret of type kubernetes.io/dockerconfigjson with an entry for the registry. Only the container that pushes and the hook have it.'
  )
)
const pullSecret = v.pipe(
  v.optional(secret),
  v.description('A Secret of type kubernetes.io/dockerconfigjson by which the kubelet pulls the built image.')
)

const nodePort = v.strictObject({
  host: v.pipe(registry, v.description("The registry's Service, as pods reach it.")),
  port: v.pipe(v.optional(port, 5000), v.description("The Service's port.")),
  nodePort: v.pipe(port, v.description('The port on every node; the kubelet pulls from localhost:<nodePort>.')),
  repository: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/, 'a repository path'))),
    v.description('Default kaniko-hooks/actions.')
  ),
  pushSecret,
  pullSecret
})

const remote = v.strictObject({
  repository: v.pipe(repository, v.description('Registry and repository; each build is a tag in it.')),
  pushSecret,
  pullSecret,
  ca: v.pipe(
    v.optional(secretKey),
    v.description("The authority of the registry's certificate, besides the well-known ones.")
  ),
  plainHttp: v.pipe(v.optional(v.boolean(), false), v.description('Without TLS. The nodes must be told the same.'))
})

const connector = v.strictObject({
  name: v.pipe(
    v.string(),
    v.regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\/)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'namespace/name of a Connector'),
    v.description("namespace/name of the Connector; without a namespace, the pods' own.")
  ),
  repository: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/, 'a repository path'),
    v.description('As it is called in the registry behind the connector: team/actions.')
  ),
  serviceAccount: v.pipe(
    text,
    v.description('A service account with get on that Connector, and nothing else: pushes and pulls are done as it.')
  ),
  pushAddress: v.pipe(v.optional(text), v.description("The proxy's URL; read from the Connector's status when unset.")),
  pullAddress: v.pipe(
    v.optional(text),
    v.description('The address by which nodes reach the proxy, host[:port][/path]; the push address when unset.')
  ),
  configuration: v.pipe(
    v.optional(text, 'registry-config'),
    v.description("The class's configuration with a config.json: docker-config or config before 1.8.")
  ),
  attributes: v.pipe(
    v.optional(v.picklist(['connector.name', 'connectors']), 'connector.name'),
    v.description('How the CSI volume names the connector: connectors since 1.9.')
  ),
  tokenLifetime: v.pipe(
    v.optional(duration),
    v.description('Of the token with which is pushed; five minutes more than kaniko.timeoutSeconds when unset.')
  )
})

const ONE_KIND = 'one of nodePort, remote and connector'

const destination = v.pipe(
  v.strictObject({
    nodePort: v.pipe(
      v.optional(nodePort),
      v.description('A registry in the cluster behind a NodePort Service, over plain HTTP.')
    ),
    remote: v.pipe(v.optional(remote), v.description('A registry that has one name for everybody.')),
    connector: v.pipe(v.optional(connector), v.description("A registry behind an OCI Connector's reverse proxy."))
  }),
  v.minEntries(1, ONE_KIND),
  v.maxEntries(1, ONE_KIND)
)

const image = v.strictObject({
  keep: v.pipe(
    v.optional(
      v.union([v.picklist(['delete', 'forever']), duration], 'delete, forever or a duration such as 12h'),
      'delete'
    ),
    v.description('Whether other jobs may use a built image again, and for how long; delete removes it with its job.')
  ),
  scope: v.pipe(
    v.optional(v.picklist(['ref', 'repository', 'all']), 'ref'),
    v.description('Which jobs share kept images: those of a branch, of a repository, or all. Pull requests only read.')
  )
})

const kaniko = v.strictObject({
  image: v.optional(text, DEFAULT_KANIKO_IMAGE),
  line: v.pipe(
    v.optional(v.picklist(['osscontainertools', 'chainguard', 'google']), 'osscontainertools'),
    v.description('The project that the image is from; decides what can be built.')
  ),
  pushImage: v.pipe(
    v.optional(text, DEFAULT_PUSH_IMAGE),
    v.description('An image with sh and crane; used where a push needs credentials.')
  ),
  timeoutSeconds: v.pipe(v.optional(seconds, 1800), v.description('For one build.')),
  pushTimeoutSeconds: v.pipe(v.optional(seconds, 600), v.description('For the push within it.')),
  maxBuildsPerJob: v.optional(seconds, 20),
  registryMirrors: v.pipe(v.optional(v.array(registryPath), []), v.description('Asked before Docker Hub.')),
  registryMaps: v.pipe(
    v.optional(v.record(registryPath, v.array(registryPath)), {}),
    v.description('Where to look for images of other registries: {quay.io: [mirror.example.com/quay]}.')
  ),
  insecureRegistries: v.pipe(v.optional(v.array(registry), []), v.description('Spoken to over plain HTTP.')),
  certificates: v.pipe(
    v.optional(v.array(v.strictObject({ registry, ...secretKey.entries })), []),
    v.description('Authorities of mirrors and base image registries.')
  ),
  credentials: v.pipe(
    v.optional(secret),
    v.description(
      'A Secret of type kubernetes.io/dockerconfigjson for private base images. Every RUN line can read it: give it the right to pull, and nothing else.'
    )
  ),
  buildArgs: v.pipe(v.optional(v.record(text, v.string()), {}), v.description('Values for ARG. No secrets.'))
})

const cache = v.strictObject({
  repository: v.pipe(repository, v.description("A repository for layers; each scope's has its own suffix.")),
  ttl: v.optional(duration, '14d'),
  secret: v.pipe(
    v.optional(secret),
    v.description(
      'A Secret of type kubernetes.io/dockerconfigjson with the right to push there. It takes the place of kaniko.credentials, and lies in the build container only of jobs whose code has been accepted into the repository.'
    )
  ),
  open: v.pipe(
    v.optional(v.boolean(), false),
    v.description('True: the repository may be one without credentials, where anybody who reaches it can plant layers.')
  )
})

const proxy = v.strictObject({
  http: v.optional(proxyAddress),
  https: v.optional(proxyAddress),
  noProxy: v.optional(v.array(text), [])
})

/** The settings file: one YAML document, usually a mounted ConfigMap. Unknown keys are refused: they are typing errors. */
export const settingsFile = v.strictObject({
  workspace: v.pipe(
    v.optional(v.picklist(['auto', 'volume', 'copied']), 'auto'),
    v.description("How the work directory reaches the pods; auto reads it from the runner's pod.")
  ),
  imagePullPolicy: v.optional(v.picklist(['IfNotPresent', 'Always', 'Never'])),
  destinations: v.pipe(
    v.optional(v.pipe(v.array(destination), v.minLength(1))),
    v.description('Where built images go: the first is where they are run from, the others get a copy.')
  ),
  image: v.optional(image, {}),
  kaniko: v.optional(kaniko, {}),
  cache: v.pipe(v.optional(cache), v.description('Layers of earlier builds. Off without it.')),
  proxy: v.pipe(v.optional(proxy), v.description('For Kaniko, the push and RUN lines; not for the hook itself.'))
})

export type SettingsFile = v.InferOutput<typeof settingsFile>

/** Where images go, as written in the file or made of the variables. */
export type DestinationSettings = v.InferOutput<typeof destination>

export type NodePortPlaceSettings = v.InferOutput<typeof nodePort>
export type RemotePlaceSettings = v.InferOutput<typeof remote>
export type ConnectorPlaceSettings = v.InferOutput<typeof connector>
