import { describe, expect, test } from '@jest/globals'
import { CommandReader, parseCommand } from './workflow-commands.js'

describe('parseCommand', () => {
  test.each([
    ['::error::msg', 'error', {}, 'msg'],
    ['  ::Error file=a%2Cb,line=3::x%0Ay%25', 'Error', { file: 'a,b', line: '3' }, 'x\ny%'],
    ['::group::a::b', 'group', {}, 'a::b'],
    ['text ##[warning file=x;line=1]odd%5D', 'warning', { file: 'x', line: '1' }, 'odd]'],
    ['##[endgroup]', 'endgroup', {}, '']
  ])('%s', (line, name, properties, data) => expect(parseCommand(line)).toEqual({ name, properties, data }))

  test.each(['text ::error::x', '::nothing::x', '::error', '##[section]x', '##[group', ''])('%j is a line', line => {
    expect(parseCommand(line)).toBeUndefined()
  })
})

describe('CommandReader', () => {
  const kinds = (lines: readonly string[]) => {
    const reader = new CommandReader()
    return lines.map(line => reader.read(line).kind)
  }

  test('knows the effects', () => {
    expect(
      kinds([
        'plain',
        '::group::g',
        '::endgroup::',
        '::debug::d',
        '::notice::n',
        '::add-mask::m',
        '::set-output name=a::1',
        '::save-state name=a::1',
        '::set-env name=a::1',
        '::add-path::/x',
        '::echo::on',
        '::add-matcher::x.json'
      ])
    ).toEqual('text group endgroup debug notice mask output state refused refused ignored ignored'.split(' '))
  })

  test('stops until the token comes back', () => {
    expect(
      kinds(['::stop-commands::T1', '::error::x', '::add-mask::x', '##[error]x', '::t1::', '::error::x', '::T1::'])
    ).toEqual(['text', 'text', 'text', 'text', 'text', 'error', 'text'])
  })
})
