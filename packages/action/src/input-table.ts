/** An input of the action: what `action.yml` says of it, and what becomes of it here. */
export interface Input {
  readonly name: string
  /** One sentence or two, for action.yml and for docs/action.md. */
  readonly description: string
  readonly default?: string
  /** Says why the input changes nothing here. It is a notice when somebody sets it to anything but these values. */
  readonly ignored?: { readonly unless: readonly string[]; readonly because: string }
  /** Says what to write instead. The action fails when somebody sets the input to anything but these values. */
  readonly refused?: { readonly unless: readonly string[]; readonly instead: string }
}

const NEVER: readonly string[] = ['']
const UNLESS_FALSE: readonly string[] = ['', 'false', 'False', 'FALSE']

const ATTEST = 'sign the outputs `subject-name` and `digest` with actions/attest-build-provenance'

/**
 * All inputs. First those of docker/build-push-action, with their names and meanings, then those of docker/login-action, then ours.
 * `npx tsx scripts/action-manifest.ts` writes them into action.yml and into docs/action.md.
 *
 * @see https://github.com/docker/build-push-action/blob/master/action.yml
 * @see https://github.com/docker/login-action/blob/master/action.yml
 */
export const INPUTS = [
  {
    name: 'context',
    description:
      'Directory, tar archive (plain or gzip), or Git URL such as https://host/repository.git#ref:directory.',
    default: '.'
  },
  { name: 'file', description: 'Path of the Dockerfile. Default: Dockerfile in the context.' },
  { name: 'tags', description: 'Whole image references, one per line or separated by commas.' },
  {
    name: 'push',
    description: 'true, false, or auto: push unless the run belongs to a pull request from a fork.',
    default: 'false'
  },
  {
    name: 'build-args',
    description: 'KEY=VALUE, one per line; KEY alone takes the value of the environment. No secrets.'
  },
  { name: 'labels', description: 'KEY=VALUE, one per line.' },
  {
    name: 'annotations',
    description: 'KEY=VALUE of the manifest, one per line; a prefix manifest: is allowed.'
  },
  { name: 'target', description: 'Stage of the Dockerfile to build.' },
  { name: 'platforms', description: 'One platform, such as linux/amd64. Default: that of the builder.' },
  { name: 'no-cache', description: 'Neither read nor write a layer cache.', default: 'false' },
  {
    name: 'cache-from',
    description: 'type=registry,ref=… or an image reference: where layers are looked for and kept.'
  },
  { name: 'cache-to', description: 'type=registry,ref=… of the same repository as cache-from.' },
  { name: 'secrets', description: 'ID=VALUE, one per line, for RUN --mount=type=secret; longer values in quotes.' },
  { name: 'secret-envs', description: 'ID=VARIABLE, one per line: the value is that of an environment variable.' },
  { name: 'secret-files', description: 'ID=PATH, one per line: the value is the content of a file.' },
  {
    name: 'outputs',
    description: 'type=registry, type=image,push=true, type=docker,dest=PATH or type=oci,dest=PATH, one per line.'
  },
  {
    name: 'load',
    description: 'Load the image into the Docker daemon that builds it; the backend docker alone.',
    default: 'false'
  },
  {
    name: 'pull',
    description: 'Ask the registry for newer base images.',
    default: 'false',
    ignored: { unless: UNLESS_FALSE, because: 'base images are always fetched from their registry' }
  },
  {
    name: 'builder',
    description: 'A builder of buildx.',
    ignored: { unless: NEVER, because: 'no builder of buildx is used; `backend` and `engine` say what builds' }
  },
  {
    name: 'github-token',
    description: 'Token for Git contexts.',
    ignored: { unless: NEVER, because: 'no token is sent to Git; check the repository out with actions/checkout' }
  },
  {
    name: 'add-hosts',
    description: 'Names and addresses for RUN.',
    refused: {
      unless: NEVER,
      instead: 'give the name in DNS, or write it into /etc/hosts in the RUN line that needs it'
    }
  },
  {
    name: 'allow',
    description: 'Privileges for RUN.',
    refused: { unless: NEVER, instead: 'builds here have no privilege to give; leave it out' }
  },
  {
    name: 'attests',
    description: 'Attestations of BuildKit.',
    refused: { unless: NEVER, instead: ATTEST }
  },
  {
    name: 'build-contexts',
    description: 'Further contexts by name.',
    refused: { unless: NEVER, instead: 'put the files below `context`, or use COPY --from with an image' }
  },
  {
    name: 'call',
    description: 'How BuildKit treats the Dockerfile.',
    refused: { unless: ['', 'build'], instead: 'only builds are possible here; check Dockerfiles with hadolint' }
  },
  {
    name: 'cgroup-parent',
    description: 'The cgroup of RUN.',
    refused: { unless: NEVER, instead: 'limit the build with `resources`' }
  },
  {
    name: 'network',
    description: 'The network of RUN.',
    refused: { unless: ['', 'default'], instead: 'RUN has the network of the build; leave it out' }
  },
  {
    name: 'no-cache-filters',
    description: 'Stages without cache.',
    refused: { unless: NEVER, instead: 'write `no-cache: true`, which leaves the cache out for all stages' }
  },
  {
    name: 'provenance',
    description: 'Provenance of BuildKit.',
    refused: { unless: UNLESS_FALSE, instead: ATTEST }
  },
  {
    name: 'sbom',
    description: 'List of packages of BuildKit.',
    refused: {
      unless: UNLESS_FALSE,
      instead: 'make it of the pushed image, with anchore/sbom-action and the output `image`'
    }
  },
  {
    name: 'shm-size',
    description: 'The size of /dev/shm for RUN.',
    refused: { unless: NEVER, instead: 'limit the build with `resources`; /dev/shm is that of the pod' }
  },
  {
    name: 'ssh',
    description: 'SSH agents and keys for RUN.',
    refused: { unless: NEVER, instead: 'give the key as one of `secrets`, and use it in RUN --mount=type=secret' }
  },
  {
    name: 'ulimit',
    description: 'Limits of RUN.',
    refused: { unless: NEVER, instead: 'call ulimit in the RUN line that needs it' }
  },
  { name: 'registry', description: 'Host of the registry that username and password are for. Default: docker.io.' },
  { name: 'username', description: 'User name for the registry.' },
  { name: 'password', description: 'Password or token for the registry.' },
  {
    name: 'ecr',
    description: 'Exchange keys of AWS for a login.',
    default: 'auto',
    refused: {
      unless: ['', 'auto', 'false', 'False', 'FALSE'],
      instead: 'give AWS as `username`, and what `aws ecr get-login-password` prints as `password`'
    }
  },
  {
    name: 'scope',
    description: 'What the login is for within its registry.',
    refused: { unless: NEVER, instead: 'leave it out; a token is asked for with the scope of the push alone' }
  },
  { name: 'registry-auth', description: 'Several logins: a YAML list of registry, username and password.' },
  {
    name: 'logout',
    description:
      "true keeps the logins of this step in no file; false keeps them in docker's config.json, for later steps of the job.",
    default: 'true'
  },
  {
    name: 'cache',
    description: 'true, false, or auto: a layer cache if a repository for layers is known.',
    default: 'auto'
  },
  {
    name: 'cache-repository',
    description: 'Repository of cached layers. Default with cache: true: the repository of the first tag with /cache.'
  },
  { name: 'cache-ttl', description: 'How long a cached layer is used, such as 336h.', default: '336h' },
  { name: 'engine', description: 'What builds: kaniko.', default: 'kaniko' },
  {
    name: 'engine-args',
    description: 'Further arguments of the engine, one per line, never through a shell.'
  },
  { name: 'registry-mirrors', description: 'Mirrors of Docker Hub, one per line.' },
  {
    name: 'insecure-registries',
    description:
      'Registries, as host or host:port, that speak plain HTTP; one per line. For localhost and private addresses Kaniko tries that by itself.'
  },
  { name: 'push-retry', description: 'How often a push that failed is tried again, 0 to 10.', default: '3' },
  {
    name: 'backend',
    description: 'Where it runs: auto, broker, kubernetes, docker or local.',
    default: 'auto'
  },
  { name: 'kubeconfig', description: 'Path or content of a kubeconfig, for backend kubernetes.' },
  { name: 'namespace', description: 'Namespace of the build pod, for backend kubernetes.' },
  {
    name: 'connector',
    description:
      'An OCI Connector that the image is pushed through, as NAMESPACE/NAME or as a name in the namespace of the build pod; for backend kubernetes.'
  },
  {
    name: 'service-account',
    description: 'Account of the build pod, which may get the connector; needed with connector.'
  },
  { name: 'resources', description: 'Limits of the build, such as cpu=2,memory=4Gi,ephemeral-storage=20Gi.' },
  { name: 'node-selector', description: 'Labels of nodes for the build pod: KEY=VALUE, by comma or line.' },
  { name: 'timeout', description: 'How long the build may take in all, such as 45m.', default: '60m' },
  { name: 'summary', description: 'Write a summary of the job.', default: 'true' }
] as const satisfies readonly Input[]

export type InputName = (typeof INPUTS)[number]['name']

/** The action's outputs, all set after a good end and none otherwise. */
export const OUTPUTS = [
  { name: 'digest', description: "Digest of the image's manifest, sha256:…, with and without a push." },
  { name: 'imageid', description: "Digest of the image's configuration; empty where nobody can tell." },
  {
    name: 'metadata',
    description: 'JSON with containerimage.digest, containerimage.config.digest and image.name, as BuildKit writes it.'
  },
  { name: 'image', description: 'Repository of the first tag, with @digest.' },
  { name: 'tags', description: 'The references that were pushed, one per line.' },
  { name: 'subject-name', description: 'Repository of the first tag, for actions/attest-build-provenance.' },
  { name: 'build-id', description: 'Names the build where it ran, such as a pod.' },
  { name: 'backend', description: 'Where it ran.' }
] as const
