/** A flag of a command: parser, help, completion and the page's table are made of these. */
export interface Flag {
  readonly name: string
  readonly short?: string
  /** What its value is called; a flag without one is a switch. */
  readonly value?: string
  /** May be written several times. */
  readonly many?: boolean
  /** One sentence without its end. */
  readonly help: string
  /** What may stand there, for completion; `file` and `directory` are what the shell finds. */
  readonly suggest?: 'file' | 'directory' | readonly string[]
}

/** A flag of docker that is read so that it can be answered. */
export interface ForeignFlag {
  readonly name: string
  readonly short?: string
  readonly value?: string
  /** Nothing is lost without it; otherwise the build would not be what was asked for. */
  readonly harmless?: true
  /** Values with which it asks for nothing. */
  readonly idle?: readonly string[]
  /** A sentence: why, and what to use. */
  readonly answer: string
}

export const BUILD_FLAGS = [
  {
    name: 'tag',
    short: 't',
    value: 'NAME:TAG',
    many: true,
    help: 'Name of the image, with the registry that it goes to'
  },
  { name: 'push', help: 'Push the image; without, a build gives a digest and the image is kept nowhere' },
  {
    name: 'load',
    help: 'Give the image to the Docker daemon, which builds it; what --backend docker does without --push'
  },
  {
    name: 'file',
    short: 'f',
    value: 'PATH',
    suggest: 'file',
    help: 'The Dockerfile (default: Dockerfile in the context)'
  },
  { name: 'build-arg', value: 'KEY[=VALUE]', many: true, help: 'Value of an ARG; without =, that of the environment' },
  { name: 'label', value: 'KEY=VALUE', many: true, help: 'Label of the image' },
  { name: 'annotation', value: 'KEY=VALUE', many: true, help: 'Annotation of the manifest' },
  { name: 'target', value: 'STAGE', help: 'Stage of the Dockerfile that becomes the image' },
  { name: 'platform', value: 'OS/ARCH', many: true, help: 'Platform of the image: that of the builder' },
  {
    name: 'secret',
    value: 'id=ID[,src=PATH|,env=NAME]',
    many: true,
    help: 'Value for RUN --mount=type=secret, which is in no layer'
  },
  { name: 'no-cache', help: 'Use no layer that was kept' },
  { name: 'cache-repo', value: 'REPOSITORY', help: 'Keep layers in this repository, and look for them there' },
  { name: 'cache-ttl', value: 'DURATION', help: 'How long a layer is kept (default: 336h)' },
  { name: 'cache-from', value: 'type=registry,ref=REF', many: true, help: 'Docker’s word for --cache-repo' },
  { name: 'cache-to', value: 'type=registry,ref=REF', many: true, help: 'Docker’s word for --cache-repo' },
  {
    name: 'output',
    short: 'o',
    value: 'type=docker|oci,dest=PATH',
    many: true,
    help: 'Write the image into an archive; type=registry is --push'
  },
  { name: 'registry-mirror', value: 'HOST', many: true, help: 'Mirror of Docker Hub for base images' },
  { name: 'insecure-registry', value: 'HOST[:PORT]', many: true, help: 'Registry that speaks plain HTTP' },
  { name: 'push-retry', value: 'N', help: 'How often a push that failed is tried again (default: 3)' },
  { name: 'engine-arg', value: 'ARGUMENT', many: true, help: 'Further argument of the engine, Kaniko’s executor' },
  {
    name: 'backend',
    value: 'NAME',
    suggest: ['auto', 'broker', 'kubernetes', 'docker', 'local', 'via'],
    help: 'Who builds (default: auto, the first one that is there)'
  },
  {
    name: 'via',
    value: 'COMMAND',
    help: 'Build where this command leads, such as "ssh host" or "kubectl exec -i pod --"'
  },
  { name: 'namespace', value: 'NAME', help: 'Namespace of build pods (default: that of the kubeconfig)' },
  {
    name: 'connector',
    value: 'NAMESPACE/NAME',
    help: 'Push the tags of its registry through this OCI Connector, from a cluster'
  },
  { name: 'service-account', value: 'NAME', help: 'Account of the build pod, which may get the connector' },
  {
    name: 'kubeconfig',
    value: 'PATH',
    suggest: 'file',
    help: 'How to reach the cluster (default: the account of this pod, $KUBECONFIG, ~/.kube/config)'
  },
  {
    name: 'registry-auth',
    value: 'PATH',
    suggest: 'file',
    help: 'A config.json of docker, before all other credentials'
  },
  { name: 'timeout', value: 'DURATION', help: 'For the whole build (default: 60m)' },
  { name: 'quiet', short: 'q', help: 'Print the digest and nothing else' },
  {
    name: 'progress',
    value: 'MODE',
    suggest: ['auto', 'plain', 'tty', 'quiet'],
    help: 'How the build is shown (default: auto)'
  },
  { name: 'json', help: 'Print an event per line on standard output, as JSON' },
  { name: 'print', help: 'Print what would run, without credentials, and build nothing' },
  { name: 'metadata-file', value: 'PATH', suggest: 'file', help: 'Write docker’s JSON about the image' },
  {
    name: 'iidfile',
    value: 'PATH',
    suggest: 'file',
    help: 'Write the image’s id, or its digest where nobody tells the id'
  },
  { name: 'digest-file', value: 'PATH', suggest: 'file', help: 'Write the manifest’s digest' },
  { name: 'help', short: 'h', help: 'Show this help' }
] as const satisfies readonly Flag[]

