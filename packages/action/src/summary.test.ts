import { expect, test } from '@jest/globals'
import type { BuildOutcome } from '@kaniko-hooks/client'

import { readGiven } from './inputs.fixture.js'
import type { Wanted } from './inputs.js'
import { summariseBuild, summariseFailure } from './summary.js'

const OUTCOME: BuildOutcome = {
  digest: `sha256:${'a'.repeat(64)}`,
  imageId: undefined,
  pushed: ['ghcr.io/acme/app:1'],
  buildId: 'pod-1',
  backend: 'kubernetes',
  size: 12_345_678,
  durationsMs: { queue: 1_000, bases: 800, build: 65_000, push: 2_500 }
}

function wantedOf(inputs: Parameters<typeof readGiven>[0]): Wanted {
  const { wanted, problems } = readGiven(inputs)
  if (wanted === undefined) throw new Error(problems.join())
  return wanted
}

/** What a browser shows of entities. */
function shown(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
}

test('a build shows image, digest, size and times, and how to pull the image', () => {
  const text = shown(summariseBuild(wantedOf({ tags: 'ghcr.io/acme/app:1', push: 'true' }), OUTCOME))
  expect(text).toContain('### Kaniko build: ✅ <code>ghcr.io/acme/app</code>')
  expect(text).toContain(
    '| Image | Digest | Size | Cache | Queue | Base images | Build | Push | Total |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
  )
  expect(text).toContain('| 12.3 MB | off | 1.0 s | 0.8 s | 1 min 5 s | 2.5 s | 1 min 9 s |')
  expect(text).toContain(`docker pull ghcr.io/acme/app@${OUTCOME.digest}`)
})

test('an image that was not pushed is nothing to pull', () => {
  const text = shown(summariseBuild(wantedOf({ tags: 'ghcr.io/acme/app:1' }), { ...OUTCOME, pushed: [] }))
  expect(text).toContain('| not pushed |')
  expect(text).not.toContain('docker pull')
})

test('no value of a secret, an argument or a login is in a summary', () => {
  const wanted = wantedOf({
    tags: 'ghcr.io/acme/app:1',
    'build-args': 'ARG=v4lue',
    secrets: 'npm=t0ken',
    registry: 'ghcr.io',
    username: 'mona',
    password: 'p4ss',
    context: 'https://user:p@g1t@github.com/acme/app.git'
  })
  const failure = { message: 'the registry said: p4ss\nis wrong', advice: 'Check.', tail: ['npm token t0ken'] }
  for (const text of [summariseBuild(wanted, OUTCOME), summariseFailure(failure, wanted, ['p4ss', 't0ken'])]) {
    expect(shown(text)).toMatch(/build-args: ARG\n/)
    expect(shown(text)).toMatch(/secrets: npm\n/)
    for (const secret of ['v4lue', 't0ken', 'p4ss', 'g1t']) expect(shown(text)).not.toContain(secret)
  }
})

test('a failure has its message, the last lines and what to do', () => {
  const failure = { message: 'building failed\nThe last lines', advice: 'Do it.', tail: ['one', 'two'] }
  const text = shown(summariseFailure(failure, wantedOf({ tags: 'a/b' }), []))
  expect(text).toContain('### Kaniko build: ❌ <code>docker.io/a/b:latest</code>')
  expect(text).toContain('<pre>\nbuilding failed\nThe last lines\n</pre>')
  expect(text).toContain('**What to do:** Do it.')
  expect(text).toContain('<pre>\none\ntwo\n</pre>')
})

test('text of others is no Markdown and no HTML', () => {
  const hostile = '</pre><img src=x> | **b** [a](http://evil) `c` # @mona ![i](x)'
  const text = summariseFailure({ message: hostile, advice: 'Do.', tail: [hostile] }, undefined, [])
  const foreign = text.split('\n').filter(line => line.includes('evil'))
  expect(foreign).toHaveLength(2)
  for (const line of foreign) expect(line).not.toMatch(/[<>|*[\]()`@!]/)
  expect(shown(text)).toContain(hostile)
})

test('a summary has at most 64 KiB', () => {
  const line = '<'.repeat(10_000)
  const failure = { message: `${line}\n`.repeat(100), advice: 'Do.', tail: Array<string>(20).fill(line) }
  const text = summariseFailure(failure, wantedOf({ tags: 'a/b' }), [])
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024)
  expect(text).toContain('### Kaniko build: ❌')
})
