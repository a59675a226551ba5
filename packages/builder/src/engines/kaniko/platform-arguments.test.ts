import { parseDockerfile } from '../../dockerfile/parse.js'
import { expect, test } from '@jest/globals'
import { platformArguments } from './platform-arguments.js'
import type { KanikoFork } from './unsupported.js'

const AMD64 = { os: 'linux', architecture: 'amd64' }

function given(text: string, fork: KanikoFork = 'chainguard', buildArgs = {}): ReturnType<typeof platformArguments> {
  return platformArguments(parseDockerfile(text), AMD64, fork, buildArgs)
}

test.each([
  ['FROM a\nRUN b', {}],
  [
    'FROM a\nARG TARGETARCH\nARG TARGETOS BUILDPLATFORM',
    { TARGETARCH: 'amd64', TARGETOS: 'linux', BUILDPLATFORM: 'linux/amd64' }
  ],
  ['ARG TARGETARCH\nFROM base-${TARGETARCH}', { TARGETARCH: 'amd64' }],
  ['FROM base-${TARGETARCH}', { TARGETARCH: 'amd64' }],
  ['FROM base-$TARGETARCH', { TARGETARCH: 'amd64' }],
  ['FROM --platform=$BUILDPLATFORM a', { BUILDPLATFORM: 'linux/amd64' }],
  ['FROM base-$TARGETARCHIVE', {}],
  ['ARG SUFFIX=x-${TARGETARCH}\nFROM a\nARG SUFFIX', { TARGETARCH: 'amd64' }],
  ['FROM a\nARG SUFFIX=x-${TARGETARCH}', {}],
  // Docker takes the default.
  ['FROM a\nARG TARGETARCH=other', {}],
  ['ARG TARGETARCH=other\nFROM base-${TARGETARCH}', {}],
  ['ARG TARGETARCH=other\nFROM a\nARG TARGETARCH', {}],
  ['FROM a\nARG TARGETARCH=', {}],
  // It has none.
  ['FROM a\nARG TARGETVARIANT', {}]
])('%j', (text, values) => {
  for (const fork of ['google', 'chainguard', 'osscontainertools'] as const) {
    expect(given(text, fork)).toEqual({ values, findings: [] })
  }
})

test("the user's own value wins", () => {
  expect(given('FROM a\nARG TARGETARCH', 'google', { TARGETARCH: 'x' }).values).toEqual({})
})

test('a variant is part of the platform', () => {
  const platform = { os: 'linux', architecture: 'arm', variant: 'v7' }
  expect(
    platformArguments(parseDockerfile('FROM a\nARG TARGETPLATFORM BUILDVARIANT'), platform, 'google', {}).values
  ).toEqual({
    TARGETPLATFORM: 'linux/arm/v7',
    BUILDVARIANT: 'v7'
  })
})

test('a default in one stage and none in another cannot both be right, where the fork knows no platform', () => {
  const text = 'FROM a AS x\nARG TARGETARCH=other\nFROM b\nARG TARGETARCH'
  expect(given(text)).toMatchObject({ values: {}, findings: [{ line: 2, instruction: 'ARG TARGETARCH=other' }] })
  expect(given(text).findings[0]?.problem).toContain('line 4')
  expect(given(text, 'osscontainertools')).toEqual({ values: {}, findings: [] })
})
