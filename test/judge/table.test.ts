import { readFileSync } from 'node:fs'

import { expect, test } from '@jest/globals'

import { readDifferences } from './differences.js'
import { readResults } from './results.js'
import { PAGE, withTable } from './table.js'
import { aTenth, readWorkflows } from './workflows.js'

const workflows = readWorkflows()

test('the table of docs/compatibility.md is the one of the recorded results', async () => {
  const page = readFileSync(PAGE, 'utf8')
  expect(page).toBe(await withTable(page, workflows, readResults(), readDifferences()))
})

test('a workflow that differs has a reason, and one with a reason differs', () => {
  const results = readResults()
  const accepted = readDifferences()
  for (const [name, result] of Object.entries(results)) {
    for (const [mode, count] of Object.entries(result)) {
      const reasons = accepted.filter(({ workflow, modes }) => workflow === name && modes.some(each => each === mode))
      expect([name, mode, reasons.length]).toEqual([name, mode, count])
    }
  }
})

test('the corpus is large enough, and npm test runs a tenth of it', () => {
  expect(workflows.length).toBeGreaterThanOrEqual(80)
  expect(aTenth(workflows)).toHaveLength(Math.ceil(workflows.length / 10))
})
