import { describe, expect, test } from '@jest/globals'
import { prepared, sent, useContext } from './prepared.fixture.js'

useContext()

describe('words that Kaniko does not understand', () => {
  test.each([
    ['EXPOSE 53/UDP 80/tcp', 'EXPOSE 53/udp 80/tcp'],
    ['ARG U=1 G\nENV G=\nUSER ${U}:${G:-root}', 'USER 1:root'],
    ['ARG P=7000-7002\nEXPOSE $P/udp 1', 'EXPOSE 7000/udp 7001/udp 7002/udp 1'],
    ['ARG P=\nEXPOSE 1 $P', 'EXPOSE 1'],
    ['COPY --chown=:5 a /x', 'COPY --chown=0:5 a /x'],
    ['COPY ../--from=x ../<<EOF /y', 'COPY /--from=x /<<EOF /y'],
    ['EXPOSE 8080:80 127.0.0.1:53:53/UDP 9000-9001:90-91', 'EXPOSE 80 53/udp 90 91'],
    ['COPY .. ../../a/./b /x', 'COPY / /a/b /x'],
    ['ARG D=a/../..\nCOPY --from=s $D/c* /x', 'COPY --from=s /c* /x'],
    ['COPY --chown=:5 ["../a b", "/x"]', 'COPY --chown=0:5 ["/a b","/x"]'],
    ['ADD --link --chown=":g" a /x', 'ADD --link --chown="0:g" a /x']
  ])('%j', async (text, written) => {
    expect((await sent(`FROM a\n${text}`)).at(-1)).toMatch(new RegExp(`^\\d ${written.replace(/[$[*.]/g, '\\$&')}$`))
  })

  test.each([
    'USER $U:$G',
    'USER ${U:-a}',
    'EXPOSE 80 443/tcp',
    'EXPOSE $PORT',
    'EXPOSE 80-70',
    'COPY --chown=1:1 a /x',
    'COPY a --chown=:1 /x',
    'COPY a..b ../$UNKNOWN /x',
    'ADD https://a/../b /x'
  ])('%j stays', async text => {
    expect((await prepared(`FROM a\n${text}\n`)).context.dockerfileText).toBe(`FROM a\n${text}\n`)
  })

  test('more ports than can be named are a warning', async () => {
    const { context } = await prepared('FROM a\nEXPOSE 10000-20000/UDP 1-2\n')
    expect(context.dockerfileText).toContain('EXPOSE 10000-20000/udp 1 2\n')
    expect(context.warnings).toEqual([expect.stringContaining('line 2')])
  })

  test('an EXPOSE of nothing stays out', async () => {
    expect(await sent('FROM a\nARG P=\nEXPOSE $P\nCMD x')).toEqual(['1 FROM a', '2 ARG P=', '4 CMD x'])
  })

  test('a user that only the base image may know is refused where Kaniko would cut it', async () => {
    const { findings } = await prepared('FROM a\nUSER ${UID:-1000}:${GID:-1000}\n')
    expect(findings).toMatchObject([{ line: 2, problem: expect.stringContaining('first colon') }])
    expect((await prepared('FROM a AS b\nARG UID=1\nFROM b\nUSER ${UID:-2}\n')).findings).toEqual([])
  })
})

describe('an ONBUILD of a stage on which another one builds', () => {
  test('is written as the instruction is that it becomes there', async () => {
    const text = 'FROM a AS p\nONBUILD EXPOSE 1/UDP\nonbuild copy ../a /x\nonbuild cmd ["x"]\nFROM p\nCOPY f /f'
    expect((await sent(text)).slice(1, 4)).toEqual([
      '2 ONBUILD EXPOSE 1/udp',
      '3 ONBUILD copy /a /x',
      '4 ONBUILD CMD ["x"]'
    ])
  })

  test('counts as what stands before the instructions of that stage', async () => {
    const text = 'FROM a AS p\nONBUILD SHELL ["b"]\nONBUILD ENV V=c\nFROM p\nRUN <<EOF\nx\nEOF\nVOLUME $V\nRUN y\n'
    expect((await sent(text)).slice(3)).toEqual(['4 FROM p', '5 RUN ["b","x\\n"]', '9 RUN y', '10 VOLUME ["c"]'])
  })

  test('a VOLUME of one goes behind what runs after it', async () => {
    const text = 'FROM a AS p\nONBUILD VOLUME /v\nONBUILD RUN x\nFROM p AS q\nRUN y\n'
    expect(await sent(text)).toEqual([
      '1 FROM a AS p',
      '3 ONBUILD RUN x',
      '4 FROM p AS q',
      '5 RUN y',
      '6 VOLUME ["/v"]'
    ])
  })

  test('is a note of the image where no other stage builds on its own', async () => {
    const text = 'FROM a\nONBUILD EXPOSE 1/UDP\nONBUILD RUN --mount=type=tmpfs,target=/t x\n'
    expect(await prepared(text)).toMatchObject({ findings: [], context: { dockerfileText: text } })
  })

  test('many triggers of many stages are no work without end', async () => {
    const text = `FROM a AS p\n${'ONBUILD ENV A=$A$A\n'.repeat(900)}${'FROM p\n'.repeat(900)}`
    expect((await prepared(text)).findings).toMatchObject([{ problem: expect.stringContaining('2000') }])
  })
})
