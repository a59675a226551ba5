import { expect, test } from '@jest/globals'
import { readImageFacts } from './image-facts.js'

const DIGEST = `sha256:${'c'.repeat(64)}`

test.each([
  [`{"config":{"digest":"${DIGEST}"},"layers":[{"size":3},{"size":4}]}`, { imageId: DIGEST, size: 7 }],
  [`{"config":{"digest":"${DIGEST}"},"layers":[null,{"size":"x"},{"size":4}]}`, { imageId: DIGEST, size: 4 }],
  ['{"config":{"digest":"sha256:../x"},"layers":{}}', { size: 0 }],
  ['{"config":null}', { size: 0 }],
  ['[]', {}],
  ['null', {}],
  ['no JSON', {}]
])('%s', (text, facts) => {
  expect(readImageFacts(Buffer.from(text))).toEqual(facts)
})
