import type { Layout, ProcessSpec } from './layout.js'

/** containerd as the kubelet's runtime. */
export function containerd(layout: Layout): ProcessSpec {
  return {
    name: 'containerd',
    command: '/usr/bin/containerd',
    args: ['--config', layout.at('config', 'containerd.toml')]
  }
}

/** containerd on the same store without Kubernetes' interface: to bring the store into order before pods meet it. */
export function imageStore(layout: Layout): ProcessSpec {
  return { name: 'image-store', command: '/usr/bin/containerd', args: ['--config', layout.at('config', 'store.toml')] }
}

/** Where containerd listens. */
export function socketOf({ at }: Pick<Layout, 'at'>): string {
  return at('run', 'containerd.sock')
}

/** Where containerd looks for the certificates of registries, at each pull. */
export function registryCertificates({ at }: Layout): string {
  return at('config', 'registries')
}

/** Arguments of `ctr` for the images and containers of Kubernetes. */
export function ctrArguments(layout: Pick<Layout, 'at'>, ...args: string[]): string[] {
  return ['--address', socketOf(layout), '--namespace', 'k8s.io', ...args]
}

/** The configuration of {@link imageStore}. */
export function imageStoreConfig(layout: Layout): string {
  return common(layout, ['io.containerd.grpc.v1.cri'])
}

/** The configuration of {@link containerd}. */
export function containerdConfig(layout: Layout, sandboxImage: string): string {
  const { at } = layout
  return `${common(layout, [])}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImage}"
  # Without CAP_SYS_RESOURCE no process may lower its score, and every sandbox would fail.
  restrict_oom_score_adj = true
  # Else they are in /run/netns, among those of others.
  netns_mounts_under_state_dir = true
  tolerate_missing_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${at('config', 'cni')}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${registryCertificates(layout)}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "/usr/sbin/runc"
        Root = "${at('run', 'runc')}"
        SystemdCgroup = false
`
}

function common(layout: Layout, disabled: readonly string[]): string {
  const { at } = layout
  const unused = ['aufs', 'btrfs', 'devmapper', 'zfs'].map(name => `io.containerd.snapshotter.v1.${name}`)
  return `version = 2
root = "${at('containerd')}"
state = "${at('run', 'containerd')}"
disabled_plugins = ${JSON.stringify([...unused, ...disabled])}
[grpc]
  address = "${socketOf(layout)}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${at('run', 'opt')}"
`
}
