import { socketOf } from './containerd.js'
import { CGROUP, DNS_SERVICE, NODE_NAME, POD_CIDR, type Layout, type ProcessSpec } from './layout.js'

/** The kubelet. */
export function kubelet({ at, nodeIp, program }: Layout): ProcessSpec {
  return {
    name: 'kubelet',
    command: program('kubelet'),
    args: [
      `--config=${at('config', 'kubelet.json')}`,
      `--kubeconfig=${at('pki', 'kubelet.kubeconfig')}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${nodeIp}`,
      `--root-dir=${at('kubelet')}`,
      `--cert-dir=${at('pki')}`
    ]
  }
}

/** The kubelet's settings: what this kind of machine needs, and defaults otherwise. */
export function kubeletConfig(layout: Layout): object {
  const { at, resolvConf } = layout
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${socketOf(layout)}`,
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: at('pki', 'ca.crt') } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: at('pki', 'kubelet-server.crt'),
    tlsPrivateKeyFile: at('pki', 'kubelet-server.key'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: CGROUP,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [DNS_SERVICE],
    clusterDomain: 'cluster.local',
    resolvConf,
    maxPods: 110,
    // A test machine's disk is often nearly full, and no image here can be fetched again.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    oomScoreAdj: 0,
    podLogsDir: at('pod-logs'),
    volumePluginDir: at('kubelet', 'volume-plugins')
  }
}

/** kube-proxy. */
export function kubeProxy({ at, program }: Layout): ProcessSpec {
  return { name: 'kube-proxy', command: program('kube-proxy'), args: [`--config=${at('config', 'kube-proxy.json')}`] }
}

/** kube-proxy's settings: of its modes only iptables serves node ports on localhost. */
export function kubeProxyConfig({ at }: Layout): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: at('pki', 'kube-proxy.kubeconfig') },
    clusterCIDR: POD_CIDR,
    hostnameOverride: NODE_NAME,
    mode: 'iptables',
    // The machine's own connection tracking stays as it is.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    oomScoreAdj: 0
  }
}
