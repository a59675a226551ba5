import { describe, expect, test } from '@jest/globals'
import { FORKS, prepared, sent, useContext } from './prepared.fixture.js'

useContext()

describe('VOLUME', () => {
  test.each(FORKS)('stands behind what runs after it, %s', async fork => {
    expect(await sent('FROM a\nVOLUME /data\nRUN b\nENTRYPOINT ["c"]', fork)).toEqual([
      '1 FROM a',
      '3 RUN b',
      '4 ENTRYPOINT ["c"]',
      '5 VOLUME ["/data"]'
    ])
  })

  test('of all forms: JSON, several, variables, continuation', async () => {
    const text = 'FROM a\nARG D=/d\nVOLUME ["/a b", "$D"]\nVOLUME /e \\\n  ${D}/f\nRUN x\n'
    expect((await sent(text)).slice(2)).toEqual(['6 RUN x', '7 VOLUME ["/a b","/d","/e","/d/f"]'])
    expect((await sent("FROM a\nVOLUME '/$x'\nRUN y\n")).at(-1)).toBe(String.raw`4 VOLUME ["/\\$x"]`)
  })

  test('of a stage on which the last one builds; not of others', async () => {
    const text = 'FROM a AS x\nVOLUME /x\nFROM b AS y\nVOLUME /y\nRUN 1\nFROM x\nCOPY --from=y /f /f\nRUN 2\n'
    expect(await sent(text, 'osscontainertools')).toEqual([
      '1 FROM a AS x',
      '3 FROM b AS y',
      '5 RUN 1',
      '6 FROM x',
      '7 COPY --from=y /f /f',
      '8 RUN 2',
      '9 VOLUME ["/x"]'
    ])
  })

  test('of a stage from which files are copied only is dropped: Kaniko would lose them in every stage', async () => {
    const text = 'FROM a AS x\nVOLUME /x\nFROM b\nRUN 1\nCOPY --from=x /f /f'
    expect((await sent(text)).join()).not.toContain('VOLUME')
  })

  test('stays where only the builder knows its path; a RUN that names it is refused with both lines', async () => {
    const text = 'FROM a\nVOLUME $HOME/x\nRUN ls\nRUN mkdir $HOME/x/y\n'
    const { context, findings } = await prepared(text)
    expect(context.dockerfileText).toBe(text)
    expect(findings).toMatchObject([{ line: 4, problem: expect.stringContaining('line 2') }])
  })

  test('stands behind a text that ends in mid-instruction, too', async () => {
    for (const end of ['RUN b && \\\n  c \\', 'RUN b && \\\n  c \\\n# end\n', 'RUN b &&   c\\']) {
      expect((await sent(`FROM a\nVOLUME /x\n${end}`)).map(line => line.slice(2))).toEqual([
        'FROM a',
        'RUN b &&   c',
        'VOLUME ["/x"]'
      ])
    }
  })

  test('stays in a text that no builder takes', async () => {
    const text = 'FROM a\nVOLUME /x\nRUN b <<E\nx'
    expect((await prepared(text, 'osscontainertools')).context.dockerfileText).toBe(text)
  })

  test.each([
    'VOLUME "${HOME}/x"\nRUN mkdir $HOME/x',
    'VOLUME ["$HOME/x"]\nRUN touch "${HOME:-/root}/x/y"',
    'VOLUME $HOME/x\nRUN <<E\ntouch $HOME/x/y\nE'
  ])('however its variable is spelled: %j', async text => {
    expect((await prepared(`FROM a\n${text}\n`)).findings).toMatchObject([{ line: 3 }])
  })

  test('of an ONBUILD stays part of the last stage, where nothing runs after it', async () => {
    const text = 'FROM a AS p\nONBUILD VOLUME /v\nFROM p AS q\nRUN x\nFROM p\nCOPY --from=q /a /b\n'
    expect((await sent(text)).at(-1)).toBe('7 VOLUME ["/v"]')
  })

  test('of an ONBUILD is not touched', async () => {
    expect(await sent('FROM a\nONBUILD VOLUME /x\nRUN y')).toEqual(['1 FROM a', '2 ONBUILD VOLUME /x', '3 RUN y'])
  })
})
