import { describe, expect, test } from '@jest/globals'

import { splitArguments } from './arguments.js'

describe('splitArguments follows the rules of .NET, as the runner starts docker', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['a b  c', ['a', 'b', 'c']],
    ['"a b" c', ['a b', 'c']],
    ['""', ['']],
    ['a"b c"d', ['ab cd']],
    ["it's 'one two'", ["it's", "'one", "two'"]],
    ['$HOME `x` $(y)', ['$HOME', '`x`', '$(y)']],
    [String.raw`a\b c:\dir\ x`, [String.raw`a\b`, String.raw`c:\dir\ `.trim(), 'x']],
    [String.raw`"say \"hi\""`, ['say "hi"']],
    [String.raw`"a\\" b`, ['a\\', 'b']],
    [String.raw`\\\"x`, ['\\"x']],
    ['"a""b"', ['a"b']],
    ['a\tb', ['a', 'b']],
    ['"new\nline"', ['new\nline']],
    ['"unclosed quote', ['unclosed quote']],
    [`-command ". '/__w/_temp/x.ps1'"`, ['-command', ". '/__w/_temp/x.ps1'"]]
  ])('%j', (line, words) => {
    expect(splitArguments(line)).toEqual(words)
  })
})
