/** Where a status says that the proxy is: a node port, the service (since 1.1), its host alone (1.0), or nowhere. */
export type AddressForm = 'exposed' | 'unexposed' | 'host' | 'none'

/** Why a connector is not ready, in the vendor's words where they are documented. */
export type NotReady =
  'ConnectorClassNotFound' | 'SecretNotFound' | 'ConnectionFailed' | 'AuthenticationFailed' | 'ProxyServiceNotFound'

const FAILURES: Readonly<Record<NotReady, { readonly type: string; readonly message: string }>> = {
  ConnectorClassNotFound: {
    type: 'ConnectorClassReady',
    message: 'connectorclasses.connectors.alauda.io "oci" not found'
  },
  SecretNotFound: { type: 'SecretReady', message: 'the Secret of the connector was not found' },
  ConnectionFailed: { type: 'LivenessReady', message: 'the address does not answer' },
  AuthenticationFailed: { type: 'AuthReady', message: 'Authentication failed: status code 401' },
  ProxyServiceNotFound: {
    type: 'ProxyServiceReady',
    message: 'Service connectors-proxy-service not found in namespace connectors-system'
  }
}

const TYPES = ['ConnectorClassReady', 'SecretReady', 'LivenessReady', 'AuthReady', 'ProxyServiceReady']

export interface ConnectorStatus {
  readonly conditions: readonly {
    readonly type: string
    readonly status: 'True' | 'False'
    readonly reason: string
    readonly message: string
    readonly lastTransitionTime: string
  }[]
  readonly proxy: { readonly httpAddress: { readonly url: string } } | null
}

/** The status that the vendor's controller would write. */
export function statusOf(url: string | undefined, notReady?: NotReady): ConnectorStatus {
  const failure = notReady === undefined ? undefined : FAILURES[notReady]
  const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`
  const condition = (type: string, isGood: boolean, good: string) => ({
    type,
    status: isGood ? ('True' as const) : ('False' as const),
    reason: isGood ? good : (notReady ?? ''),
    message: isGood ? '' : (failure?.message ?? ''),
    lastTransitionTime
  })
  return {
    conditions: [
      ...TYPES.map(type =>
        condition(
          type,
          type !== failure?.type,
          type === 'ProxyServiceReady' && url === undefined ? 'NonProxy' : 'Ready'
        )
      ),
      condition('Ready', failure === undefined, 'Ready')
    ],
    proxy: url === undefined ? null : { httpAddress: { url } }
  }
}
