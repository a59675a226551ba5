import { describe, expect, test } from '@jest/globals'

import { readList } from './list.js'

/** What the input was, and what docker/build-push-action makes of it (`Util.getInputList`). */
describe('a list without commas', () => {
  test.each([
    ['', []],
    ['\n \n', []],
    ['A=1\nB=2', ['A=1', 'B=2']],
    ['A=1\r\nB=2\r\n', ['A=1', 'B=2']],
    ['  A=1  \n\n  B=2', ['A=1', 'B=2']],
    ['A=1,2, 3', ['A=1,2, 3']],
    ['COLOUR=#fff\n# no comment', ['COLOUR=#fff', '# no comment']],
    ['A=say "hi"', ['A=say "hi"']],
    ['"A=one\ntwo"\nB=3', ['A=one\ntwo', 'B=3']],
    ['"A={""x"":""y,z""}"', ['A={"x":"y,z"}']],
    ['A=', ['A=']],
    ['"A"=1', ['"A"=1']]
  ])('%j', (text, elements) => {
    expect(readList(text, { commas: false })).toEqual(elements)
  })

  test('keeps blanks at the end where they count', () => {
    expect(readList('"KEY=line\n"', { commas: false, trimEnd: false })).toEqual(['KEY=line\n'])
    expect(readList('"KEY=line\n"', { commas: false })).toEqual(['KEY=line'])
  })

  test('refuses a quote without an end, and does not quote it', () => {
    const read = (): unknown => readList('"KEY=s3cret', { commas: false })
    expect(read).toThrow(/has no end/)
    expect(read).not.toThrow(/s3cret/)
  })
})

describe('a list with commas', () => {
  test.each([
    ['a:1,b:2', ['a:1', 'b:2']],
    ['a:1, b:2\nc:3', ['a:1', 'b:2', 'c:3']],
    ['a:1,\n,b:2', ['a:1', 'b:2']],
    // Docker splits a single quoted field, and keeps commas in quotes between others.
    ['"a,b"', ['a', 'b']],
    ['"a,b",c', ['a,b', 'c']]
  ])('%j', (text, elements) => {
    expect(readList(text, { commas: true })).toEqual(elements)
  })
})
