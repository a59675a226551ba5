import { expect, test } from '@jest/globals'
import { retentionAdvice, serviceAdvice } from './retention.js'

test.each([
  ['ghcr.io', 'packages API'],
  ['GHCR.io', 'packages API'],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'lifecycle policy'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'lifecycle policy'],
  ['123456789012.dkr-ecr.eu-west-1.on.aws', 'lifecycle policy'],
  ['docker.io', 'Docker Hub'],
  ['europe-docker.pkg.dev', 'cleanup policy'],
  ['eu.gcr.io', 'cleanup policy'],
  ['acme.azurecr.io', 'acr purge'],
  ['quay.io', 'auto-prune'],
  ['registry.gitlab.com', 'cleanup policy'],
  ['registry.ci.svc:5000', 'REGISTRY_STORAGE_DELETE_ENABLED'],
  ['ghcr.io.example.com', 'REGISTRY_STORAGE_DELETE_ENABLED']
])('%s: %s', (host, advice) => {
  expect(retentionAdvice(host)).toContain(advice)
})

test('a registry that is not known by its name has no service of its own', () => {
  expect(serviceAdvice('registry.ci.svc:5000')).toBeUndefined()
  expect(serviceAdvice('docker.io')).toContain('Docker Hub')
})
