import { expect, test } from '@jest/globals'
import type { BuildOutcome } from '@kaniko-hooks/client'

import { OUTPUTS } from './input-table.js'
import { makeOutputs } from './outputs.js'

const DIGEST = `sha256:${'a'.repeat(64)}`
const ID = `sha256:${'b'.repeat(64)}`
const OUTCOME: BuildOutcome = {
  digest: DIGEST,
  imageId: ID,
  pushed: ['ghcr.io/acme/app:1', 'ghcr.io/acme/app:2'],
  buildId: 'pod-1',
  backend: 'kubernetes',
  size: 1,
  durationsMs: {}
}

test('are all of those that action.yml names', () => {
  const outputs = makeOutputs(['ghcr.io/acme/app:1', 'ghcr.io/acme/app:2'], OUTCOME)
  expect(Object.keys(outputs)).toEqual(OUTPUTS.map(({ name }) => name))
  expect(outputs).toMatchObject({
    digest: DIGEST,
    imageid: ID,
    image: `ghcr.io/acme/app@${DIGEST}`,
    tags: 'ghcr.io/acme/app:1\nghcr.io/acme/app:2',
    'subject-name': 'ghcr.io/acme/app',
    'build-id': 'pod-1',
    backend: 'kubernetes'
  })
  expect(JSON.parse(outputs.metadata)).toEqual({
    'containerimage.digest': DIGEST,
    'containerimage.config.digest': ID,
    'image.name': 'ghcr.io/acme/app:1,ghcr.io/acme/app:2'
  })
})

test('of an image without a name and a push are the digest, and nothing that was not', () => {
  const outputs = makeOutputs([], { ...OUTCOME, imageId: undefined, pushed: [] })
  expect(outputs).toMatchObject({ digest: DIGEST, imageid: '', image: '', tags: '', 'subject-name': '' })
  expect(JSON.parse(outputs.metadata)).toEqual({ 'containerimage.digest': DIGEST })
})

test.each([{ digest: '' }, { digest: 'sha256:abc' }, { imageId: 'x\ny' }])('are none for %j', wrong => {
  expect(() => makeOutputs([], { ...OUTCOME, ...wrong })).toThrow(/gave no digest/)
})
