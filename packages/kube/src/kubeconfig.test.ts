import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { kubeconfigFile } from './kubeconfig.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('kubeconfigFile', () => {
  let directory: string
  let path: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
    path = join(directory, 'config')
  })
  afterEach(() => rm(directory, { recursive: true }))

  const write = (user: object, cluster: object = {}, context: object = {}): Promise<void> =>
    writeFile(
      path,
      JSON.stringify({
        'current-context': 'here',
        contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', ...context } }],
        clusters: [{ name: 'c', cluster: { server: 'https://api:6443', ...cluster } }],
        users: [{ name: 'u', user }]
      })
    )

  test('inline certificates', async () => {
    await write(
      { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
      { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' },
      { namespace: 'arc' }
    )
    const config = await kubeconfigFile(path)
    expect(config).toMatchObject({
      ca: 'CA',
      clientCertificate: 'CERT',
      clientKey: 'KEY',
      serverName: 'kubernetes',
      namespace: 'arc'
    })
    expect(config.server.href).toBe('https://api:6443/')
    await expect(config.token()).resolves.toBeUndefined()
  })

  test('files beside the kubeconfig, and a token file that rotates', async () => {
    await writeFile(join(directory, 'ca.pem'), 'CA')
    await writeFile(join(directory, 'token'), 'one')
    await write({ tokenFile: 'token', token: 'old' }, { 'certificate-authority': 'ca.pem' })
    const config = await kubeconfigFile(path)
    expect(config).toMatchObject({ ca: 'CA', namespace: 'default' })
    await writeFile(join(directory, 'token'), 'two\n')
    await expect(config.token()).resolves.toBe('two')
  })

  test('YAML with a token', async () => {
    await writeFile(
      path,
      'current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n' +
        'clusters: [{name: c, cluster: {server: "https://1.2.3.4", insecure-skip-tls-verify: true}}]\n' +
        'users:\n- name: u\n  user:\n    token: abc\n'
    )
    const config = await kubeconfigFile(path)
    expect(config.insecure).toBe(true)
    await expect(config.token()).resolves.toBe('abc')
  })

  test.each([
    ['a credential plugin', { exec: { command: 'aws' } }, {}, /by exec, which is not supported/],
    ['a certificate that is not there', { 'client-certificate': 'no.pem' }, {}, /client-certificate no\.pem/],
    ['a server that is no address', {}, { server: 'nowhere' }, /no valid server address/]
  ])('%s is refused', async (_name, user, cluster, message) => {
    await write(user, cluster)
    await expect(kubeconfigFile(path)).rejects.toMatchObject({
      code: 'NO_CREDENTIALS',
      message: expect.stringMatching(message)
    })
  })

  test('a context that is not there is named', async () => {
    await writeFile(path, '{"current-context": "elsewhere"}')
    await expect(kubeconfigFile(path)).rejects.toThrow(/no context "elsewhere"/)
  })

  test('a file that is no YAML is told by its line, and none of its lines is quoted', async () => {
    await writeFile(path, 'users:\n- name: u\n  user:\n    token: canary-1\n   password: canary-2\n')
    const error: unknown = await kubeconfigFile(path).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'NO_CREDENTIALS', message: expect.stringContaining('no YAML (line 5)') })
    expect(inspect(error, { depth: 9 })).not.toContain('canary')
    await expect(kubeconfigFile(directory)).rejects.toThrow(/cannot be read: EISDIR/)
  })
})
