import { expect, test } from '@jest/globals'
import { DEFAULT_KANIKO_IMAGE, DEFAULT_PUSH_IMAGE } from '@kaniko-hooks/builder/default-images'

import { imagesFrom } from './images.js'

test('images of the release are used where nothing else is said', () => {
  expect(imagesFrom({ KBUILD_KANIKO_IMAGE: '' })).toEqual({
    kaniko: { image: DEFAULT_KANIKO_IMAGE, fork: 'osscontainertools' },
    pushImage: DEFAULT_PUSH_IMAGE
  })
})

test('variables name others, with the project that the executor is from', () => {
  const env = { KBUILD_KANIKO_IMAGE: 'r/kaniko', KBUILD_KANIKO_FORK: 'chainguard', KBUILD_PUSH_IMAGE: 'r/crane' }
  expect(imagesFrom(env)).toEqual({ kaniko: { image: 'r/kaniko', fork: 'chainguard' }, pushImage: 'r/crane' })
  expect(() => imagesFrom({ KBUILD_KANIKO_FORK: 'mine' })).toThrow(
    'KBUILD_KANIKO_FORK is mine; it is one of google, chainguard, osscontainertools'
  )
})
