import { expect, test } from '@jest/globals'
import { dockerConfigAccess } from './docker-config.js'
import { withOrigin } from './refusal.js'

test.each([
  ['PUT https://r.example/v2/a/manifests/h: DENIED: no right', true],
  ['push to a: r.example answered 401 (to the user "x")', true],
  ['unexpected status code 403 Forbidden', true],
  ['Get "https://r.example/v2/": Proxy Authentication Required', true],
  ['Get "https://r.example/v2/": Forbidden', true],
  ['unexpected status code 407 Proxy Authentication Required', true],
  ['r.example answered 429 TOOMANYREQUESTS', false],
  ['EOF', false]
])('%s: the Secret is named: %s', (why, isNamed) => {
  expect(withOrigin(why, dockerConfigAccess('ci-push'))).toBe(
    isNamed ? `${why}; its credential is from the Secret ci-push` : why
  )
  expect(withOrigin(why, undefined)).toBe(why)
})
