import { describe, expect, test } from '@jest/globals'
import type { PushAccess } from './destination.js'
import { credentialOf, withOrigin } from './refusal.js'

const SECRET: PushAccess = { kind: 'docker-config', secret: 'ci-push' }

const FORWARD: PushAccess = {
  kind: 'connector',
  volume: { namespace: 'ci', name: 'harbor', attributes: 'connectors', tokenSeconds: 2100, serviceAccount: 'b' },
  proxy: { forward: 'https://harbor.example.com only' }
}

const ITS_ORIGIN =
  '; its credential is from service account b, which needs get on the connector ci/harbor; a token for the push is good for ' +
  "35 minutes from the start of the build pod; the connector gives the registry's password for https://harbor.example.com only"

test.each([
  ['PUT https://r.example/v2/a/manifests/h: DENIED: no right', true],
  ['push to a: r.example answered 401 (to the user "x")', true],
  ['unexpected status code 403 Forbidden', true],
  ['POST https://r.example/v2/a/blobs/uploads/: DENIED: Forbidden', true],
  ['POST https://r.example/v2/a/blobs/uploads/: UNAVAILABLE: Service Unavailable', false],
  // A registry that fetches from another one, and quotes what it was told.
  ['GET https://r.example/v2/a/manifests/1: UNKNOWN: Get "https://s.example/v2/": Bad Gateway', false],
  ['r.example answered 429 TOOMANYREQUESTS', false],
  ['EOF', false]
])('%s: the Secret is named: %s', (why, isNamed) => {
  expect(withOrigin(why, credentialOf(SECRET))).toBe(
    isNamed ? `${why}; its credential is from the Secret ci-push` : why
  )
  expect(withOrigin(why, undefined)).toBe(why)
})

describe('a proxy on the way is not the registry', () => {
  const PROXY_SAID = [
    'Get "https://r.example/v2/": Proxy Authentication Required',
    'Get "https://r.example/v2/": Forbidden',
    'Get "https://r.example/v2/": Forbidden; GET http://r.example/v2/: unexpected status code 403 Forbidden',
    'Get "https://r.example/v2/": Bad Gateway',
    'GET http://r.example/v2/: unexpected status code 407 Proxy Authentication Required'
  ]

  test.each(PROXY_SAID)('that of the settings has nothing to do with the Secret: %s', why => {
    for (const access of [undefined, SECRET]) {
      expect(withOrigin(why, credentialOf(access))).toBe(`the proxy said: ${why}; see the setting proxy`)
    }
  })

  test.each([
    [PROXY_SAID[0], 'the proxy does not take the credential: ', ITS_ORIGIN],
    [PROXY_SAID[1], 'the proxy said: ', ITS_ORIGIN],
    [PROXY_SAID[2], 'the proxy said: ', ITS_ORIGIN],
    [PROXY_SAID[3], 'the proxy said: ', ''],
    [PROXY_SAID[4], 'the proxy does not take the credential: ', ITS_ORIGIN]
  ])('that of a connector was shown its credential: %s', (why = '', beginning, end) => {
    expect(withOrigin(why, credentialOf(FORWARD))).toBe(`${beginning}${why}${end}`)
  })
})
