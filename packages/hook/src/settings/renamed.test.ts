import { expect, test } from '@jest/globals'

import { withNewNames } from './renamed.js'

test("a file in today's names, or that is no settings at all, stays as it is", () => {
  for (const content of [undefined, null, 'text', [], { build: { timeout: '1m' } }, { kaniko: 'text' }]) {
    expect(withNewNames(content)).toEqual({ content, renamed: [], problems: [] })
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
    workspace: 'copied'
  }
  const before = JSON.stringify(file)
  expect(withNewNames(file)).toEqual({
    content: {
      engine: { kaniko: { image: 'k:1', fork: 'google' } },
      build: { pushImage: 'p:1', timeout: '90s', maxPerJob: 2, registryMirrors: ['m'], args: {} },
      workspace: { mode: 'copied' }
    },
    renamed: [
      'workspace is now workspace.mode',
      'kaniko.image is now engine.kaniko.image',
      'kaniko.line is now engine.kaniko.fork',
      'kaniko.timeoutSeconds is now build.timeout',
      'kaniko.maxBuildsPerJob is now build.maxPerJob',
      'kaniko.registryMirrors is now build.registryMirrors',
      'kaniko.buildArgs is now build.args'
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

test('what never was a setting is left for the schema to refuse, whatever its name', () => {
  expect(withNewNames({ kaniko: { lien: 1, image: 'k:1' } }).content).toEqual({
    kaniko: { lien: 1 },
    engine: { kaniko: { image: 'k:1' } }
  })
  for (const name of ['constructor', 'toString', '__proto__']) {
    const kaniko = JSON.parse(`{ "${name}": 1 }`) as object
    const { content } = withNewNames({ kaniko }) as { content: { kaniko: object } }
    expect(Object.keys(content.kaniko)).toEqual([name])
  }
})

test('an old name is not read where its new place is no section, and says so', () => {
  for (const engine of ['kaniko', []]) {
    expect(withNewNames({ kaniko: { image: 'k:1' }, engine })).toMatchObject({
      content: { engine },
      problems: ['kaniko.image: is the old name of engine.kaniko.image, and engine is no section in this file']
    })
  }
})

test('one section under two names by an anchor does not get the settings of both', () => {
  const shared = {}
  const { content } = withNewNames({ kaniko: { image: 'k:1', pushImage: 'p:1' }, build: shared, engine: shared })
  expect(content).toEqual({ engine: { kaniko: { image: 'k:1' } }, build: { pushImage: 'p:1' } })
})

test.each([
  [1800, '30m'],
  [7200, '2h'],
  [2_592_000, '720h'],
  [90, '90s'],
  [0, '0h'],
  ['10m', '10m']
])('%j seconds are a duration of few digits', (timeoutSeconds, timeout) => {
  expect(withNewNames({ kaniko: { timeoutSeconds } }).content).toEqual({ build: { timeout } })
})
