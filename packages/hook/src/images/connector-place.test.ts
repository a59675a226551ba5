import { rootCertificates } from 'node:tls'

import { KubeError } from '@kaniko-hooks/kube'
import { expect, test } from '@jest/globals'

import type { Call } from '../call.js'
import type { ConnectorPlaceSettings } from '../settings/schema.js'
import { connectorPlace } from './connector-place.js'

const HANDLE = '0123456789ab-01234567'
const SETTINGS: ConnectorPlaceSettings = {
  name: 'ci/harbor',
  repository: 'acme/actions',
  serviceAccount: 'images',
  proxy: 'reverse',
  pushAddress: 'https://images.example.com/namespaces/ci/connectors/harbor',
  configuration: 'registry-config',
  attributes: 'connector.name'
}

/** A call in a namespace with this Secret of authorities. */
function callWith(secrets: Readonly<Record<string, string>>): Call {
  return {
    kube: {
      namespace: 'runners',
      get: (_: 'secrets', name: string) =>
        secrets[name] === undefined
          ? Promise.reject(new KubeError('NOT_FOUND', `secrets "${name}" not found`))
          : Promise.resolve({ data: { 'ca.crt': Buffer.from(secrets[name]).toString('base64') } }),
      requestToken: () => Promise.resolve('a.token')
    },
    settings: { kaniko: { timeoutSeconds: 1800 } },
    secrets: new Set<string>(),
    cancelled: new AbortController().signal
  } as unknown as Call
}

const ca = { secret: 'authority', key: 'ca.crt' }

test('a proxy behind an ingress with TLS is pushed to with the authority of its certificate, and pulled from', async () => {
  const { destination } = await connectorPlace(callWith({ authority: rootCertificates[0] ?? '' }), { ...SETTINGS, ca })
  const repository = 'images.example.com/namespaces/ci/connectors/harbor/acme/actions'
  expect(destination.target(HANDLE)).toMatchObject({
    pushRef: `${repository}:${HANDLE}`,
    insecureRegistries: [],
    certificate: ca
  })
  expect(destination.pullRef('sha256:0')).toBe(`${repository}@sha256:0`)
})

test('a Secret with the authority that is not there is told', async () => {
  const opening = connectorPlace(callWith({}), { ...SETTINGS, ca })
  await expect(opening).rejects.toThrow(/The Secret authority in namespace runners, which .* does not exist/)
})

test('a token for the push outlasts the shortest build too: the API server gives none for less than ten minutes', async () => {
  const short = callWith({})
  short.settings.kaniko.timeoutSeconds = 60
  const { destination } = await connectorPlace(short, SETTINGS)
  expect(destination.target(HANDLE).access?.volumes[0]?.csi?.volumeAttributes).toMatchObject({
    'token.expiration': '10m'
  })
})
