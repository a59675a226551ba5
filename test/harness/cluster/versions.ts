/** A Go program. Its module in `go/` pins what it links by `go.mod` and `go.sum`. */
export interface GoProgram {
  readonly name: string
  /** Its directory in `go/`; several programs may be of one. */
  readonly module: string
  readonly version: string
  /** The package that is built, from within the module. */
  readonly main: string
  readonly ldflags: string
  /** Names that the program is called by, beside its own. */
  readonly aliases: readonly string[]
}

const KUBERNETES = '1.35.0'
export const KANIKO = '1.25.5'
const DISTRIBUTION = '3.1.1'
export const BUILDKIT = '0.26.1'

/** The programs of the cluster, in the order of building: Kubernetes is the long pole. */
export const GO_PROGRAMS: readonly GoProgram[] = [
  {
    name: 'kube',
    module: 'kube',
    version: KUBERNETES,
    main: '.',
    ldflags: [
      '-s -w',
      `-X k8s.io/component-base/version.gitVersion=v${KUBERNETES}`,
      '-X k8s.io/component-base/version.gitMajor=1',
      '-X k8s.io/component-base/version.gitMinor=35'
    ].join(' '),
    aliases: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl']
  },
  {
    name: 'kaniko',
    module: 'kaniko',
    version: KANIKO,
    main: 'github.com/chainguard-dev/kaniko/cmd/executor',
    ldflags: `-s -w -X github.com/chainguard-dev/kaniko/pkg/version.version=v${KANIKO}`,
    aliases: []
  },
  { name: 'coredns', module: 'coredns', version: '1.12.4', main: '.', ldflags: '-s -w', aliases: [] },
  {
    name: 'crane',
    module: 'crane',
    version: '0.22.1',
    main: 'github.com/google/go-containerregistry/cmd/crane',
    ldflags: '-s -w',
    aliases: []
  },
  {
    name: 'distribution',
    module: 'distribution',
    version: DISTRIBUTION,
    main: '.',
    ldflags: `-s -w -X github.com/distribution/distribution/v3/version.version=v${DISTRIBUTION}`,
    aliases: []
  },
  { name: 'connector', module: 'connector', version: '1', main: '.', ldflags: '-s -w', aliases: [] },
  { name: 'pause', module: 'pause', version: '1', main: '.', ldflags: '-s -w', aliases: [] }
]

/** Programs of images that a single test wants: bringing a cluster up does not wait for them. */
export const FURTHER_PROGRAMS: readonly GoProgram[] = ['buildkitd', 'buildctl'].map(name => ({
  name,
  module: 'buildkit',
  version: BUILDKIT,
  main: `github.com/moby/buildkit/cmd/${name}`,
  ldflags: `-s -w -X github.com/moby/buildkit/version.Version=v${BUILDKIT}`,
  aliases: []
}))

/** Debian packages, each with a file that shows that it is there: asking dpkg for each costs more than looking. */
export const DEBIAN_PACKAGES: Readonly<Record<string, string>> = {
  'busybox-static': '/bin/busybox',
  'ca-certificates': '/etc/ssl/certs/ca-certificates.crt',
  conntrack: '/usr/sbin/conntrack',
  containerd: '/usr/bin/containerd',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  debootstrap: '/usr/sbin/debootstrap',
  'docker-registry': '/usr/bin/docker-registry',
  'etcd-server': '/usr/bin/etcd',
  iproute2: '/sbin/ip',
  ipset: '/sbin/ipset',
  iptables: '/usr/sbin/iptables',
  openssl: '/usr/bin/openssl',
  runc: '/usr/sbin/runc',
  skopeo: '/usr/bin/skopeo'
}
