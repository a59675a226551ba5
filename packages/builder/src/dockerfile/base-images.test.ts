import { describe, expect, test } from '@jest/globals'
import { baseImages } from './base-images.js'

function references(text: string, buildArgs?: Readonly<Record<string, string>>): readonly string[] {
  return baseImages(text, buildArgs).map(base => base.reference)
}

test('stages and scratch are no images', () => {
  const text =
    'FROM --platform=$BUILDPLATFORM golang:1 as Build\nFROM scratch\nFROM build\nCOPY --from=Build a b\nCOPY --from=0 a b'
  expect(baseImages(text)).toEqual([{ reference: 'golang:1', line: 1, stage: 'Build' }])
})

test('COPY --from fetches too', () => {
  expect(baseImages('FROM a\nRUN b\nCOPY --from=docker.io/tool:1 /x /x')).toEqual([
    { reference: 'a', line: 1 },
    { reference: 'docker.io/tool:1', line: 3 }
  ])
})

describe('arguments', () => {
  const table: readonly (readonly [string, string])[] = [
    ['ARG V=3.20\nFROM alpine:$V', 'alpine:3.20'],
    ['ARG V="3.20"\nFROM alpine:${V}', 'alpine:3.20'],
    ['ARG A=r.io B=$A/x\nFROM ${B}', 'r.io/x'],
    ['ARG V\nFROM alpine:${V:-latest}', 'alpine:latest'],
    ['ARG V=\nFROM alpine${V:+:$V}', 'alpine'],
    ['ARG V=1\nFROM alpine${V:+:$V}', 'alpine:1'],
    ['ARG V=\nFROM alpine${V-x}', 'alpine'],
    ['FROM alpine$NOTHING', 'alpine'],
    ['FROM "debian:12"', 'debian:12'],
    [`FROM 'debian:12'`, 'debian:12'],
    ['ARG V=12\nFROM "debian:$V" AS x', 'debian:12']
  ]
  test.each(table)('%j', (text, reference) => expect(references(text)).toEqual([reference]))

  test('a given value wins over a default', () => {
    expect(references('ARG V=1\nFROM alpine:$V', { V: '2' })).toEqual(['alpine:2'])
  })

  test('a given value needs no ARG, and an empty one is none', () => {
    expect(references('FROM ${REGISTRY}/base', { REGISTRY: 'r.io' })).toEqual(['r.io/base'])
    expect(references('ARG V=1\nFROM alpine:$V', { V: '' })).toEqual(['alpine:1'])
  })

  test.each([
    ['${V%/}/x', 'a/x'],
    ['${V:?no}x', 'a/x'],
    [`'$V'/x`, '$V/x'],
    ['${W:-${V}}x', 'a/x'],
    ['${V//a/b}x', 'b/x']
  ])('%s is read as BuildKit reads it', (reference, expected) => {
    expect(references(`ARG V=a/\nARG W\nFROM ${reference}`)).toEqual([expected])
  })

  test('an ARG inside a stage does not count for the next FROM', () => {
    expect(references('ARG V=1\nFROM a:$V\nARG V=2\nFROM b:$V')).toEqual(['a:1', 'b:1'])
  })
})
