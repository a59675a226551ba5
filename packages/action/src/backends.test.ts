import type { Backend, BackendName } from '@kaniko-hooks/client'
import { expect, test } from '@jest/globals'

import { backendsFor, unusedBy } from './backends.js'
import { readGiven } from './inputs.fixture.js'
import type { Wanted } from './inputs.js'

function backend(name: BackendName): Backend {
  return {
    name,
    missing: () => Promise.resolve(undefined),
    build: () => Promise.reject(new Error('nothing is built in this test'))
  }
}

function wantedOf(inputs: Parameters<typeof readGiven>[0]): Wanted {
  const { wanted, problems } = readGiven(inputs)
  if (wanted === undefined) throw new Error(problems.join())
  return wanted
}

test('what a backend makes nothing of is named', () => {
  const wanted = wantedOf({ resources: 'cpu=1', 'node-selector': 'disk=ssd', namespace: 'builds', kubeconfig: '/k' })
  expect(unusedBy(backend('kubernetes'), wanted)).toBeUndefined()
  expect(unusedBy(backend('broker'), wanted)).toBe(
    '`kubeconfig`, `namespace`, `resources`, `node-selector`: for the backend kubernetes alone, and nothing to broker.'
  )
  expect(unusedBy(backend('broker'), wantedOf({}))).toBeUndefined()
})

function named(name: BackendName, inputs: Parameters<typeof readGiven>[0]): Backend | undefined {
  return backendsFor(wantedOf(inputs), { HOME: '/nowhere' }).find(each => each.name === name)
}

test('without a cluster, the backend kubernetes says what is missing', async () => {
  expect(await named('kubernetes', {})?.missing()).toMatch(/kubeconfig/)
})

test('a kubeconfig may be given as text, on one line too', async () => {
  const kubeconfig = JSON.stringify({ clusters: [], contexts: [], users: [], 'current-context': 'gone' })
  expect(await named('kubernetes', { kubeconfig })?.missing()).toMatch(/gone/)
})
