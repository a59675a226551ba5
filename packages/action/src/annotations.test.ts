import { describe, expect, test } from '@jest/globals'
import { BuildError } from '@kaniko-hooks/builder'

import { annotate } from './annotations.js'

const at = { file: 'Dockerfile', line: 5, instruction: 'RUN make' }

describe('a failed instruction', () => {
  test.each([
    ['failed at RUN make: it ended with exit code 2\nThe last lines', at, 5, 'RUN failed (exit code 2)'],
    ['failed at RUN make: starting command: no such file', at, 5, 'RUN failed'],
    ['failed at RUN make: it ended with exit code 2', undefined, undefined, 'The build failed'],
    ['failed: line 3, exit code 1', undefined, undefined, 'The build failed']
  ])('%j has its line when that is known', (message, place, line, title) => {
    expect(annotate(new BuildError('DOCKERFILE_FAILED', message, { at: place }))).toEqual([
      { line, title, message: message.split('\n')[0] }
    ])
  })
})

test('a base image has the line of its FROM', () => {
  const place = { file: 'Dockerfile', line: 1, instruction: 'FROM debian:x' }
  const error = new BuildError('BASE_IMAGE', 'the base image debian:x cannot be fetched', { at: place })
  expect(annotate(error)).toMatchObject([{ line: 1, title: 'The build failed' }])
})

test('a push has no line, whatever the registry says', () => {
  expect(annotate(new BuildError('PUSH_FAILED', 'x: line 3, denied'))).toMatchObject([{ line: undefined }])
})

test('what cannot be built is annotated line by line, at most five times', () => {
  const findings = Array.from({ length: 7 }, (_, index) => `line ${index + 1} (COPY --link): links are followed. Copy.`)
  const error = new BuildError('DOCKERFILE_UNSUPPORTED', `Dockerfile cannot be built here: ${findings.join(' ')}`)
  expect(annotate(error).map(({ line, message }) => [line, message])).toEqual(
    findings.slice(0, 5).map((finding, index) => [index + 1, finding])
  )
})

test('findings may stand on lines of their own', () => {
  const message =
    'Dockerfile line 2, COPY --link a b: links are followed. Copy.\nDockerfile line 4, RUN <<E: no. Write.'
  expect(annotate(new BuildError('DOCKERFILE_UNSUPPORTED', message))).toMatchObject([{ line: 2 }, { line: 4 }])
})
