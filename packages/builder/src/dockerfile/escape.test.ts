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

  test.each(['#escape=\\\nFROM a\nENV A=`x`\n', 'FROM a\n# escape=`\nENV A=\\x\n', 'FROM a\n# escape=`\nRUN x\n'])(
    '%j stays',
    async text => {
      expect((await prepared(text)).context.dockerfileText).toBe(text)
    }
  )

  test('a line that would end in a backslash is refused', async () => {
    const { findings } = await prepared('# escape=`\nFROM a\nENV A=\\d\nRUN x\\\nRUN y\n')
    expect(findings).toMatchObject([{ line: 4, problem: expect.stringContaining('backslash') }])
  })

  test('an ONBUILD has words, too', async () => {
    expect((await sent('# escape=`\nFROM a\nONBUILD ENV A=C:\\d\n')).at(-1)).toBe(String.raw`3 ONBUILD ENV A=C:\\d`)
  })
})
