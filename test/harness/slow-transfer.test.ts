import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

import { withoutSlowTransfers } from './slow-transfer.js'

const TRANSFER = join(import.meta.dirname, '../../packages/hook/src/workspace/transfer.ts')

/** The sentences as the hook has them, with something in each gap. */
const sentences = readFileSync(TRANSFER, 'utf8')
  .split('\n')
  .flatMap(line => /`([^`]* pod \$\{[^`]*)`/.exec(line)?.[1] ?? [])
  .map(sentence => sentence.replaceAll(/\$\{[^}]*\}/g, 'x'))

test('what the hook says of slow transfers is known', () => {
  expect(sentences).toHaveLength(4)
  expect(withoutSlowTransfers(sentences)).toEqual([])
})

test('what a step prints stays', () => {
  const lines = ['Sending', 'Sent to pod x, and more', 'Pod x waits: Unschedulable: no node', 'Files sent in 0.1 s']
  expect(withoutSlowTransfers(lines)).toEqual(lines)
})
