import { expect, test } from '@jest/globals'
import { snapshotsOnce } from './snapshots.js'

test.each([
  ['FROM a\nRUN b\nRUN c', true],
  ['FROM a\nRUN b\nCOPY d /d', false],
  ['FROM a\nRUN b\nRUN c\nVOLUME /d', false],
  ['FROM a\nRUN b\nRUN c\nONBUILD RUN d', false],
  // Reading the root of the second stage twice costs what the first one saves.
  ['FROM a AS x\nRUN b\nRUN c\nRUN d\nFROM a\nCOPY --from=x /e /e', false],
  ['FROM a AS x\nRUN b\nRUN c\nRUN d\nRUN e\nFROM a\nCOPY --from=x /e /e', true],
  ['FROM a AS x\nRUN b\nRUN c\nFROM x\nCMD d', true],
  ['FROM a AS unused\nRUN b\nRUN c\nFROM a\nRUN d', false]
])('%j: %j', (text, isFaster) => {
  expect(snapshotsOnce(text, 'chainguard')).toBe(isFaster)
  expect(snapshotsOnce(text, 'osscontainertools')).toBe(false)
})
