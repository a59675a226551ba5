import { describe, expect, test } from '@jest/globals'
import { FORKS, OLDER, prepared, useContext } from './prepared.fixture.js'

useContext()

describe('what is done otherwise is a warning', () => {
  test.each([
    ['HEALTHCHECK --start-interval=1s CMD x', 'start-interval', FORKS],
    ['COPY --from=b /bin/x* /y/', 'pattern', FORKS],
    ['USER a:b\nRUN x', 'group', OLDER],
    ['ENV A=1\nARG A=2', 'ENV A', OLDER],
    ['USER a:b\nUSER c\nRUN x', '', []],
    ['USER root:0\nRUN x\nUSER 5:5\nRUN y', '', []],
    ['WORKDIR /home/x\nCMD x', 'anew', FORKS],
    ['WORKDIR /home/x\nCOPY Dockerfile .', '', []],
    ['ARG A=2\nENV A=1', '', []],
    ['ENV A=1\nARG A', '', []],
    ['COPY --from=b /out /tmp/', 'mode', OLDER],
    ['COPY --from=b /out/x* /y/', '', []],
    ['COPY --from=b /bin/x /y/', '', []]
  ])('%j', async (text, words, forks) => {
    for (const fork of FORKS) {
      const { context } = await prepared(`FROM a\n${text}`, fork)
      const expected = forks.includes(fork) ? [expect.stringMatching(new RegExp(`^line \\d: .*${words}`))] : []
      expect([fork, context.warnings]).toEqual([fork, expected])
    }
  })

  test('USER with a group of the stage below', async () => {
    const { context } = await prepared('FROM a AS x\nUSER a:b\nFROM c AS y\nFROM x\nRUN z\n')
    expect(context.warnings).toEqual([expect.stringMatching(/^line 5: /)])
  })
})

test('isolation that Kaniko does not give is a warning', async () => {
  for (const fork of FORKS) {
    const { context, findings } = await prepared(
      'FROM a AS unused\nRUN --network=none x\nFROM b\nRUN --network=none y',
      fork
    )
    expect(findings).toEqual([])
    expect(context.warnings).toEqual([expect.stringMatching(/line 4: .*--network=none/)])
  }
})
