import { describe, expect, test } from '@jest/globals'
import { BuildError } from '@kaniko-hooks/builder'

import { annotate } from './annotations.js'

const DOCKERFILE = `FROM debian
RUN apt-get update && \\
    apt-get install -y x
COPY a /a
RUN make
RUN make test
COPY a /a
`

describe('the line of a failed instruction', () => {
  test.each([
    [
      'building Dockerfile failed at RUN make: it ended with exit code 2\nThe last lines',
      5,
      'RUN failed (exit code 2)'
    ],
    ['building Dockerfile failed at RUN make test: it ended with exit code 7', 6, 'RUN failed (exit code 7)'],
    [
      'building Dockerfile failed at RUN apt-get update &&     apt-get install -y x: it ended with exit code 100',
      2,
      'RUN failed (exit code 100)'
    ],
    ['building Dockerfile failed at RUN apt-get upd…: it ended with exit code 1', 2, 'RUN failed (exit code 1)'],
    ['building Dockerfile failed at line 4, COPY a /a: a is not in the build context', 4, 'The build failed'],
    // Twice the same: no line is better than a wrong one.
    ['building Dockerfile failed after COPY a /a: some reason', undefined, 'The build failed'],
    ['building Dockerfile failed: exit code 1', undefined, 'The build failed'],
    ['building Dockerfile failed at RUN unknown: it ended with exit code 1', undefined, 'RUN failed (exit code 1)']
  ])('%j', (message, line, title) => {
    const [annotation] = annotate(new BuildError('DOCKERFILE_FAILED', message), DOCKERFILE)
    expect(annotation).toEqual({ line, title, message: message.split('\n')[0] })
  })
})

test('a base image has the line of its FROM', () => {
  const error = new BuildError('BASE_IMAGE', 'the base image debian:x (Dockerfile line 1) cannot be fetched: not found')
  expect(annotate(error, DOCKERFILE)).toMatchObject([{ line: 1 }])
})

test('a push has no line, whatever the registry says', () => {
  expect(annotate(new BuildError('PUSH_FAILED', 'x: line 3, denied'), DOCKERFILE)).toMatchObject([{ line: undefined }])
})

test('what cannot be built is annotated line by line, at most five times', () => {
  const findings = Array.from({ length: 7 }, (_, index) => `line ${index + 1} (COPY --link): links are followed. Copy.`)
  const error = new BuildError('DOCKERFILE_UNSUPPORTED', `Dockerfile cannot be built here: ${findings.join(' ')}`)
  expect(annotate(error, DOCKERFILE).map(({ line, message }) => [line, message])).toEqual(
    findings.slice(0, 5).map((finding, index) => [index + 1, finding])
  )
})

test('findings may stand on lines of their own', () => {
  const message =
    'Dockerfile line 2, COPY --link a b: links are followed. Copy.\nDockerfile line 4, RUN <<E: no. Write.'
  expect(annotate(new BuildError('DOCKERFILE_UNSUPPORTED', message), DOCKERFILE)).toMatchObject([
    { line: 2 },
    { line: 4 }
  ])
})

test('without the Dockerfile, the message alone', () => {
  const error = new BuildError('DOCKERFILE_FAILED', 'building Dockerfile failed at RUN make: it ended with exit code 2')
  expect(annotate(error, undefined)).toMatchObject([{ line: undefined, title: 'RUN failed (exit code 2)' }])
})
