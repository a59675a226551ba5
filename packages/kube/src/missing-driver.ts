import type { V1Pod } from '@kubernetes/client-node'

/** The kubelet's words: no driver has registered with it, or the cluster has no object for the driver. */
const MISSING =
  /driver name (\S+) not found in the list of registered CSI drivers|not supported by driver (\S+) \(no CSIDriver object\)/

/** The CSI driver that a node has not got, by what the kubelet says of a volume that it could not mount. */
export function missingDriver(said: string): string | undefined {
  const [, unregistered, unknown] = MISSING.exec(said) ?? []
  return unregistered ?? unknown
}

/** What to do about it, as the end of a sentence. */
export function driverAdvice(pod: V1Pod, driver: string): string {
  const node = pod.spec?.nodeName
  const where = node === undefined ? 'its node' : `node ${node}`
  return (
    `the CSI driver ${driver} is not installed, or its pod does not run on ${where}; ` +
    'whoever runs the cluster has to install it, or to let its DaemonSet onto that node.'
  )
}