/** Flags of `push`, in the words of those of `build`. */
export const PUSH_FLAGS: readonly Flag[] = (
  ['tag', 'insecure-registry', 'push-retry', 'registry-auth', 'timeout', 'quiet', 'digest-file', 'help'] as const
).flatMap(name => BUILD_FLAGS.find(flag => flag.name === name) ?? [])

const KANIKO_ALONE = 'Kaniko has no such thing'

/** The rest of `docker build`'s and `docker buildx build`'s flags. */
export const FOREIGN_FLAGS: readonly ForeignFlag[] = [
  {
    name: 'add-host',
    value: 'HOST:IP',
    answer: 'Kaniko builds with the names of its own container; give the address as a --build-arg.'
  },
  { name: 'allow', value: 'ENTITLEMENT', answer: `${KANIKO_ALONE}: a build has no privilege here.` },
  {
    name: 'attest',
    value: 'ATTESTATION',
    answer: 'Kaniko attests nothing; attest the digest afterwards, with cosign or actions/attest-build-provenance.'
  },
  {
    name: 'build-context',
    value: 'NAME=PATH',
    answer: 'Kaniko knows one context; copy the files into it, or name an image in COPY --from.'
  },
  {
    name: 'builder',
    value: 'NAME',
    harmless: true,
    answer: '--builder names a builder of buildx; --backend says who builds here.'
  },
  { name: 'call', value: 'METHOD', idle: ['build'], answer: 'Kaniko only builds; use a linter such as hadolint.' },
  { name: 'cgroup-parent', value: 'PARENT', answer: 'The container of the builder has its own limits.' },
  { name: 'check', answer: 'Kaniko only builds; use a linter such as hadolint.' },
  { name: 'compress', harmless: true, answer: '--compress changes nothing.' },
  {
    name: 'cpu-period',
    value: 'N',
    harmless: true,
    answer: '--cpu-period counts for nothing: the container of the builder has its own limits.'
  },
  {
    name: 'cpu-quota',
    value: 'N',
    harmless: true,
    answer: '--cpu-quota counts for nothing: the container of the builder has its own limits.'
  },
  {
    name: 'cpu-shares',
    short: 'c',
    value: 'N',
    harmless: true,
    answer: '--cpu-shares counts for nothing: the container of the builder has its own limits.'
  },
  {
    name: 'cpuset-cpus',
    value: 'CPUS',
    harmless: true,
    answer: '--cpuset-cpus counts for nothing: the container of the builder has its own limits.'
  },
  {
    name: 'cpuset-mems',
    value: 'NODES',
    harmless: true,
    answer: '--cpuset-mems counts for nothing: the container of the builder has its own limits.'
  },
  { name: 'debug', short: 'D', harmless: true, answer: '--debug changes nothing.' },
  { name: 'detach', answer: 'kbuild waits for its build; run it in the background of your shell.' },
  {
    name: 'disable-content-trust',
    harmless: true,
    answer: '--disable-content-trust changes nothing: nothing is signed here.'
  },
  { name: 'force-rm', harmless: true, answer: '--force-rm changes nothing: there are no intermediate containers.' },
  { name: 'isolation', value: 'TECHNOLOGY', idle: ['default'], answer: '--isolation is for Windows.' },
  {
    name: 'memory',
    short: 'm',
    value: 'BYTES',
    harmless: true,
    answer: '--memory counts for nothing: the container of the builder has its own limits.'
  },
  {
    name: 'memory-swap',
    value: 'BYTES',
    harmless: true,
    answer: '--memory-swap counts for nothing: the container of the builder has its own limits.'
  },
  {
    name: 'network',
    value: 'MODE',
    idle: ['default'],
    answer: 'RUN has the network of the builder’s container, and no other.'
  },
  { name: 'no-cache-filter', value: 'STAGE', answer: 'Kaniko keeps layers of all stages or of none; use --no-cache.' },
  { name: 'policy', value: 'POLICY', answer: 'Policies are BuildKit’s; check the Dockerfile before the build.' },
  {
    name: 'provenance',
    value: 'MODE',
    idle: ['false'],
    answer: 'Kaniko writes no provenance; use actions/attest-build-provenance with the digest.'
  },
  { name: 'pull', harmless: true, answer: '--pull is what happens anyway: base images are asked for in each build.' },
  { name: 'rm', harmless: true, answer: '--rm changes nothing: there are no intermediate containers.' },
  { name: 'sbom', value: 'MODE', idle: ['false'], answer: 'Kaniko writes no SBOM; use syft with the pushed digest.' },
  { name: 'security-opt', value: 'OPTION', answer: 'The container of the builder has its own options.' },
  { name: 'shm-size', value: 'BYTES', answer: 'RUN has the /dev/shm of the builder’s container.' },
  { name: 'squash', answer: 'Squashing is gone from Docker too; use a last stage that copies the files.' },
  { name: 'ssh', value: 'ID', answer: 'Kaniko forwards no agent; give a deploy key as a --secret.' },
  { name: 'stream', harmless: true, answer: '--stream changes nothing.' },
  { name: 'ulimit', value: 'LIMIT', answer: 'RUN has the limits of the builder’s container.' }
]

export type BuildFlagName = (typeof BUILD_FLAGS)[number]['name']
