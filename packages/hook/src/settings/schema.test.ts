import { expect, test } from '@jest/globals'
import * as v from 'valibot'
import { settingsFile } from './schema.js'

test.each([
  ['harbor.example.com', true],
  ['harbor:80', true],
  ['http://registry.corp:5000', true],
  ['https://harbor.example.com', true],
  ['tcp://harbor', false],
  ['harbor.example.com/team', false]
])('the registry behind a connector may have its scheme: %s, %s', (registry, isOne) => {
  const connector = { name: 'ci/harbor', repository: 'a', serviceAccount: 's', proxy: 'forward', registry }
  expect(v.safeParse(settingsFile, { destinations: [{ connector }] }).success).toBe(isOne)
})

test.each([
  ['quay.io', true],
  ['quay.io/team', false]
])('images are looked for elsewhere by whole registries, as Kaniko does it: %s, %s', (from, isOne) => {
  expect(v.safeParse(settingsFile, { build: { registryMaps: { [from]: ['mirror.example.com'] } } }).success).toBe(isOne)
})
