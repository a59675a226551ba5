import { describe, expect, test } from '@jest/globals'

import { pullSecrets, secretEnvironment } from './secrets.js'

const OWNER = { runnerPod: 'r', uid: 'u', annotations: {} }
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString()

describe('secretEnvironment', () => {
  test('any name and any value travel, and no value stands outside the Secret', () => {
    const found = secretEnvironment(OWNER, 's', [{ 'INPUT_MY-KEY': 'a\nb', 'odd name': '$(PATH)', EMPTY: '' }])
    expect(found.variables[0]).toEqual([
      { name: 'CI', valueFrom: { secretKeyRef: { name: 's', key: '0.0' } } },
      { name: 'INPUT_MY-KEY', valueFrom: { secretKeyRef: { name: 's', key: '0.1' } } },
      { name: 'odd name', valueFrom: { secretKeyRef: { name: 's', key: '0.2' } } },
      { name: 'EMPTY', valueFrom: { secretKeyRef: { name: 's', key: '0.3' } } },
      { name: 'GITHUB_ACTIONS', valueFrom: { secretKeyRef: { name: 's', key: '0.4' } } }
    ])
    expect(Object.values(found.secret.data ?? {}).map(decode)).toEqual(['true', 'a\nb', '$(PATH)', '', 'true'])
    expect(found.secret.metadata?.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Pod', name: 'r', uid: 'u' }])
  })

  test('CI may be set by the workflow, GITHUB_ACTIONS may not', () => {
    const { secret } = secretEnvironment(OWNER, 's', [{ CI: 'false', GITHUB_ACTIONS: 'no' }])
    expect(Object.values(secret.data ?? {}).map(decode)).toEqual(['false', 'true'])
  })

  test('more than a Secret can hold is refused with the size', () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`V${index}`, 'x'.repeat(120_000)]))
    expect(() => secretEnvironment(OWNER, 's', [many])).toThrow(/1055 KiB/)
  })

  test('a value with which no program can be started is refused by its name, in whichever container', () => {
    expect(() => secretEnvironment(OWNER, 's', [{}, { BIG: 'x'.repeat(131_072) }])).toThrow(/variable BIG .* 131072/)
  })
})

describe('pullSecrets', () => {
  const read = (secret: { data?: Record<string, string> } | undefined) =>
    JSON.parse(decode(secret?.data?.['.dockerconfigjson'])) as { auths: Record<string, { auth: string }> }

  test("a Secret for each credential; the runner's empty server is Docker Hub", () => {
    const secrets = pullSecrets(OWNER, [
      { username: 'u', password: 'p:w', serverUrl: 'ghcr.io' },
      null,
      { username: 'h', password: 'q', serverUrl: '' },
      { username: 'u', password: 'p:w', serverUrl: 'ghcr.io' }
    ])
    expect(secrets.map(({ type }) => type)).toEqual(Array(2).fill('kubernetes.io/dockerconfigjson'))
    expect(decode(read(secrets[0]).auths['ghcr.io']?.auth)).toBe('u:p:w')
    expect(Object.keys(read(secrets[1]).auths)).toEqual(['https://index.docker.io/v1/'])
  })

  test("a service's credentials do not replace the job's for the same registry", () => {
    const secrets = pullSecrets(OWNER, [
      { username: 'job', password: 'x', serverUrl: 'ghcr.io' },
      { username: 'service', password: 'y', serverUrl: 'ghcr.io' }
    ])
    expect(secrets.map(secret => decode(read(secret).auths['ghcr.io']?.auth))).toEqual(['job:x', 'service:y'])
  })

  test('no user name, no Secret', () => {
    expect(pullSecrets(OWNER, [null, undefined, { username: '', password: 'x', serverUrl: 'y' }])).toEqual([])
  })
})
