import { arch } from 'node:os'

import { expect, test } from '@jest/globals'

import { platform } from './engine.js'

test('the platform is told in the words of images', () => {
  const { os, architecture, variant } = platform()
  expect(os).toBe('linux')
  expect(architecture).toBe(arch() === 'x64' ? 'amd64' : arch())
  // An empty one would be an argument of its own.
  expect(variant).not.toBe('')
})
