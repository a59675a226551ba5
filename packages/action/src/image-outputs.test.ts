import { expect, test } from '@jest/globals'

import { readOutputs } from './image-outputs.js'

test('knows pushes, names and archives', () => {
  const problems: string[] = []
  const elements = ['type=image,name=a/b:1,push=true', 'type=docker,dest=out/image.tar', 'type=oci,dest=/tmp/oci.tar']
  expect(readOutputs(elements, '/w', sentence => problems.push(sentence))).toEqual({
    push: true,
    names: ['a/b:1'],
    files: [
      { kind: 'docker', path: '/w/out/image.tar' },
      { kind: 'oci', path: '/tmp/oci.tar' }
    ]
  })
  expect(problems).toEqual([])
})

test.each([
  ['type=registry', true],
  ['type=image', false],
  ['type=cacheonly', false],
  ['type=image,push=true,name-canonical=true,push-by-digest=false', true],
  ['type=image,push=1', true],
  ['type=image,push=True', true],
  ['type=image,push=0', false],
  ['type=image,push=false', false]
])('%s pushes: %s', (element, push) => {
  expect(readOutputs([element], '/w', () => undefined).push).toBe(push)
})

test.each([
  ['./bin', /type=local would be the files of the image/],
  ['type=tar,dest=x.tar', /type=tar would be the files of the image.*type=docker,dest=PATH/],
  ['type=docker', /no dest=, and there is no Docker daemon/],
  ['type=oci,dest=x,tar=false', /no directories/],
  ['type=image,push=true,compression=zstd', /type=image with compression is not possible here/],
  ['type=image,push-by-digest=true', /with push-by-digest.*give the image a tag/],
  ['type=registry,registry.insecure=true', /`insecure-registries`/],
  ['type=image,annotation-index.a=b', /write `annotations`/],
  ['type=image,push', /push is true or false/],
  ['type=image,push=yes', /push is true or false/],
  ['type=constructor,dest=x', /type=constructor would be/]
])('%s is refused with an alternative', (element, problem) => {
  const problems: string[] = []
  readOutputs([element], '/w', sentence => problems.push(sentence))
  expect(problems).toEqual([expect.stringMatching(problem)])
})
