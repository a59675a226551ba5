import { describe, expect, test } from '@jest/globals'

import { imageFacts } from './image-facts.js'

const DIGEST = `sha256:${'a'.repeat(64)}`
const of = (content: unknown): unknown => imageFacts({ content: Buffer.from(JSON.stringify(content)) })

test('the image’s id is the digest of its configuration, and its size that of its layers', () => {
  expect(of({ config: { digest: DIGEST, size: 9 }, layers: [{ size: 3 }, { size: 4 }] })).toEqual({
    imageId: DIGEST,
    size: 7
  })
  expect(of({ config: { digest: DIGEST }, layers: [] })).toEqual({ imageId: DIGEST, size: 0 })
})

describe('nothing is believed that is no fact:', () => {
  test.each<[string, unknown]>([
    ['an index', { manifests: [{ digest: DIGEST }] }],
    ['no digest', { config: { digest: '../x' }, layers: [] }],
    ['null', null],
    ['null in the place of the configuration', { config: null, layers: [] }]
  ])('%s', (_, content) => expect(of(content)).toEqual({}))

  test.each<[string, unknown]>([
    ['null', [null]],
    ['less than nothing', [{ size: -5 }]],
    ['too much', [{ size: 1e300 }]]
  ])('a layer of the size %s', (_, layers) => {
    expect(of({ config: { digest: DIGEST }, layers })).toEqual({ imageId: DIGEST })
  })

  test('what is no JSON', () => expect(imageFacts({ content: Buffer.from('<html>') })).toEqual({}))
})
