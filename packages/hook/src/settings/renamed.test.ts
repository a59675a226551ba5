import { expect, test } from '@jest/globals'

import { withNewNames } from './renamed.js'

test("a file in today's names, or that is no settings at all, stays as it is", () => {
  for (const content of [undefined, null, 'text', [], { build: { timeout: '1m' } }, { kaniko: 'text' }]) {
    expect(withNewNames(content)).toEqual({ content, warnings: [], problems: [] })
  }
})

test('old names are read as new ones, each with a sentence', () => {
  const file = {
    kaniko: {
      image: 'k:1',
      line: 'google',
      timeoutSeconds: 90,
      maxBuildsPerJob: 2,
      registryMirrors: ['m'],
      buildArgs: {}
    },
    build: { pushImage: 'p:1' },
    workspace: 'auto'
  }
  const before = JSON.stringify(file)
  expect(withNewNames(file)).toEqual({
    content: {
      engine: { kaniko: { image: 'k:1', fork: 'google' } },
      build: { pushImage: 'p:1', timeout: '90s', maxPerJob: 2, registryMirrors: ['m'], args: {} },
      workspace: 'auto'
    },
    warnings: [
      'The setting kaniko.image is now called engine.kaniko.image.',
      'The setting kaniko.line is now called engine.kaniko.fork.',
      'The setting kaniko.timeoutSeconds is now called build.timeout.',
      'The setting kaniko.maxBuildsPerJob is now called build.maxPerJob.',
      'The setting kaniko.registryMirrors is now called build.registryMirrors.',
      'The setting kaniko.buildArgs is now called build.args.'
    ],
    problems: []
  })
  expect(JSON.stringify(file)).toBe(before)
})

test('a setting under both names is a contradiction', () => {
  const { problems } = withNewNames({ kaniko: { line: 'google' }, engine: { kaniko: { fork: 'chainguard' } } })
  expect(problems).toEqual([
    'kaniko.line: is the old name of engine.kaniko.fork, which stands there too; leave the old one out'
  ])
})

test('what never was a setting is left for the schema to refuse', () => {
  expect(withNewNames({ kaniko: { lien: 1, image: 'k:1' } }).content).toEqual({
    kaniko: { lien: 1 },
    engine: { kaniko: { image: 'k:1' } }
  })
  expect(withNewNames({ kaniko: { image: 'k:1' }, engine: 'kaniko' }).content).toEqual({ engine: 'kaniko' })
})
