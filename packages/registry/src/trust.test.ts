import { rootCertificates } from 'node:tls'
import { expect, test } from '@jest/globals'
import { selfSigned } from '@kaniko-hooks/testing'
import { trustedAuthorities } from './trust.js'

const { cert, key } = selfSigned()

test('the authorities that come with Node stay', () => {
  expect(trustedAuthorities(cert)).toEqual([...rootCertificates, cert.trim()])
})

test('several certificates, and what people leave between them', () => {
  const trusted = trustedAuthorities(`# old\n${cert}\n# new\n${cert}\n${key}`)
  expect(trusted).toHaveLength(rootCertificates.length + 2)
  expect(trusted.join('\n')).not.toContain('PRIVATE KEY')
})

test.each([
  ['nothing', '', /no "-----BEGIN CERTIFICATE-----" block/],
  ['a base64 text that was not decoded', Buffer.from(cert).toString('base64'), /no "-----BEGIN/],
  ['a certificate that is cut', `${cert}\n${cert.replace(/\n.{10}/, '\n')}`, /certificate 2 of 2/]
])('%s is refused', (_, text, why) => {
  expect(() => trustedAuthorities(text)).toThrow(why)
  expect(() => trustedAuthorities(text)).toThrow(expect.objectContaining({ code: 'BAD_CERTIFICATE' }))
})
