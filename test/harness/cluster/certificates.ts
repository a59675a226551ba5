import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { API_PORT, GATEWAY, KUBERNETES_SERVICE, NODE_NAME, type Layout } from './layout.js'
import { run } from './run.js'

interface Identity {
  readonly file: string
  readonly subject: string
  /** Names and addresses of a server; a client has none. */
  readonly names?: readonly string[]
  /** Name of a kubeconfig file that is written for it. */
  readonly kubeconfig?: string
}

/** The address that everything on this machine uses. */
export const SERVER = `https://127.0.0.1:${API_PORT}`

/** Who talks to whom in the cluster. */
export function identities(nodeIp: string): readonly Identity[] {
  return [
    {
      file: 'apiserver',
      subject: '/CN=kube-apiserver',
      names: [
        'DNS:localhost',
        `DNS:${NODE_NAME}`,
        'DNS:kubernetes',
        'DNS:kubernetes.default',
        'DNS:kubernetes.default.svc',
        'DNS:kubernetes.default.svc.cluster.local',
        'IP:127.0.0.1',
        `IP:${nodeIp}`,
        // Fault tests put a proxy on the pods' gateway in front of the API server.
        `IP:${GATEWAY}`,
        `IP:${KUBERNETES_SERVICE}`
      ]
    },
    {
      file: 'kubelet-server',
      subject: `/O=system:nodes/CN=system:node:${NODE_NAME}`,
      names: [`DNS:${NODE_NAME}`, `IP:${nodeIp}`, 'IP:127.0.0.1']
    },
    // For exec and logs: the API server is the kubelet's client.
    { file: 'kubelet-client', subject: '/O=system:masters/CN=kube-apiserver-kubelet-client' },
    { file: 'admin', subject: '/O=system:masters/CN=admin', kubeconfig: 'admin' },
    {
      file: 'controller-manager',
      subject: '/CN=system:kube-controller-manager',
      kubeconfig: 'controller-manager'
    },
    { file: 'scheduler', subject: '/CN=system:kube-scheduler', kubeconfig: 'scheduler' },
    { file: 'kube-proxy', subject: '/CN=system:kube-proxy', kubeconfig: 'kube-proxy' },
    { file: 'kubelet', subject: `/O=system:nodes/CN=system:node:${NODE_NAME}`, kubeconfig: 'kubelet' }
  ]
}

/** Makes the authority, all certificates and the kubeconfig files below `pki`. */
export async function makeCertificates({ at, nodeIp }: Layout): Promise<void> {
  const pki = at('pki')
  mkdirSync(pki, { recursive: true, mode: 0o700 })
  await issue(pki, 'ca', '/CN=kaniko-hooks-test-cluster', ['basicConstraints=critical,CA:TRUE'])
  await Promise.all(
    identities(nodeIp).map(async ({ file, subject, names, kubeconfig }) => {
      const extensions = [
        'basicConstraints=critical,CA:FALSE',
        `extendedKeyUsage=${names === undefined ? 'clientAuth' : 'serverAuth'}`,
        ...(names === undefined ? [] : [`subjectAltName=${names.join(',')}`])
      ]
      await issue(pki, file, subject, extensions, 'ca')
      if (kubeconfig !== undefined) writeKubeconfig(pki, file, join(pki, `${kubeconfig}.kubeconfig`))
    })
  )
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(pki, 'service-account.key'), privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 })
}

/** Writes `<file>.crt` and `<file>.key` into a directory; without an authority of that directory it signs itself. */
export async function issue(
  pki: string,
  file: string,
  subject: string,
  extensions: readonly string[],
  authority?: string
): Promise<void> {
  const at = (name: string): string => join(pki, name)
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650'],
    ...['-subj', subject, '-keyout', at(`${file}.key`), '-out', at(`${file}.crt`)],
    ...(authority === undefined ? [] : ['-CA', at(`${authority}.crt`), '-CAkey', at(`${authority}.key`)]),
    ...extensions.flatMap(extension => ['-addext', extension])
  ])
}

/** JSON is YAML too: every client reads it. The certificates lie in it, so that the file can be copied. */
function writeKubeconfig(pki: string, file: string, to: string): void {
  const data = (name: string): string => readFileSync(join(pki, name)).toString('base64')
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NODE_NAME, cluster: { server: SERVER, 'certificate-authority-data': data('ca.crt') } }],
    users: [
      {
        name: file,
        user: { 'client-certificate-data': data(`${file}.crt`), 'client-key-data': data(`${file}.key`) }
      }
    ],
    contexts: [{ name: NODE_NAME, context: { cluster: NODE_NAME, user: file, namespace: 'default' } }],
    'current-context': NODE_NAME
  }
  writeFileSync(to, `${JSON.stringify(kubeconfig, undefined, 2)}\n`, { mode: 0o600 })
}
