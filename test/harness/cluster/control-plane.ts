import {
  API_PORT,
  ETCD_PEER_PORT,
  ETCD_PORT,
  NODE_NAME,
  POD_CIDR,
  SERVICE_CIDR,
  type Layout,
  type ProcessSpec
} from './layout.js'

/** etcd without fsync: what it holds does not outlive the cluster. */
export function etcd({ at }: Layout): ProcessSpec {
  const client = `http://127.0.0.1:${ETCD_PORT}`
  const peer = `http://127.0.0.1:${ETCD_PEER_PORT}`
  return {
    name: 'etcd',
    command: '/usr/bin/etcd',
    args: [
      `--name=${NODE_NAME}`,
      `--data-dir=${at('etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${NODE_NAME}=${peer}`,
      '--unsafe-no-fsync'
    ]
  }
}

/** The API server, on all addresses: tests reach it through proxies on the pods' gateway. */
export function apiServer({ at, nodeIp, program }: Layout): ProcessSpec {
  return {
    name: 'kube-apiserver',
    command: program('kube-apiserver'),
    args: [
      `--etcd-servers=http://127.0.0.1:${ETCD_PORT}`,
      `--advertise-address=${nodeIp}`,
      `--secure-port=${API_PORT}`,
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      `--tls-cert-file=${at('pki', 'apiserver.crt')}`,
      `--tls-private-key-file=${at('pki', 'apiserver.key')}`,
      `--client-ca-file=${at('pki', 'ca.crt')}`,
      `--kubelet-certificate-authority=${at('pki', 'ca.crt')}`,
      `--kubelet-client-certificate=${at('pki', 'kubelet-client.crt')}`,
      `--kubelet-client-key=${at('pki', 'kubelet-client.key')}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${at('pki', 'service-account.key')}`,
      `--service-account-signing-key-file=${at('pki', 'service-account.key')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      // docker-in-docker is what some tests compare with.
      '--allow-privileged=true',
      `--audit-policy-file=${at('config', 'audit.yaml')}`,
      `--audit-log-path=${at('logs', 'audit.log')}`,
      '--audit-log-maxsize=50',
      '--audit-log-maxbackup=1',
      '--shutdown-delay-duration=0s',
      '--profiling=false'
    ]
  }
}

/** Notes who asked for what, so that tests can count requests; the cluster's own parts are left out. */
export const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: [system:apiserver, system:kube-controller-manager, system:kube-scheduler, system:kube-proxy]
  - level: None
    userGroups: [system:nodes, system:serviceaccounts:kube-system, system:unauthenticated]
  - level: None
    nonResourceURLs: ["/*"]
  - level: Metadata
`

/** The controllers, each under its own service account: without them namespaces never get `kube-root-ca.crt`. */
export function controllerManager({ at, program }: Layout): ProcessSpec {
  return {
    name: 'kube-controller-manager',
    command: program('kube-controller-manager'),
    args: [
      `--kubeconfig=${at('pki', 'controller-manager.kubeconfig')}`,
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${at('pki', 'service-account.key')}`,
      `--root-ca-file=${at('pki', 'ca.crt')}`,
      `--cluster-cidr=${POD_CIDR}`,
      '--bind-address=127.0.0.1',
      '--leader-elect=false',
      // At the default of 20 requests a second the controllers take five seconds to start.
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      '--profiling=false'
    ]
  }
}

/** The scheduler. */
export function scheduler({ at, program }: Layout): ProcessSpec {
  return {
    name: 'kube-scheduler',
    command: program('kube-scheduler'),
    args: [
      `--kubeconfig=${at('pki', 'scheduler.kubeconfig')}`,
      '--bind-address=127.0.0.1',
      '--leader-elect=false',
      '--profiling=false'
    ]
  }
}
