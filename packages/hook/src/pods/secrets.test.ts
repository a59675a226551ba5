import { describe, expect, test } from '@jest/globals'

import { pullSecret, secretEnvironment } from './secrets.js'

const OWNER = { runnerPod: 'r', uid: 'u', sameNamespace: true, annotations: {} }
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString()

describe('secretEnvironment', () => {
  test('any name and any value travel, and no value stands outside the Secret', () => {
    const found = secretEnvironment(OWNER, 's', [{ 'INPUT_MY-KEY': 'a\nb', 'odd name': '$(PATH)' }, { EMPTY: '' }])
    expect(found?.variables).toEqual([
      [
        { name: 'INPUT_MY-KEY', valueFrom: { secretKeyRef: { name: 's', key: '0.0' } } },
        { name: 'odd name', valueFrom: { secretKeyRef: { name: 's', key: '0.1' } } }
      ],
      [{ name: 'EMPTY', valueFrom: { secretKeyRef: { name: 's', key: '1.0' } } }]
    ])
    expect(Object.values(found?.secret.data ?? {}).map(decode)).toEqual(['a\nb', '$(PATH)', ''])
    expect(found?.secret.metadata?.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Pod', name: 'r', uid: 'u' }])
  })

  test('no variables, no Secret', () => {
    expect(secretEnvironment(OWNER, 's', [{}, {}])).toBeUndefined()
  })

  test('more than a Secret can hold is refused with the size', () => {
    expect(() => secretEnvironment(OWNER, 's', [{ A: 'x'.repeat(1024 * 1024 + 1) }])).toThrow(/1025 KiB/)
  })
})

describe('pullSecret', () => {
  test("one Secret for all registries; the runner's empty server is Docker Hub", () => {
    const secret = pullSecret(OWNER, 'p', [
      { username: 'u', password: 'p:w', serverUrl: 'ghcr.io' },
      null,
      { username: 'h', password: 'q', serverUrl: '' }
    ])
    expect(secret?.type).toBe('kubernetes.io/dockerconfigjson')
    const { auths } = JSON.parse(decode(secret?.data?.['.dockerconfigjson'])) as {
      auths: Record<string, { auth: string }>
    }
    expect(Object.keys(auths)).toEqual(['ghcr.io', 'https://index.docker.io/v1/'])
    expect(decode(auths['ghcr.io']?.auth)).toBe('u:p:w')
  })

  test('no user name, no Secret', () => {
    expect(pullSecret(OWNER, 'p', [null, { username: '', password: 'x', serverUrl: 'y' }])).toBeUndefined()
  })
})
