import { describe, expect, test } from '@jest/globals'
import { prepared, sent, useContext } from '../engines/kaniko/prepared.fixture.js'

useContext()

describe('# escape=', () => {
  test('a backtick is written as the backslash', async () => {
    const text = [
      '# escape=`',
      'FROM a',
      'ENV D=C:\\dir\\ Q="a`"b" S=\'x\\y\' `',
      '  E=a` b',
      'RUN dir C:\\x `',
      '  /s',
      'WORKDIR \\w'
    ].join('\n')
    expect(await sent(text)).toEqual([
      '2 FROM a',
      String.raw`3 ENV D=C:\\dir\\ Q="a\"b" S='x\y'   E=a\ b`,
      String.raw`5 RUN dir C:\x   /s`,
      String.raw`7 WORKDIR \\w`
    ])
  })

  test.each([
    '#escape=\\\nFROM a\nENV A=`x`\n',
    'FROM a\n# escape=`\nENV A=\\x\n',
    '# escape=`\nFROM a\nRUN x\\\nRUN y\n'
  ])('%j stays', async text => {
    expect((await prepared(text)).context.dockerfileText).toBe(text)
  })
})
