import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { inClusterConfig } from './config.js'

describe('inClusterConfig', () => {
  let serviceAccountDir: string

  beforeEach(async () => {
    serviceAccountDir = await mkdtemp(join(tmpdir(), 'kube-config-'))
    await writeFile(join(serviceAccountDir, 'token'), 'one\n')
    await writeFile(join(serviceAccountDir, 'ca.crt'), 'PEM\n')
    await writeFile(join(serviceAccountDir, 'namespace'), 'arc')
  })
  afterEach(() => rm(serviceAccountDir, { recursive: true }))

  test('reads the mount, and the token again each time', async () => {
    const config = await inClusterConfig({ host: '10.0.0.1', port: '6443', serviceAccountDir })
    expect(config).toMatchObject({ ca: 'PEM', namespace: 'arc' })
    expect(config.server.href).toBe('https://10.0.0.1:6443/')
    await expect(config.token()).resolves.toBe('one')
    await writeFile(join(serviceAccountDir, 'token'), 'two')
    await expect(config.token()).resolves.toBe('two')
  })

  test.each([
    ['fd00::1', '443', 'https://[fd00::1]/'],
    ['fd00::1', '6443', 'https://[fd00::1]:6443/'],
    ['kubernetes.default', undefined, 'https://kubernetes.default/'],
    ['10.0.0.1', '', 'https://10.0.0.1/']
  ])('host %s and port %s are %s', async (host, port, href) => {
    expect((await inClusterConfig({ host, port, serviceAccountDir })).server.href).toBe(href)
  })

  test('a token that is not mounted is named', async () => {
    await rm(join(serviceAccountDir, 'token'))
    await expect(inClusterConfig({ host: '10.0.0.1', port: '443', serviceAccountDir })).rejects.toMatchObject({
      code: 'NO_CREDENTIALS',
      fault: 'configuration',
      message: expect.stringMatching(/token is not mounted: .*\/token .*automountServiceAccountToken/)
    })
  })

  test('outside of a pod it says so', async () => {
    await expect(inClusterConfig({ host: undefined, port: undefined })).rejects.toMatchObject({
      code: 'NO_CREDENTIALS',
      message: expect.stringContaining('KUBERNETES_SERVICE_HOST')
    })
  })
})
