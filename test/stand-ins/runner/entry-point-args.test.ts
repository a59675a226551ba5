import { describe, expect, test } from '@jest/globals'
import { containerArgs, joinActionArgs, nativeArgs, scriptArgs } from './entry-point-args.js'

describe('arguments of the envelope', () => {
  test.each([
    // the string, a script's pieces, a container's pieces
    ['-e /x.sh', ['-e', '/x.sh'], ['-e', '/x.sh']],
    ['a  b', ['a', '', 'b'], ['a', 'b']],
    ['-command ". \'/x y.ps1\'"', ['-command', '".', "'/x", 'y.ps1\'"'], ['-command', '".', "'/x", 'y.ps1\'"']],
    [' "a" ""', ['', '"a"', '""'], ['"a"', '""']],
    ['a\tb \n c', ['a\tb', '', 'c'], ['a\tb', 'c']],
    ['', [''], []]
  ])('%j', (text, script, container) => {
    expect([scriptArgs(text), containerArgs(text)]).toEqual([script, container])
  })

  test('no arguments at all', () => expect(containerArgs(undefined)).toEqual([]))
})

test.each([
  [['a', 'b c'], ' "a" "b c"'],
  [['say "hi"', ''], ' "say \\"hi\\"" ""'],
  [['back\\'], ' "back\\"'],
  [[], '']
])('joinActionArgs %j', (args, text) => expect(joinActionArgs(args)).toBe(text))

test.each([
  ['a  b', ['a', 'b']],
  ['"a b" c"d e"f', ['a b', 'cd ef']],
  ["'a b'", ["'a", "b'"]],
  ['"say \\"hi\\""', ['say "hi"']],
  ['c:\\x\\ y', ['c:\\x\\', 'y']],
  ['"a\\\\" b', ['a\\', 'b']],
  ['"" x', ['', 'x']],
  ['"a""b" c', ['a"b', 'c']],
  ['"a"" b" c', ['a" b', 'c']],
  ['"C:\\dir\\" "plain" "" "with space"', ['C:\\dir" plain " with', 'space']],
  ['', []]
])('nativeArgs %s', (line, args) => expect(nativeArgs(line)).toEqual(args))
