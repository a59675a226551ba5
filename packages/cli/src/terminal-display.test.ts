import { expect, test } from '@jest/globals'

import { TerminalDisplay } from './terminal-display.js'

/** What a terminal of one column of lines would show. */
function shownOn(written: string): string[] {
  return written.split('\n').map(line => line.split('\r\u001B[2K').at(-1) ?? '')
}

test('lines go by above the status, which is gone at the end', () => {
  let written = ''
  const display = new TerminalDisplay(text => (written += text), 40)
  display.status('Building')
  display.line('one')
  expect(shownOn(written)).toEqual(['one\u001B[0m', expect.stringMatching(/^. Building 0 s$/)])
  display.status('Pushing')
  display.end(['two'])
  expect(shownOn(written)).toEqual(['one\u001B[0m', 'two\u001B[0m', ''])
})

test('a build does not move the cursor, and its colours end with its line', () => {
  let written = ''
  const display = new TerminalDisplay(text => (written += text), 40)
  display.line('\u001B[31mred\u001B[2J\u001B[1A\r\u0007over\tend\u009B2J')
  expect(written).toBe('\u001B[31mred[2J[1Aover\tend2J\u001B[0m\n')
})
