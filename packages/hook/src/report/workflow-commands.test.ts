import { describe, expect, test } from '@jest/globals'

import { errorCommand, plainLine, quotedGroup, Verbatim, type Line } from './workflow-commands.js'

/** What the runner does with a line, by its own two parsers: `::` behind white space, or `##[` anywhere. */
function isObeyed(line: string): boolean {
  return /^[\s\u0085]*::/.test(line) || line.includes('##[')
}

describe('plainLine', () => {
  test.each([
    ['an event with a line of its own', 'FailedMount: first\n::add-mask::a\r\n::set-output name=x::y'],
    ['a line that begins with a command', '::error::no'],
    ['a command behind white space', ' \t\u0085\u00a0\u3000::stop-commands::x'],
    ['the older form in mid-line', 'Pod a waits: ##[set-env name=PATH]/evil'],
    ['the older form, broken twice', '####[error]x ##[ ##['],
    ['a carriage return', 'half\r::error::x'],
    ['line separators that only some programs honour', 'a\u2028::error::b\u2029::error::c\u0085::error::d'],
    ['the older form across a removed character', '#\u0000#[error]x #\n#[error]y']
  ])('nothing is obeyed: %s', (_, text) => {
    const line = plainLine(text)
    expect(line).not.toMatch(/[\r\n]/)
    expect(isObeyed(line)).toBe(false)
  })

  test('ordinary text stays as it is, colons and brackets too', () => {
    const text = '\tpod a::b waits: #[1] std::string café ✓'
    expect(plainLine(text)).toBe(text)
  })

  test('escape sequences for terminals are taken out', () => {
    expect(plainLine('a\u001b[2Jb')).toBe('a [2Jb')
  })

  test('endless words are cut', () => {
    expect(plainLine('x'.repeat(1_000_000)).length).toBeLessThan(10_000)
    expect(errorCommand('x'.repeat(1_000_000)).text.length).toBeLessThan(10_000)
  })
})

test('a command is one line whatever its message holds', () => {
  expect(errorCommand('100%\r\n::error::x').text).toBe('::error::100%25%0D%0A::error::x')
})

test('a quoted group ends, and commands work again, also after a failure', async () => {
  const lines: (string | Verbatim)[] = []
  const print: Line = line => lines.push(line)
  const body = (quote: (line: string) => void): Promise<never> => {
    quote('::error::from the build')
    return Promise.reject(new Error('x'))
  }
  await expect(quotedGroup('Build\n::error::a', print, body)).rejects.toThrow('x')
  const [group, stop, quoted, resume, end] = lines.map(String)
  expect(lines.every(line => line instanceof Verbatim)).toBe(true)
  expect(group).toBe('::group::Build%0A::error::a')
  const token = /^::stop-commands::([0-9a-f-]{36})$/.exec(stop ?? '')?.[1] ?? 'none'
  expect(quoted).toBe('::error::from the build')
  expect(resume).toBe(`::${token}::`)
  expect(end).toBe('::endgroup::')
})
