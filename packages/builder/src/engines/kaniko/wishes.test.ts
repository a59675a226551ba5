import { expect, test } from '@jest/globals'
import type { Context } from '../../context/context.js'
import { asWished, findSecrets, refuseAnnotations } from './wishes.js'

function context(dockerfileText: string, dockerfileBytes?: Buffer): Context {
  const bytes = dockerfileBytes === undefined ? {} : { dockerfileBytes }
  return { directory: '/c', dockerfile: 'Dockerfile', dockerfileText, ...bytes, entries: [], warnings: [] }
}

test('the Dockerfile ends with the target', () => {
  const { dockerfileText } = asWished(context('FROM a AS one\nRUN x\nFROM one\nCOPY --parents a b'), { target: 'one' })
  expect(dockerfileText).toBe('FROM a AS one\nRUN x')
})

test('so do bytes that are not UTF-8', () => {
  const bytes = Buffer.concat([Buffer.from('FROM a AS one\nRUN '), Buffer.from([0xe4]), Buffer.from('\nFROM one')])
  const cut = asWished(context(bytes.toString('utf8'), bytes), { target: 'one' })
  expect(cut.dockerfileBytes).toEqual(bytes.subarray(0, bytes.length - '\nFROM one'.length))
  expect(cut.dockerfileText).toBe('FROM a AS one\nRUN \uFFFD')
})

test('a label that is asked for is none of the Dockerfile, and lines keep their numbers', () => {
  const text = 'FROM a\nLABEL a=1 "b"="x y" \\\n  c=$V\nLABEL a is old\nLABEL d=4'
  expect(asWished(context(text), { labels: { a: 'new', b: 'new' } }).dockerfileText).toBe(
    'FROM a\nLABEL c=$V\n\n\nLABEL d=4'
  )
  expect(asWished(context(text), { labels: { z: '' } }).dockerfileText).toBe(text)
})

test('a secret is missed where a fork has none, by the commands that want it', () => {
  const text = 'FROM a\nRUN --mount=type=secret,id=npm x\nRUN --mount=type=cache,target=/c y'
  expect(findSecrets(context(text), 'chainguard', ['npm'])).toMatchObject([{ line: 2 }])
  expect(findSecrets(context(text), 'osscontainertools', ['npm'])).toEqual([])
  expect(findSecrets(context(text), 'google', [])).toEqual([])
})

test('annotations are refused where the fork has none', () => {
  const request = { annotations: { a: 'b' } } as unknown as Parameters<typeof refuseAnnotations>[0]
  const settings = { image: 'k', pushImage: 'c', contextImage: 'r' }
  expect(() => refuseAnnotations(request, { ...settings, fork: 'google' })).toThrow(/makes no annotations/)
  expect(() => refuseAnnotations(request, { ...settings, fork: 'chainguard' })).not.toThrow()
})
